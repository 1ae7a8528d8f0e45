package s3api

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"shoal/wire/sigv4"
)

// The tests of security_*_test.go guard against mistakes of other stores and are named after the advisory, or the commit,
// where there is one. Each also shows that what it refuses is allowed in its proper form. docs/security.md has the list.

// forgery signs r, of which body is the body, in a way that must not count.
type forgery struct {
	name string
	sign func(t *testing.T, r *http.Request, body string, c sigv4.Credentials)
}

func mustSign(t *testing.T, r *http.Request, c sigv4.Credentials, region, hash string, at time.Time) {
	t.Helper()
	if err := sigv4.Sign(r, c, region, hash, at); err != nil {
		t.Fatal(err)
	}
}

func mustPresign(t *testing.T, r *http.Request, c sigv4.Credentials, expires time.Duration, at time.Time) {
	t.Helper()
	link, err := sigv4.Presign(r, c, sigv4.DefaultRegion, expires, at)
	if err != nil {
		t.Fatal(err)
	}
	if r.URL, err = r.URL.Parse(link); err != nil {
		t.Fatal(err)
	}
}

func hashOf(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

func wrongSecret(c sigv4.Credentials) sigv4.Credentials {
	c.SecretAccessKey += "x"
	return c
}

// changedHeader is a forgery by a header signature in which one text is replaced.
func changedHeader(name, from, to string) forgery {
	return forgery{name, func(t *testing.T, r *http.Request, body string, c sigv4.Credentials) {
		mustSign(t, r, c, sigv4.DefaultRegion, hashOf(body), time.Now())
		was := r.Header.Get("Authorization")
		r.Header.Set("Authorization", strings.Replace(was, from, to, 1))
		if r.Header.Get("Authorization") == was {
			t.Fatalf("%s: no %q in %s", name, from, was)
		}
	}}
}

// streamed is a forgery with a kind of aws-chunked body and a wrong secret.
func streamed(kind string) forgery {
	return forgery{kind, func(t *testing.T, r *http.Request, body string, c sigv4.Credentials) {
		r.Header.Set("x-amz-decoded-content-length", itoa(int64(len(body))))
		mustSign(t, r, wrongSecret(c), sigv4.DefaultRegion, kind, time.Now())
	}}
}

func forgeries() []forgery {
	now := time.Now()
	return []forgery{
		{"wrong secret", func(t *testing.T, r *http.Request, body string, c sigv4.Credentials) {
			mustSign(t, r, wrongSecret(c), sigv4.DefaultRegion, hashOf(body), now)
		}},
		{"no secret", func(t *testing.T, r *http.Request, body string, c sigv4.Credentials) {
			c.SecretAccessKey = ""
			mustSign(t, r, c, sigv4.DefaultRegion, hashOf(body), now)
		}},
		{"wrong region", func(t *testing.T, r *http.Request, body string, c sigv4.Credentials) {
			mustSign(t, r, c, "eu-west-1", hashOf(body), now)
		}},
		{"old", func(t *testing.T, r *http.Request, body string, c sigv4.Credentials) {
			mustSign(t, r, c, sigv4.DefaultRegion, hashOf(body), now.Add(-time.Hour))
		}},
		{"key of nobody", func(t *testing.T, r *http.Request, body string, c sigv4.Credentials) {
			c.AccessKeyID += "X"
			mustSign(t, r, c, sigv4.DefaultRegion, hashOf(body), now)
		}},
		changedHeader("wrong service", "/s3/", "/iam/"),
		changedHeader("signature cut off", "Signature=", "Signature=0"),
		changedHeader("no signature", ", Signature=", ", X="),
		changedHeader("empty signature", ", Signature=", ", Signature=, X="),
		{"unsigned payload, wrong secret", func(t *testing.T, r *http.Request, _ string, c sigv4.Credentials) {
			mustSign(t, r, wrongSecret(c), sigv4.DefaultRegion, sigv4.UnsignedPayload, now)
		}},
		streamed(sigv4.StreamingSignedPayload), streamed(sigv4.StreamingSignedPayload + "-TRAILER"), streamed(sigv4.StreamingUnsignedTrailer),
		{"presigned, wrong secret", func(t *testing.T, r *http.Request, _ string, c sigv4.Credentials) {
			mustPresign(t, r, wrongSecret(c), time.Minute, now)
		}},
		{"presigned, over", func(t *testing.T, r *http.Request, _ string, c sigv4.Credentials) {
			mustPresign(t, r, c, time.Minute, now.Add(-time.Minute))
		}},
		{"presigned, without its signature", func(t *testing.T, r *http.Request, _ string, c sigv4.Credentials) {
			mustPresign(t, r, c, time.Minute, now)
			r.URL.RawQuery, _, _ = strings.Cut(r.URL.RawQuery, "&X-Amz-Signature=")
		}},
		{"presigned, for longer", func(t *testing.T, r *http.Request, _ string, c sigv4.Credentials) {
			mustPresign(t, r, c, time.Minute, now)
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "X-Amz-Expires=60", "X-Amz-Expires=600", 1)
		}},
		{"credential in the query alone", func(_ *testing.T, r *http.Request, _ string, c sigv4.Credentials) {
			r.URL.RawQuery = strings.TrimPrefix(r.URL.RawQuery+"&X-Amz-Credential="+c.AccessKeyID, "&")
		}},
		{"header and query", func(t *testing.T, r *http.Request, body string, c sigv4.Credentials) {
			mustPresign(t, r, c, time.Minute, now)
			mustSign(t, r, c, sigv4.DefaultRegion, hashOf(body), now)
		}},
		{"a token that is none", func(t *testing.T, r *http.Request, body string, c sigv4.Credentials) {
			c.SessionToken = "token"
			mustSign(t, r, c, sigv4.DefaultRegion, hashOf(body), now)
		}},
		{"signature of 2006", func(_ *testing.T, r *http.Request, _ string, c sigv4.Credentials) {
			r.Header.Set("Authorization", "AWS "+c.AccessKeyID+":c2lnbmF0dXJl")
		}},
	}
}

