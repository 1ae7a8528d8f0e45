package s3api

import (
	"encoding/xml"
	"net/url"
	"strings"
	"testing"
)

// hostileKeys are keys that other stores took for something else.
func hostileKeys() []string {
	return []string{
		"..", ".", "../sea/secret", "a/../../sea/secret", "a/../b", "a/./b", "a//b", "/", "//", "/etc/passwd", "a/", "..%2fsea%2fsecret", "%2e%2e%2fsea%2fsecret",
		`..\sea\secret`, `C:\x`, "a\x00b", "\x00", "a\nb", "a\r\nSet-Cookie: x", "\x7f", "a b", "a+b", "a?versionId=null", "a%3FversionId=null", "#a", "\u202egnp.exe", "\ufeff",
		"<script>alert(1)</script>", `"'&<>`, "${filename}", "_shoal/metrics", strings.Repeat("k", maxKeyBytes), strings.Repeat("../", maxKeyBytes/3),
	}
}

// TestCVE_2026_54917_KeysAreNoPaths (S6; also RustFS CVE-2025-68705, MinIO CVE-2022-35919 and CVE-2026-42600, s3-proxy
// CVE-2026-42882, versitygw cd0b4e6d): in a URL, every key is one like any other: it is kept as it is, found and listed
// under its own name alone, and never reaches another bucket.
func TestCVE_2026_54917_KeysAreNoPaths(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/sea", "")
	s.must(t, owner, "PUT", "/sea/secret", "of the sea")
	s.addIAMUser(t, "bob", allObjects) // may do what he likes in the pond
	for _, key := range hostileKeys() {
		s.must(t, owner, "PUT", "/pond", "")
		at := "/pond/" + escapeKey(key)
		s.must(t, "bob", "PUT", at, "kept: "+key)
		if got := s.must(t, "bob", "GET", at, ""); got.body != "kept: "+key {
			t.Errorf("%q: got %q", key, got.body)
		}
		s.must(t, "bob", "HEAD", at, "")
		if got := s.listed(t, "/pond?encoding-type=url"); len(got) != 1 || got[0] != key {
			t.Errorf("%q is listed as %q", key, got)
		}
		s.must(t, "bob", "DELETE", at, "")
		s.must(t, owner, "DELETE", "/pond", "")
	}
	for _, key := range []string{strings.Repeat("k", maxKeyBytes+1), "a\xffb", "\xc0\xae\xc0\xae/x"} {
		s.must(t, owner, "PUT", "/pond", "")
		if got := s.do(t, owner, "PUT", "/pond/"+escapeKey(key), "x"); got.status != 400 {
			t.Errorf("%q: status %d, want 400", key, got.status)
		}
		s.must(t, owner, "DELETE", "/pond", "")
	}
	if got := s.must(t, owner, "GET", "/sea/secret", ""); got.body != "of the sea" {
		t.Errorf("the other bucket says %q", got.body)
	}
}

// listed returns the keys that a listing with encoded names gives.
func (s *testServer) listed(t *testing.T, target string) (keys []string) {
	t.Helper()
	var doc struct {
		Contents []struct{ Key string }
	}
	got := s.must(t, owner, "GET", target, "")
	if err := xml.Unmarshal([]byte(got.body), &doc); err != nil {
		t.Fatalf("%s: %v\n%s", target, err, got.body)
	}
	for _, c := range doc.Contents {
		key, err := url.QueryUnescape(c.Key)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	return keys
}

// TestCVE_2026_55874_CopySourcesAreNoPaths (S6; also versitygw 67aaa80d): what a copy reads is what it is asked about,
// however it is spelled.
func TestCVE_2026_55874_CopySourcesAreNoPaths(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	s.must(t, owner, "PUT", "/sea", "")
	s.must(t, owner, "PUT", "/sea/secret", "of the sea")
	s.must(t, owner, "PUT", "/pond/a%3FversionId=null", "asked")
	s.addIAMUser(t, "bob", allObjects)
	for _, source := range []string{
		"/sea/secret", "sea/secret", "//sea/secret", "pond/../sea/secret", "/pond/../sea/secret", "pond%2F..%2Fsea%2Fsecret", "pond/%2e%2e/sea/secret", "%2Fsea/secret", "sea%2Fsecret",
		"/pond//sea/secret", "../sea/secret", "./sea/secret", `pond\..\sea\secret`, "sea/secret?versionId=null", "sea/secret%3FversionId=null", "SEA/secret", "sea%00/secret", "/", "pond", "pond/",
	} {
		if got := s.do(t, "bob", "PUT", "/pond/copy", "", "x-amz-copy-source: "+source); got.status/100 != 4 {
			t.Errorf("%q: status %d\n%s", source, got.status, got.body)
		}
		s.refused(t, owner, "GET", "/pond/copy", "", 404, codeNoSuchKey)
	}
	s.must(t, "bob", "PUT", "/pond/copy", "", "x-amz-copy-source: /pond/a%3FversionId=null")
	if got := s.must(t, "bob", "GET", "/pond/copy", ""); got.body != "asked" {
		t.Errorf("the copy says %q", got.body)
	}
}

// TestCVE_2026_58372_DeletedKeysAreNoPaths (S6): DeleteObjects deletes the keys of its body in its bucket.
func TestCVE_2026_58372_DeletedKeysAreNoPaths(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/sea", "")
	s.must(t, owner, "PUT", "/sea/secret", "of the sea")
	s.must(t, owner, "PUT", "/pond", "")
	s.must(t, owner, "PUT", "/pond/b", "stays")
	s.addIAMUser(t, "bob", allObjects)
	for _, key := range hostileKeys() {
		var text strings.Builder
		if err := xml.EscapeText(&text, []byte(key)); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text.String(), "\ufffd") {
			continue // XML has no word for it
		}
		s.must(t, "bob", "PUT", "/pond/"+escapeKey(key), "x")
		body := "<Delete><Object><Key>" + text.String() + "</Key></Object></Delete>"
		if got := s.must(t, "bob", "POST", "/pond?delete", body, contentMD5(body)); !strings.Contains(got.body, "<Deleted>") {
			t.Errorf("%q: %s", key, got.body)
		}
		s.refused(t, owner, "GET", "/pond/"+escapeKey(key), "", 404, codeNoSuchKey)
	}
	for _, target := range []string{"/sea/secret", "/pond/b"} {
		s.must(t, owner, "GET", target, "")
	}
}
