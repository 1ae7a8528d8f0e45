package s3api

import (
	"encoding/xml"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"shoal/wire/torrent"
)

// TestGHSA_fc6g_ForwardedAddressesAreClaims (S9; RustFS): aws:SourceIp is the address of the connection, whatever a header
// says, and so is every other key that policies ask (S8; MinIO GHSA-6r96).
func TestGHSA_fc6g_ForwardedAddressesAreClaims(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	s.must(t, owner, "PUT", "/pond/frog", croak)
	allow := func(condition string) {
		t.Helper()
		s.must(t, owner, "PUT", "/pond?policy", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::pond/*","Condition":`+condition+`}]}`)
	}
	tests := []struct{ condition, headers string }{
		{`{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`, "X-Forwarded-For: 203.0.113.1\nX-Real-Ip: 203.0.113.1\nForwarded: for=203.0.113.1\nTrue-Client-Ip: 203.0.113.1\nX-Amz-Source-Ip: 203.0.113.1\nSourceIp: 203.0.113.1"},
		{`{"Bool":{"aws:SecureTransport":"true"}}`, "X-Forwarded-Proto: https\nForwarded: proto=https\nX-Amz-Secure-Transport: true\nSecureTransport: true"},
		{`{"StringEquals":{"aws:username":"owner"}}`, "Username: owner\nX-Amz-Username: owner\nX-Amz-Meta-Username: owner"},
		{`{"StringEquals":{"aws:PrincipalArn":"arn:aws:iam:::user/owner"}}`, "PrincipalArn: arn:aws:iam:::user/owner\nX-Amz-Principalarn: arn:aws:iam:::user/owner"},
		{`{"StringEquals":{"s3:ExistingObjectTag/a":"b"}}`, "X-Amz-Tagging: a=b"},
		{`{"StringEquals":{"s3:authType":"REST-HEADER"}}`, "Authtype: REST-HEADER\nX-Amz-Authtype: REST-HEADER"},
	}
	for _, tt := range tests {
		allow(tt.condition)
		s.refused(t, anonymous, "GET", "/pond/frog", "", 403, codeAccessDenied, strings.Split(tt.headers, "\n")...)
	}
	allow(`{"IpAddress":{"aws:SourceIp":"127.0.0.0/8"}}`)
	s.must(t, anonymous, "GET", "/pond/frog", "", "X-Forwarded-For: 203.0.113.1")
	allow(`{"StringLike":{"aws:Referer":"http://a.example/*"}}`)
	s.must(t, anonymous, "GET", "/pond/frog", "", "Referer: http://a.example/x")
}

// TestCVE_2026_34204_HeadersOfServersAreNotTheClients (S9; MinIO): what another store's servers say to each other, or what
// only this one may say of an object, is not taken from a client.
func TestCVE_2026_34204_HeadersOfServersAreNotTheClients(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	headers := map[string]string{
		"X-Minio-Replication-Server-Side-Encryption-Iv": "x", "X-Minio-Source-Etag": "00000000000000000000000000000000", "X-Minio-Source-Mtime": "2000-01-01T00:00:00Z",
		"X-Minio-Internal-Server-Side-Encryption-S3-Sealed-Key": "x", "X-Amz-Replication-Status": "REPLICA", "X-Amz-Version-Id": "forged", "X-Amz-Delete-Marker": "true",
		"X-Amz-Restore": "ongoing-request=\"true\"", "X-Amz-Mp-Parts-Count": "7", "X-Shoal-Infohash": strings.Repeat("0", 40), "Etag": "forged", "Last-Modified": "Sat, 01 Jan 2000 00:00:00 GMT",
	}
	var lines []string
	for name, value := range headers {
		lines = append(lines, name+": "+value)
	}
	s.must(t, owner, "PUT", "/pond/k", "x", append(lines, "x-amz-meta-a: kept")...)
	got := s.must(t, owner, "GET", "/pond/k", "")
	if got.header.Get("X-Amz-Meta-A") != "kept" {
		t.Errorf("metadata of the client: %v", got.header)
	}
	for name, value := range headers {
		if got.header.Get(name) == value {
			t.Errorf("%s: %s was taken from the client", name, value)
		}
	}
}

// TestGHSA_9pjf_TorrentsNameNoForwardedHost (S9; RustFS): the announce URLs of a .torrent, which caches may keep, come
// from the Host of the request and from no other header; the torrent of who signed is for no cache at all.
func TestGHSA_9pjf_TorrentsNameNoForwardedHost(t *testing.T) {
	s := newTestServer(t, Options{
		Announce:        func(host string) []string { return []string{"http://" + host + "/announce"} },
		PrivateAnnounce: func(host, token string) []string { return []string{"http://" + host + "/announce/" + token} },
	})
	s.must(t, owner, "PUT", "/pond", "")
	s.must(t, owner, "PUT", "/pond/frog", croak, "x-amz-acl: public-read")
	s.must(t, owner, "PUT", "/pond/toad", croak)
	announce := func(r reply) string {
		t.Helper()
		m, err := torrent.ParseMetainfo([]byte(r.body))
		if err != nil {
			t.Fatalf("%v in %q", err, r.body)
		}
		return m.Announce
	}
	forged := []string{"X-Forwarded-Host: evil.example", "X-Host: evil.example", "Forwarded: host=evil.example", "X-Original-Host: evil.example", "X-Forwarded-Server: evil.example"}
	if got := announce(s.must(t, anonymous, "GET", "/pond/frog?torrent", "", forged...)); got != "http://127.0.0.1/announce" {
		t.Errorf("announce to %s", got)
	}
	private := s.must(t, owner, "GET", "/pond/toad?torrent", "", forged...)
	if got := announce(private); !strings.HasPrefix(got, "http://127.0.0.1/announce/") {
		t.Errorf("private: announce to %s", got)
	}
	if got := private.header.Get("Cache-Control"); got != "private, no-store" {
		t.Errorf("private: Cache-Control %q", got)
	}
	public := s.must(t, owner, "GET", "/pond/frog?torrent", "")
	if got := announce(public); strings.Contains(got, "/announce/") {
		t.Errorf("the public torrent has a token: %s", got)
	}
}

// TestCVE_2021_3524_HeadersAreOneLine (S13; also Ceph CVE-2015-5245, CVE-2020-10753): nothing that a client stored or
// asks for begins another header of an answer.
func TestCVE_2021_3524_HeadersAreOneLine(t *testing.T) {
	const evil = "x\r\nSet-Cookie: evil=1"
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "", "x-amz-acl: public-read")
	cors := `<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod><ExposeHeader>x&#13;&#10;Set-Cookie: evil=1</ExposeHeader></CORSRule></CORSConfiguration>`
	if got := s.do(t, owner, "PUT", "/pond?cors", cors); got.status >= 500 {
		t.Errorf("PUT ?cors: status %d", got.status)
	}
	check := func(what string, got reply) {
		t.Helper()
		if got.status >= 500 || len(got.header.Values("Set-Cookie")) > 0 {
			t.Errorf("%s: status %d, %v", what, got.status, got.header)
		}
	}
	for _, name := range []string{"x-amz-meta-a", "Content-Disposition", "Cache-Control", "Content-Encoding", "Content-Type", "Expires"} {
		form := s.formWithPolicy(t, `{"expiration":"2999-01-01T00:00:00Z","conditions":[{"key":"k"},{"bucket":"pond"},["starts-with","$x-amz-algorithm",""],`+
			`["starts-with","$x-amz-credential",""],["starts-with","$x-amz-date",""],["starts-with","$`+name+`",""]]}`)
		form[name] = evil
		if got := s.post(t, form, "f", "x"); got.status != http.StatusNoContent && got.status != http.StatusBadRequest {
			t.Errorf("POST with %s: status %d\n%s", name, got.status, got.body)
		}
		check("GET with "+name, s.do(t, owner, "GET", "/pond/k", "", "Origin: http://a.example"))
	}
	s.must(t, owner, "GET", "/pond/k", "") // some of them were stored
	s.must(t, owner, "PUT", "/pond/k", "x", "x-amz-website-redirect-location: /a")
	for parameter := range overrides {
		check(parameter, s.do(t, owner, "GET", "/pond/k?"+parameter+"=x%0D%0ASet-Cookie%3A%20evil%3D1", ""))
	}
	check("a key with a line end", s.do(t, owner, "PUT", "/pond/a%0D%0ASet-Cookie%3A%20evil=1", "x"))
	check("its torrent", s.do(t, owner, "GET", "/pond/a%0D%0ASet-Cookie%3A%20evil=1?torrent", ""))
	control := s.must(t, owner, "GET", "/pond/k?response-content-type=text%2Fx-frog", "")
	if got := control.header.Get("Content-Type"); got != "text/x-frog" {
		t.Errorf("response-content-type: got %q", got)
	}
}

// TestCVE_2020_1760_StrangersDoNotChooseHeaders (S13; also Ceph CVE-2016-9579): who does not sign cannot have an object
// answered as something that a browser runs, and no error runs either.
func TestCVE_2020_1760_StrangersDoNotChooseHeaders(t *testing.T) {
	const script = "<script>alert(1)</script>"
	s := newTestServer(t, Options{WebsiteDomains: []string{scriptWebsite}})
	s.must(t, owner, "PUT", "/pond", "", "x-amz-acl: public-read")
	s.must(t, owner, "PUT", "/pond?website", pondWebsite)
	s.must(t, owner, "PUT", "/pond/frog", script, "x-amz-acl: public-read")
	for parameter := range overrides {
		got := s.refused(t, anonymous, "GET", "/pond/frog?"+parameter+"=text/html", "", 400, codeInvalidRequest)
		if kind := got.header.Get("Content-Type"); kind != xmlType {
			t.Errorf("%s: error of type %s", parameter, kind)
		}
	}
	for _, host := range []string{"", "pond." + scriptWebsite} {
		r, err := http.NewRequest(http.MethodGet, s.url+"/pond/"+escapeKey(script), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		got := s.exchange(t, r)
		if got.status != http.StatusNotFound || strings.Contains(got.body, script) {
			t.Errorf("host %q: status %d\n%s", host, got.status, got.body)
		}
		if !strings.Contains(got.body, "&lt;script&gt;") {
			t.Errorf("host %q: the error does not name the key:\n%s", host, got.body)
		}
	}
	if got := s.must(t, anonymous, "GET", "/pond/frog", ""); got.header.Get("Content-Type") != defaultContentType {
		t.Errorf("an object without a type is %s", got.header.Get("Content-Type"))
	}
}

// TestCVE_2026_46685_OriginsAreNotReflected (S13; RustFS): an origin that no rule names gets no leave, and one that a rule
// names by a star gets none with credentials.
func TestCVE_2026_46685_OriginsAreNotReflected(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "", "x-amz-acl: public-read")
	get := func(origin string) http.Header {
		return s.must(t, anonymous, "GET", "/pond", "", "Origin: "+origin).header
	}
	if got := get("http://evil.example"); got.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("without rules: %v", got)
	}
	s.must(t, owner, "PUT", "/pond?cors", pondCORS)
	for _, origin := range []string{"http://evil.example", "http://a.example.evil.example", "https://a.example", "http://A.example", "null", "http://a.example:80"} {
		if got := get(origin).Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("%s: leave for %s", origin, got)
		}
	}
	if got := get("http://a.example").Get("Access-Control-Allow-Origin"); got != "http://a.example" {
		t.Errorf("the origin of the rule: leave for %q", got)
	}
	s.must(t, owner, "PUT", "/pond?cors", strings.Replace(pondCORS, "http://a.example", "*", 1))
	if got := get("http://evil.example"); got.Get("Access-Control-Allow-Origin") != "*" || got.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("by a star: %v", got)
	}
}

// TestListingsAreXML (S13): a document that names hostile keys can be read, and names them all. XML 1.0 has no word for
// some characters: for them is encoding-type (S3 API reference, ListObjects).
func TestListingsAreXML(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	keys := hostileKeys()
	for _, key := range keys {
		s.must(t, owner, "PUT", "/pond/"+escapeKey(key), "x")
	}
	for _, target := range []string{"/pond?", "/pond?list-type=2&", "/pond?versions&", "/pond?delimiter=/&"} {
		if plain := s.must(t, owner, "GET", target, ""); strings.Contains(plain.body, "<script>") {
			t.Errorf("%s: a key is markup:\n%s", target, plain.body)
		}
		got := s.must(t, owner, "GET", target+"encoding-type=url", "")
		for dec := xml.NewDecoder(strings.NewReader(got.body)); ; {
			if _, err := dec.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v\n%s", target, err, got.body)
			}
		}
	}
	got := s.listed(t, "/pond?encoding-type=url")
	slices.Sort(keys)
	if !slices.Equal(got, keys) {
		t.Errorf("listed %q, want %q", got, keys)
	}
}