// TestCVE_2025_31489_EveryRouteChecksItsSignature (S1; also MinIO CVE-2026-40344, CVE-2026-41145, SeaweedFS 2180 and PR
// 7954): each operation, in a bucket where everybody may everything, refuses who claims to be somebody and cannot show
// it. He does not count as anonymous either.
func TestCVE_2025_31489_EveryRouteChecksItsSignature(t *testing.T) {
	for _, row := range matrixRows() {
		if row.of == ofEveryone || row.op == "PostObject" { // whose form is signed: see security_form_test.go
			continue
		}
		t.Run(row.op, func(t *testing.T) {
			t.Parallel()
			m := newMatrix(t, row)
			m.build(bucketAllows, "")
			before := m.fingerprint()
			for _, f := range forgeries() {
				got := m.forge(f)
				if got.status != http.StatusForbidden && got.status != http.StatusBadRequest {
					t.Errorf("%s, %s: %d %s, want its credentials refused", row.request, f.name, got.status, got.code())
				}
			}
			if m.fingerprint() != before {
				t.Errorf("%s: a forged request changed what is stored", row.request)
			}
			m.accepted(owner, bucketAllows)
		})
	}
}

// forge sends the row's request as if by owner.
func (m *matrix) forge(f forgery) reply {
	m.t.Helper()
	body := m.here(m.row.body)
	r, err := http.NewRequest(m.method(), m.url+m.target(), strings.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	for _, h := range m.headers() {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	f.sign(m.t, r, body, m.keys[owner])
	return m.exchange(m.t, r)
}

// exchange sends r as it is.
func (s *testServer) exchange(t testing.TB, r *http.Request) reply {
	t.Helper()
	answer, err := s.web.RoundTrip(r)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("%s %s: read answer: %v", r.Method, r.URL, err)
	}
	return reply{status: answer.StatusCode, header: answer.Header, body: string(data)}
}

// TestCVE_2026_97731_UnsignedHeadersChangeNothing (S2; also NooBaa CVE-2026-94368, Incus CVE-2026-115374, versitygw
// 57747021): who has a presigned URL for an upload cannot turn it to something else by a header that was not signed.
func TestCVE_2026_97731_UnsignedHeadersChangeNothing(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	s.must(t, owner, "PUT", "/pond/secret", croak)
	tests := []string{
		"x-amz-copy-source: /pond/secret", "x-amz-tagging: a=b", "x-amz-acl: public-read", "x-amz-grant-read: uri=\"http://acs.amazonaws.com/groups/global/AllUsers\"",
		"x-amz-meta-a: b", "x-amz-storage-class: STANDARD_IA", "x-amz-website-redirect-location: /elsewhere", "x-amz-server-side-encryption: AES256",
		"x-amz-object-lock-legal-hold: ON", "x-amz-metadata-directive: REPLACE", "x-amz-security-token: token", "X-AMZ-Bypass-Governance-Retention: true",
	}
	upload := func(t *testing.T, header string, signed bool) reply {
		t.Helper()
		r, err := http.NewRequest(http.MethodPut, s.url+"/pond/upload", strings.NewReader("mine"))
		if err != nil {
			t.Fatal(err)
		}
		name, value, _ := strings.Cut(header, ": ")
		if signed {
			r.Header.Set(name, value)
		}
		mustPresign(t, r, s.keys[owner], time.Minute, time.Now())
		r.Header.Set(name, value)
		return s.exchange(t, r)
	}
	for _, header := range tests {
		if got := upload(t, header, false); got.status != http.StatusForbidden && got.status != http.StatusBadRequest {
			t.Errorf("%s, unsigned: status %d\n%s", header, got.status, got.body)
		}
	}
	s.refused(t, owner, "GET", "/pond/upload", "", 404, codeNoSuchKey)
	for _, header := range []string{"x-amz-acl: public-read", "x-amz-meta-a: b", "x-amz-tagging: a=b", "x-amz-server-side-encryption: AES256"} {
		if got := upload(t, header, true); got.status != http.StatusOK {
			t.Errorf("%s, signed: status %d\n%s", header, got.status, got.body)
		}
	}
}

// TestCVE_2026_97731_DuplicatesAreRefused (S2): of a header or parameter that is there twice, the check and the handler
// must not each take another one.
func TestCVE_2026_97731_DuplicatesAreRefused(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	put := func(change func(*http.Request)) int {
		t.Helper()
		r, err := http.NewRequest(http.MethodPut, s.url+"/pond/k", strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("x-amz-acl", "private")
		mustSign(t, r, s.keys[owner], sigv4.DefaultRegion, hashOf("x"), time.Now())
		change(r)
		return s.exchange(t, r).status
	}
	for name, change := range map[string]func(*http.Request){
		"x-amz-acl":            func(r *http.Request) { r.Header.Add("x-amz-acl", "public-read") },
		"x-amz-date":           func(r *http.Request) { r.Header.Add("x-amz-date", r.Header.Get("x-amz-date")) },
		"x-amz-content-sha256": func(r *http.Request) { r.Header.Add("x-amz-content-sha256", sigv4.UnsignedPayload) },
		"Authorization":        func(r *http.Request) { r.Header.Add("Authorization", r.Header.Get("Authorization")) },
	} {
		if got := put(change); got != http.StatusForbidden && got != http.StatusBadRequest {
			t.Errorf("%s twice: status %d", name, got)
		}
	}
	s.refused(t, owner, "GET", "/pond/k", "", 404, codeNoSuchKey)
	if got := put(func(*http.Request) {}); got != http.StatusOK {
		t.Errorf("once: status %d", got)
	}
}

// TestPresignedURLsCannotBeBent (S4; Garage's conditions that were split, RustFS GHSA-3p3x): not to another
// sub-resource, method, key, version or answer.
func TestPresignedURLsCannotBeBent(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	s.must(t, owner, "PUT", "/pond/frog", croak, "x-amz-acl: public-read")
	s.must(t, owner, "PUT", "/pond/frogs", "secret")
	bends := map[string]func(*http.Request){
		"nothing": func(*http.Request) {},
		"acl":     func(r *http.Request) { r.URL.RawQuery += "&acl" },
		"acl=":    func(r *http.Request) { r.URL.RawQuery = "acl=&" + r.URL.RawQuery },
		"version": func(r *http.Request) { r.URL.RawQuery += "&versionId=null" },
		"torrent": func(r *http.Request) { r.URL.RawQuery += "&torrent" },
		"part":    func(r *http.Request) { r.URL.RawQuery += "&partNumber=1" },
		"type":    func(r *http.Request) { r.URL.RawQuery += "&response-content-type=text/html" },
		"method":  func(r *http.Request) { r.Method = http.MethodDelete },
		"put":     func(r *http.Request) { r.Method = http.MethodPut },
		"key":     func(r *http.Request) { r.URL.Path += "s" },
		"slash":   func(r *http.Request) { r.URL.Path = "/pond//frog" },
		"host":    func(r *http.Request) { r.Host = "elsewhere" },
		"expires": func(r *http.Request) { r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "Expires=60", "Expires=0", 1) },
		"too long": func(r *http.Request) {
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "Expires=60", "Expires=604801", 1)
		},
		"negative": func(r *http.Request) {
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "Expires=60", "Expires=-60", 1)
		},
		"twice": func(r *http.Request) { r.URL.RawQuery += "&X-Amz-Expires=60" },
	}
	for name, bend := range bends {
		r, err := http.NewRequest(http.MethodGet, s.url+"/pond/frog", nil)
		if err != nil {
			t.Fatal(err)
		}
		mustPresign(t, r, s.keys[owner], time.Minute, time.Now())
		bend(r)
		got := s.exchange(t, r)
		if refused := got.status == http.StatusForbidden || got.status == http.StatusBadRequest; refused != (name != "nothing") {
			t.Errorf("%s: status %d\n%s", name, got.status, got.body)
		}
	}
	s.must(t, owner, "GET", "/pond/frog", "")
}

// TestRevokedKeySignsNothing (S4): what a key presigned is over when the key is.
func TestRevokedKeySignsNothing(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	s.must(t, owner, "PUT", "/pond/frog", croak, "x-amz-acl: authenticated-read")
	for revoked, want := range []int{http.StatusOK, http.StatusForbidden} {
		r, err := http.NewRequest(http.MethodGet, s.url+"/pond/frog", nil)
		if err != nil {
			t.Fatal(err)
		}
		mustPresign(t, r, s.keys[reader], time.Hour, time.Now().Add(-time.Minute))
		if got := s.exchange(t, r); got.status != want {
			t.Errorf("revoked %d: status %d, want %d", revoked, got.status, want)
		}
		if revoked == 0 {
			if err := s.handler.accounts.DeleteUser(t.Context(), reader); err != nil {
				t.Fatal(err)
			}
		}
	}
}
