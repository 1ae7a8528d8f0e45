package s3api

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"shoal/core/encryption"
)

const (
	headerS3      = "x-amz-server-side-encryption: AES256"
	headerForever = "x-amz-object-lock-retain-until-date: 2999-01-01T00:00:00Z"
)

// customerHeaders are those of SSE-C with key.
func customerHeaders(key *encryption.Key) []string {
	sum := md5.Sum(key[:])
	return []string{
		"x-amz-server-side-encryption-customer-algorithm: AES256",
		"x-amz-server-side-encryption-customer-key: " + base64.StdEncoding.EncodeToString(key[:]),
		"x-amz-server-side-encryption-customer-key-MD5: " + base64.StdEncoding.EncodeToString(sum[:]),
	}
}

// putAllWays puts content under put, copy, upload and form of pond as headers ask, and returns the answers by key. The
// copy is of /pond/frog.
func (s *testServer) putAllWays(t *testing.T, content string, headers []string) map[string]reply {
	t.Helper()
	with := func(more ...string) []string { return append(more, headers...) }
	answers := map[string]reply{
		"put":    s.do(t, owner, "PUT", "/pond/put", content, with(contentMD5(content))...),
		"copy":   s.do(t, owner, "PUT", "/pond/copy", "", with("x-amz-copy-source: /pond/frog")...),
		"upload": s.do(t, owner, "POST", "/pond/upload?uploads", "", headers...),
	}
	if id := answers["upload"].element("UploadId"); id != "" {
		var sealed []string
		for _, h := range headers {
			if strings.Contains(h, "-customer-") {
				sealed = append(sealed, h)
			}
		}
		query := "?uploadId=" + id
		part := s.must(t, owner, "PUT", "/pond/upload"+query+"&partNumber=1", content, append(sealed, contentMD5(content))...)
		s.must(t, owner, "POST", "/pond/upload"+query, strings.Replace(onePart, "ETAG", part.header.Get("ETag"), 1), sealed...)
	}
	policy := `{"expiration":"2999-01-01T00:00:00Z","conditions":[{"key":"form"},{"bucket":"pond"},["starts-with","$x-amz-algorithm",""],["starts-with","$x-amz-credential",""],["starts-with","$x-amz-date",""],["starts-with","$Content-MD5",""]`
	for _, h := range headers {
		name, _, _ := strings.Cut(h, ": ")
		policy += `,["starts-with","$` + name + `",""]`
	}
	form := s.formWithPolicy(t, policy+"]}")
	form["key"], form["Content-MD5"] = "form", strings.TrimPrefix(contentMD5(content), "Content-MD5: ")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		form[name] = value
	}
	answers["form"] = s.post(t, form, "f", content)
	return answers
}

// TestGHSA_xrrf_PromisesAreKept (S16; RustFS GHSA-xrrf, GHSA-j548): what asks to be encrypted or locked is so, by every way
// of putting an object; what asks for it in a way that cannot be is refused, and never stored as if nothing had been asked.
func TestGHSA_xrrf_PromisesAreKept(t *testing.T) {
	tests := []struct {
		asked []string
		kept  []string // headers of HEAD; none when it is to be refused
	}{
		{[]string{headerS3}, []string{headerS3}},
		{[]string{"x-amz-server-side-encryption: aws:kms"}, []string{"x-amz-server-side-encryption: aws:kms"}},
		{customerHeaders(encryption.NewKey()), []string{"x-amz-server-side-encryption-customer-algorithm: AES256"}},
		{[]string{"x-amz-object-lock-mode: COMPLIANCE", headerForever}, []string{"x-amz-object-lock-mode: COMPLIANCE", headerForever}},
		{[]string{"x-amz-object-lock-legal-hold: ON"}, []string{"x-amz-object-lock-legal-hold: ON"}},
		{[]string{"x-amz-server-side-encryption: aws:kms:dsse"}, nil},
		{[]string{"x-amz-server-side-encryption: rot13"}, nil},
		{[]string{"x-amz-server-side-encryption-aws-kms-key-id: mine"}, nil},
		{[]string{"x-amz-server-side-encryption-customer-algorithm: AES256"}, nil},
		{append(customerHeaders(encryption.NewKey()), headerS3), nil},
		{[]string{"x-amz-object-lock-mode: COMPLIANCE"}, nil},
		{[]string{"x-amz-object-lock-mode: FOREVER", headerForever}, nil},
		{[]string{headerForever}, nil},
		{[]string{"x-amz-object-lock-legal-hold: MAYBE"}, nil},
	}
	for _, tt := range tests {
		s := newTestServer(t, Options{})
		s.must(t, owner, "PUT", "/pond", "", "x-amz-bucket-object-lock-enabled: true")
		s.must(t, owner, "PUT", "/pond/frog", croak)
		for key, got := range s.putAllWays(t, croak, tt.asked) {
			if tt.kept == nil {
				if got.status/100 == 2 {
					t.Errorf("%s with %q: status %d", key, tt.asked, got.status)
				}
				s.refused(t, owner, "GET", "/pond/"+key, "", 404, codeNoSuchKey)
				continue
			}
			if got.status/100 != 2 {
				t.Errorf("%s with %q: status %d\n%s", key, tt.asked, got.status, got.body)
				continue
			}
			wantHeaders(t, key, s.must(t, owner, "HEAD", "/pond/"+key, "", keyHeaders(tt.asked)...), tt.kept)
		}
	}
}

