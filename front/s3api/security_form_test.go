package s3api

import (
	"encoding/base64"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/signer"

	"shoal/wire/sigv4"
)

// TestCVE_2023_43040_FormsAreOfOneBucket (S5; also MinIO CVE-2023-28434): the policy of a form is good for the bucket
// that it names, wherever the form is posted and whatever bucket stands in its fields.
func TestCVE_2023_43040_FormsAreOfOneBucket(t *testing.T) {
	s := newTestServer(t, Options{Domains: []string{scriptDomain}})
	s.must(t, owner, "PUT", "/pond", "")
	s.must(t, owner, "PUT", "/sea", "")
	form := s.signedForm(t, func(p *minio.PostPolicy) { _ = p.SetKey("k") })
	noBucket := s.formWithPolicy(t, `{"expiration":"2999-01-01T00:00:00Z","conditions":[{"key":"k"},["starts-with","$x-amz-algorithm",""],["starts-with","$x-amz-credential",""],["starts-with","$x-amz-date",""]]}`)
	claims := maps.Clone(form)
	claims["bucket"] = "sea"
	for name, tt := range map[string]struct {
		bucket string
		fields map[string]string
		status int
	}{
		"elsewhere":              {"sea", form, 403},
		"claims to be elsewhere": {"sea", claims, 403},
		"no condition on it":     {"sea", noBucket, 403},
		"with a slash":           {"sea/", form, 403},
		"where it belongs":       {"pond", form, 204},
	} {
		if got := s.postTo(t, tt.bucket, tt.fields, "f", "x"); got.status != tt.status {
			t.Errorf("%s: status %d, want %d\n%s", name, got.status, tt.status, got.body)
		}
	}
	s.refused(t, owner, "GET", "/sea/k", "", 404, codeNoSuchKey)
	s.must(t, owner, "GET", "/pond/k", "")
}

// formWithPolicy is a form of owner for the key k with a policy of the test's own, which minio-go signs.
func (s *testServer) formWithPolicy(t *testing.T, policy string) map[string]string {
	t.Helper()
	fields := s.signedForm(t, func(p *minio.PostPolicy) { _ = p.SetKey("k") })
	fields["policy"] = base64.StdEncoding.EncodeToString([]byte(policy))
	at, err := time.Parse("20060102T150405Z", fields["x-amz-date"])
	if err != nil {
		t.Fatal(err)
	}
	fields["x-amz-signature"] = signer.PostPresignSignatureV4(fields["policy"], at, s.keys[owner].SecretAccessKey, sigv4.DefaultRegion)
	return fields
}

// TestCVE_2026_27607_EveryConditionCounts (S5; also MinIO CVE-2021-21362): of the fields, none is other than the policy
// says, none is missing that it names and none is there that it does not.
func TestCVE_2026_27607_EveryConditionCounts(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	policy := func(p *minio.PostPolicy) {
		_ = p.SetKeyStartsWith("up/")
		_ = p.SetContentType("text/plain")
		_ = p.SetContentLengthRange(2, 4)
		_ = p.SetUserMetadata("colour", "blue")
	}
	tests := []struct {
		name, field, value string // "" takes the field away
		content            string
		ok                 bool
	}{
		{"as signed", "key", "up/k", "abc", true},
		{"shortest", "key", "up/k", "ab", true},
		{"too short", "key", "up/k", "a", false},
		{"too long", "key", "up/k", "abcde", false},
		{"key out of its prefix", "key", "down/k", "abc", false},
		{"prefix alone in another case", "key", "UP/k", "abc", false},
		{"other type", "content-type", "text/html", "abc", false},
		{"no type", "content-type", "", "abc", false},
		{"two types", "content-type", "text/plain, text/html", "abc", false},
		{"other metadata", "x-amz-meta-colour", "red", "abc", false},
		{"no metadata", "x-amz-meta-colour", "", "abc", false},
		{"more metadata", "x-amz-meta-shape", "round", "abc", false},
		{"an ACL", "acl", "public-read", "abc", false},
		{"a header for an ACL", "x-amz-acl", "public-read", "abc", false},
		{"tags", "tagging", frogTags, "abc", false},
		{"a redirect", "success_action_redirect", "http://elsewhere.example/", "abc", false},
		{"a copy", "x-amz-copy-source", "/pond/secret", "abc", false},
		{"another date", "x-amz-date", "20000101T000000Z", "abc", false},
		{"no policy", "policy", "", "abc", false},
		{"empty policy", "policy", " ", "abc", false},
		{"no signature", "x-amz-signature", "", "abc", false},
		{"another signature", "x-amz-signature", strings.Repeat("0", 64), "abc", false},
		{"key of nobody", "x-amz-credential", "NOBODY/20260101/us-east-1/s3/aws4_request", "abc", false},
		{"a token", "x-amz-security-token", "token", "abc", false},
	}
	for _, tt := range tests {
		fields := map[string]string{"key": "up/k"}
		for name, value := range s.signedForm(t, policy) {
			if name = strings.ToLower(name); name != "key" {
				fields[name] = value
			}
		}
		if fields[tt.field] = tt.value; tt.value == "" {
			delete(fields, tt.field)
		}
		got := s.post(t, fields, "f", tt.content)
		if (got.status == 204) != tt.ok || got.status >= 500 {
			t.Errorf("%s: status %d, want it done: %t\n%s", tt.name, got.status, tt.ok, got.body)
		}
		if list := s.must(t, owner, "GET", "/pond", ""); strings.Contains(list.body, "<Key>") != tt.ok {
			t.Errorf("%s: the bucket holds %v", tt.name, list.elements("Key"))
		}
		s.must(t, owner, "DELETE", "/pond/up/k", "")
	}
}

// TestVersityGW_eecc1a77_NamesOfFilesAreNoPaths (S5): what a browser says of its file is a part of a key.
func TestVersityGW_eecc1a77_NamesOfFilesAreNoPaths(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	s.must(t, owner, "PUT", "/sea", "")
	s.must(t, owner, "PUT", "/sea/secret", "of the sea")
	for _, key := range []string{"up/${filename}", "../sea/secret", "up/../../sea/secret", "/sea/secret", "..", "up/\\..\\x"} {
		fields := s.signedForm(t, func(p *minio.PostPolicy) { _ = p.SetKeyStartsWith("") })
		fields["key"] = key
		if got := s.post(t, fields, "name", "posted"); got.status != 204 {
			t.Errorf("%s: status %d\n%s", key, got.status, got.body)
		}
		stored := strings.ReplaceAll(key, "${filename}", "name")
		if keys := s.must(t, owner, "GET", "/pond", "").elements("Key"); len(keys) != 1 || keys[0] != stored {
			t.Errorf("%s is kept as %q", key, keys)
		}
		s.must(t, owner, "DELETE", "/pond/"+escapeKey(stored), "")
	}
	if got := s.must(t, owner, "GET", "/sea/secret", ""); got.body != "of the sea" {
		t.Errorf("the other bucket says %q", got.body)
	}
}

// escapeKey encodes every byte of a key, so that nothing on the way takes it for a path.
func escapeKey(key string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(key) {
		b.WriteString("%" + digits[key[i]>>4:key[i]>>4+1] + digits[key[i]&15:key[i]&15+1])
	}
	return b.String()
}
