package s3api

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestCVE_2018_7262_MalformedRequestsEndNothing (S14; also Ceph CVE-2019-10222, -2020-12059, -2016-8626, -2021-3531): each
// is answered as a mistake of the client, and the next one is served.
func TestCVE_2018_7262_MalformedRequestsEndNothing(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "", "x-amz-acl: public-read-write")
	s.must(t, owner, "PUT", "/pond/frog", croak, "x-amz-acl: public-read")
	requests := []string{
		"GET", "GET /pond/frog", "\x16\x03\x01\x00", "GET /pond/frog HTTP/9.9\r\n\r\n", "GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n", "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /pond/frog HTTP/1.1\r\nHost: x\r\nx-amz-meta-\xff: y\r\n\r\n", "GET * HTTP/1.1\r\nHost: x\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /pond/frog HTTP/1.1\r\nHost: \xff\r\n\r\n", "TRACE /pond/frog HTTP/1.1\r\nHost: x\r\n\r\n", "POST /pond HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data\r\nContent-Length: 0\r\n\r\n",
		"POST /pond HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=\"\r\nContent-Length: 1\r\n\r\nx", "POST /pond HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 8\r\n\r\n--x\r\n\r\n\r",
		"PUT /pond/k HTTP/1.1\r\nHost: x\r\nExpect: nonsense\r\nContent-Length: 1\r\n\r\nx", "PUT /pond/k HTTP/1.1\r\nHost: x\r\nContent-MD5: *\r\nContent-Length: 1\r\n\r\nx",
		"GET /?X-Amz-Date=%00 HTTP/1.1\r\nHost: x\r\n\r\n", "GET /pond/frog?versionId=%FF HTTP/1.1\r\nHost: x\r\n\r\n", "GET /pond?uploads&key-marker=%00&upload-id-marker=%FF HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /pond/frog HTTP/1.1\r\nHost: x\r\nAuthorization: AWS4-HMAC-SHA256 " + strings.Repeat("=,", 5000) + "\r\n\r\n",
	}
	for _, text := range requests {
		text = strings.Replace(text, "\r\nHost:", "\r\nConnection: close\r\nHost:", 1)
		if got := halfClosed(t, s, text); strings.HasPrefix(got, "HTTP/1.1 5") && !strings.HasPrefix(got, "HTTP/1.1 501 ") && !strings.HasPrefix(got, "HTTP/1.1 505 ") {
			t.Errorf("%.80q: answered %.200s", text, got)
		}
		s.must(t, anonymous, "GET", "/pond/frog", "")
	}
}

// halfClosed sends text, says that no more comes, and returns the answer.
func halfClosed(t *testing.T, s *testServer, text string) string {
	t.Helper()
	conn := sendRaw(t, s, text)
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		return ""
	}
	answer, _ := io.ReadAll(conn) // the server may reset what it does not want
	return string(answer)
}

// TestDocumentBombs (S14): entities, depth and size of a document are refused before they cost anything.
func TestDocumentBombs(t *testing.T) {
	entities := `<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY x SYSTEM "file:///etc/passwd">]>`
	tests := map[string]string{
		"entities":        entities + `<Delete><Object><Key>&b;</Key></Object></Delete>`,
		"external entity": entities + `<Delete><Object><Key>&x;</Key></Object></Delete>`,
		"unknown entity":  `<Delete><Object><Key>&x;</Key></Object></Delete>`,
		"depth":           strings.Repeat("<Delete>", 20_000),
		"depth, closed":   `<Delete>` + strings.Repeat("<a>", 20_000) + strings.Repeat("</a>", 20_000) + `</Delete>`,
		"size":            `<Delete><Object><Key>` + strings.Repeat("k", maxDeleteXML) + `</Key></Object></Delete>`,
		"many":            `<Delete>` + strings.Repeat("<Object><Key>k</Key></Object>", maxDeleteKeys+1) + `</Delete>`,
		"attributes":      `<Delete ` + strings.Repeat(`a="b" `, 50_000),
		"other encoding":  `<?xml version="1.0" encoding="UTF-7"?><Delete><Object><Key>k</Key></Object></Delete>`,
	}
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	for name, body := range tests {
		if got := s.do(t, owner, "POST", "/pond?delete", body, contentMD5(body)); got.status != http.StatusBadRequest || strings.Contains(got.body, "root:") {
			t.Errorf("%s: status %d\n%.300s", name, got.status, got.body)
		}
	}
	s.must(t, owner, "POST", "/pond?delete", deleteFrog, contentMD5(deleteFrog))
}

// TestManyRangesAndKeys (S14): of what a client asks for without bounds, it gets a bounded answer.
func TestManyRangesAndKeys(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	s.must(t, owner, "PUT", "/pond/frog", croak)
	ranges := "bytes=" + strings.Repeat("0-,", 10_000) + "0-"
	if got := s.do(t, owner, "GET", "/pond/frog", "", "Range: "+ranges); len(got.body) > len(croak) || got.status >= 500 {
		t.Errorf("10,000 ranges: status %d, %d bytes", got.status, len(got.body))
	}
	for _, target := range []string{"/pond?max-keys=2147483647", "/pond?list-type=2&max-keys=99999999999999999999", "/pond?max-keys=-1", "/pond?versions&max-keys=1e9", "/pond?uploads&max-uploads=2147483647"} {
		got := s.do(t, owner, "GET", target, "")
		if got.status != 200 && got.status != 400 || got.element("MaxKeys") != "" && got.element("MaxKeys") != fmt.Sprint(maxListKeys) {
			t.Errorf("%s: status %d, MaxKeys %s", target, got.status, got.element("MaxKeys"))
		}
	}
	if got := s.must(t, owner, "GET", "/pond/frog", "", "Range: bytes=0-4"); got.body != croak[:5] {
		t.Errorf("one range: %q", got.body)
	}
}

// TestCVE_2019_3821_GoneClientsHoldNothing (S14; also Ceph CVE-2020-1700, MinIO CVE-2022-31028): a client that goes at any
// byte of its request gives its slot back, and nothing of its upload is there.
func TestCVE_2019_3821_GoneClientsHoldNothing(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "", "x-amz-acl: public-read-write")
	const request = "PUT /pond/k HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\nx-amz-meta-a: b\r\n\r\n0123456789012345678"
	for n := range len(request) + 1 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, request[:n]); err != nil {
			t.Fatal(err)
		}
		if n%2 == 0 { // with a reset, and not with a goodbye
			if err := conn.(*net.TCPConn).SetLinger(0); err != nil {
				t.Fatal(err)
			}
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(20 * time.Second); ; runtime.Gosched() {
		if got := s.do(t, owner, "GET", "/pond", ""); got.status == http.StatusOK && len(s.handler.slots) == 0 {
			if keys := got.elements("Key"); len(keys) != 0 {
				t.Errorf("there is %v", keys)
			}
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d slots are held by clients that are gone", len(s.handler.slots))
		}
	}
	if got := rawExchange(t, s, strings.Replace(request, "Host: x\r\n", "Host: x\r\nConnection: close\r\n", 1)+"9"); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
		t.Errorf("the whole request: %s", got)
	}
}