// keyHeaders are those of headers that a read of the object needs.
func keyHeaders(headers []string) []string {
	if len(headers) > 0 && strings.Contains(headers[0], "-customer-") {
		return headers
	}
	return nil
}

func wantHeaders(t *testing.T, what string, got reply, want []string) {
	t.Helper()
	for _, h := range want {
		name, value, _ := strings.Cut(h, ": ")
		// S3 writes times with their milliseconds.
		if text := strings.Replace(got.header.Get(name), ".000Z", "Z", 1); text != value {
			t.Errorf("%s: %s is %q, want %q", what, name, text, value)
		}
	}
}

// TestLocksNeedTheirBucket (S16): where there is no object lock, nothing is stored that asks for one.
func TestLocksNeedTheirBucket(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	s.must(t, owner, "PUT", "/pond/frog", croak)
	for _, headers := range [][]string{{"x-amz-object-lock-mode: GOVERNANCE", headerForever}, {"x-amz-object-lock-legal-hold: ON"}} {
		for key, got := range s.putAllWays(t, croak, headers) {
			if got.status != http.StatusBadRequest {
				t.Errorf("%s with %q: status %d, want 400\n%s", key, headers, got.status, got.body)
			}
			s.refused(t, owner, "GET", "/pond/"+key, "", 404, codeNoSuchKey)
		}
	}
	s.putAllWays(t, croak, nil)
	s.must(t, owner, "GET", "/pond/form", "")
}

// TestCiphertextAlone (S16): nothing of what is encrypted, and no key of a client, stands on the disk.
func TestCiphertextAlone(t *testing.T) {
	customer := encryption.NewKey()
	asked := map[string][]string{
		"SSE-S3": {headerS3}, "SSE-KMS": {"x-amz-server-side-encryption: aws:kms"}, "SSE-C": customerHeaders(customer), "none": nil, "bucket": nil,
	}
	for mode, headers := range asked {
		for _, size := range []int{100, 200_000} {
			s := newTestServer(t, Options{})
			s.must(t, owner, "PUT", "/pond", "")
			if mode == "bucket" {
				s.must(t, owner, "PUT", "/pond?encryption", pondSSE)
			}
			content := pattern(size)
			s.must(t, owner, "PUT", "/pond/frog", "another")
			s.putAllWays(t, content, headers)
			read := s.must(t, owner, "GET", "/pond/put", "", keyHeaders(headers)...)
			if read.body != content {
				t.Fatalf("%s, %d bytes: another content comes back", mode, size)
			}
			for at := 0; at+64 <= size; at += size / 3 {
				if got := s.stored(t, content[at:at+64]); got != (mode == "none") {
					t.Errorf("%s, %d bytes: plaintext at %d is on the disk: %t", mode, size, at, got)
				}
			}
			if s.stored(t, string(customer[:])) || s.stored(t, base64.StdEncoding.EncodeToString(customer[:])) {
				t.Errorf("%s: the key of the client is on the disk", mode)
			}
		}
	}
}

// stored reports whether text stands in a file of the stores.
func (s *testServer) stored(t *testing.T, text string) bool {
	t.Helper()
	var in func(path string) bool
	in = func(path string) bool {
		info, err := s.disk.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.IsDir() {
			names, err := s.disk.List(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range names {
				if in(s.disk.PathJoin(path, name)) {
					return true
				}
			}
			return false
		}
		f, err := s.disk.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		data, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Contains(data, []byte(text))
	}
	return in("blobs") || in("kv")
}

// TestLockedVersionsStay (S16): no requester, the administrator included, and no rule removes a version before its time or
// makes that time shorter; a retention in governance mode yields to who may bypass it and says so.
func TestLockedVersionsStay(t *testing.T) {
	tests := []struct {
		lock   []string
		yields bool
	}{
		{[]string{"x-amz-object-lock-mode: COMPLIANCE", headerForever}, false},
		{[]string{"x-amz-object-lock-mode: GOVERNANCE", headerForever}, true},
		{[]string{"x-amz-object-lock-legal-hold: ON"}, false},
	}
	for _, tt := range tests {
		s := newTestServer(t, Options{})
		s.must(t, owner, "PUT", "/pond", "", "x-amz-bucket-object-lock-enabled: true")
		frog := "/pond/frog?versionId=" + s.must(t, owner, "PUT", "/pond/frog", croak, append(tt.lock, contentMD5(croak))...).header.Get("X-Amz-Version-Id")
		s.mayAll(t, other, "s3:*", "s3:BypassGovernanceRetention")
		for _, who := range []string{admin, owner, other} {
			s.removesInVain(t, who, frog)
			if !tt.yields || who == other {
				s.removesInVain(t, who, frog, "x-amz-bypass-governance-retention: true")
			}
			wantHeaders(t, who, s.must(t, owner, "GET", frog, ""), tt.lock)
		}
		s.expiresAll(t)
		if got := s.must(t, owner, "GET", frog, ""); got.body != croak {
			t.Errorf("%q: %q is left", tt.lock, got.body)
		}
		if tt.yields {
			s.mayAll(t, other, "s3:*")
			s.must(t, other, "DELETE", frog, "", "x-amz-bypass-governance-retention: true")
			s.refused(t, owner, "GET", frog, "", 404, codeNoSuchVersion)
		}
	}
}

// mayAll lets who do everything in pond that is in allowed, but for what is in denied.
func (s *testServer) mayAll(t *testing.T, who, allowed string, denied ...string) {
	t.Helper()
	statement := func(effect, action string) statementJSON {
		return statementJSON{
			"Effect": effect, "Action": action, "Resource": []string{"arn:aws:s3:::pond", "arn:aws:s3:::pond/*"},
			"Principal": map[string]string{"CanonicalUser": string(s.users[who].CanonicalID)},
		}
	}
	statements := []statementJSON{statement("Allow", allowed)}
	for _, action := range denied {
		statements = append(statements, statement("Deny", action))
	}
	s.must(t, owner, "PUT", "/pond?policy", policyJSON(t, statements))
}

// removesInVain has who try everything that would end a lock or remove its version.
func (s *testServer) removesInVain(t *testing.T, who, version string, headers ...string) {
	t.Helper()
	_, id, _ := strings.Cut(version, "?versionId=")
	requests := []struct{ method, target, body string }{
		{"DELETE", version, ""},
		{"POST", "/pond?delete", strings.Replace(deleteVersion, "VERSION", id, 1)},
		{"PUT", "/pond?versioning", "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>"},
		{"PUT", "/pond?object-lock", "<ObjectLockConfiguration/>"},
		{"DELETE", "/pond", ""},
	}
	if s.must(t, owner, "HEAD", version, "").header.Get("X-Amz-Object-Lock-Mode") != "" { // else there is nothing to shorten
		requests = append(requests, []struct{ method, target, body string }{
			{"PUT", version + "&retention", "<Retention/>"},
			{"PUT", version + "&retention", frogRelease},
		}...)
	}
	for _, r := range requests {
		got := s.do(t, who, r.method, r.target, r.body, append([]string{contentMD5(r.body)}, headers...)...)
		if got.status/100 == 2 && got.element("Code") != string(codeAccessDenied) {
			t.Errorf("%s %s %s by %s %v: status %d\n%s", r.method, r.target, r.body, who, headers, got.status, got.body)
		}
	}
}

// expiresAll has a rule remove everything in pond, with a version that no lock keeps to show that it does.
func (s *testServer) expiresAll(t *testing.T) {
	t.Helper()
	const rule = `<LifecycleConfiguration><Rule><ID>a</ID><Filter/><Status>Enabled</Status><Expiration><Days>1</Days></Expiration>` +
		`<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration></Rule></LifecycleConfiguration>`
	toad := "/pond/toad?versionId=" + s.must(t, owner, "PUT", "/pond/toad", croak).header.Get("X-Amz-Version-Id")
	s.must(t, owner, "PUT", "/pond?lifecycle", rule, contentMD5(rule))
	for days := 5; days <= 20; days += 5 {
		if err := s.objects.ExpireOnce(t.Context(), time.Now().AddDate(0, 0, days)); err != nil {
			t.Fatal(err)
		}
	}
	s.refused(t, owner, "GET", toad, "", 404, codeNoSuchVersion)
}
