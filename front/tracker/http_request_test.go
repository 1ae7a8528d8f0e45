package tracker

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

// readRequest reads the request that b begins with as a connection does. Without ok it is left to net/http, or
// more of it is to come (n == 0).
func readRequest(b []byte) (r request, n int, ok bool) {
	var scan headScan
	n, plain := scan.end(b)
	if !plain || n == 0 {
		return r, n, false
	}
	r, ok = parseRequest(b[:n])
	return r, n, ok
}

func TestParseRequest(t *testing.T) {
	const host = "Host: tracker.example:6969\r\n"
	tests := []struct {
		name, head string
		want       string // how it is read; empty: by net/http
	}{
		{"announce", "GET /announce?a=b HTTP/1.1\r\n" + host, "GET a=b"},
		{"token", "GET /announce/s3cret?a=b HTTP/1.1\r\n" + host, "GET a=b"},
		{"scrape", "GET /scrape HTTP/1.1\r\n" + host, "GET "},
		{"two question marks", "GET /scrape??a HTTP/1.1\r\n" + host, "GET ?a"},
		{"head", "HEAD /announce?a HTTP/1.1\r\n" + host, "HEAD a"},
		{"close", "GET /announce?a HTTP/1.1\r\nhost:t\r\nCONNECTION: Close\r\n", "GET a close"},
		{"keep-alive", "GET /announce?a HTTP/1.1\r\nConnection: keep-alive\r\n" + host, "GET a"},
		{"1.0", "GET /announce?a HTTP/1.0\r\n", "GET a 1.0 close"},
		{"1.0 keep-alive", "GET /announce?a HTTP/1.0\r\nConnection: Keep-Alive\r\n" + host, "GET a 1.0"},
		{"a proxy's claim", "GET /announce?a HTTP/1.1\r\nX-Forwarded-For: 192.0.2.1\r\n" + host, "GET a"},

		{"other path", "GET /announced?a HTTP/1.1\r\n" + host, ""},
		{"deeper path", "GET /announce/a/b HTTP/1.1\r\n" + host, ""},
		{"escaped path", "GET /announce/a%2Fb?a HTTP/1.1\r\n" + host, ""},
		{"absolute", "GET http://t/announce?a HTTP/1.1\r\n" + host, ""},
		{"post", "POST /announce?a HTTP/1.1\r\n" + host, ""},
		{"lower case", "get /announce?a HTTP/1.1\r\n" + host, ""},
		{"other version", "GET /announce?a HTTP/1.2\r\n" + host, ""},
		{"space in query", "GET /announce?a b HTTP/1.1\r\n" + host, ""},
		{"control in query", "GET /announce?a\x01b HTTP/1.1\r\n" + host, ""},
		{"8 bits in query", "GET /announce?\xffb HTTP/1.1\r\n" + host, ""},
		{"no host", "GET /announce?a HTTP/1.1\r\n", ""},
		{"two hosts", "GET /announce?a HTTP/1.1\r\n" + host + host, ""},
		{"odd host", "GET /announce?a HTTP/1.1\r\nHost: a/b\r\n", ""},
		{"length", "GET /announce?a HTTP/1.1\r\nContent-Length: 0\r\n" + host, ""},
		{"chunked", "GET /announce?a HTTP/1.1\r\ntransfer-encoding: chunked\r\n" + host, ""},
		{"expect", "GET /announce?a HTTP/1.1\r\nExpect: 100-continue\r\n" + host, ""},
		{"upgrade", "GET /announce?a HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + host, ""},
		{"trailer", "GET /announce?a HTTP/1.1\r\nTrailer: x\r\n" + host, ""},
		{"two connections", "GET /announce?a HTTP/1.1\r\nConnection: keep-alive\r\nConnection: close\r\n" + host, ""},
		{"list of connection", "GET /announce?a HTTP/1.1\r\nConnection: keep-alive, close\r\n" + host, ""},
		{"folded", "GET /announce?a HTTP/1.1\r\nX: a\r\n b\r\n" + host, ""},
		{"space before colon", "GET /announce?a HTTP/1.1\r\nTransfer-Encoding : chunked\r\n" + host, ""},
		{"no colon", "GET /announce?a HTTP/1.1\r\nX\r\n" + host, ""},
		{"no name", "GET /announce?a HTTP/1.1\r\n: x\r\n" + host, ""},
		{"control in value", "GET /announce?a HTTP/1.1\r\nX: a\x00b\r\n" + host, ""},
		{"CR in value", "GET /announce?a HTTP/1.1\r\nX: a\rb\r\n" + host, ""},
		{"bare LF", "GET /announce?a HTTP/1.1\nHost: t\n", ""},
	}
	for _, tt := range tests {
		r, n, ok := readRequest([]byte(tt.head + "\r\nGET "))
		got := ""
		if ok {
			got = describe(&r)
			if n != len(tt.head)+2 {
				t.Errorf("%s: %d bytes read, want %d", tt.name, n, len(tt.head)+2)
			}
		}
		if got != tt.want {
			t.Errorf("%s: read as %q, want %q", tt.name, got, tt.want)
		}
		for cut := range len(tt.head) + 2 { // a head is not taken before it has ended
			if _, n, ok := readRequest([]byte(tt.head + "\r\n")[:cut]); ok || n > cut {
				t.Errorf("%s: taken after %d bytes", tt.name, cut)
			}
		}
	}
}

func describe(r *request) string {
	s := "GET " + r.query
	if r.head {
		s = "HEAD " + r.query
	}
	if r.http10 {
		s += " 1.0"
	}
	if r.close {
		s += " close"
	}
	return s
}

// FuzzRequest holds that net/http reads in the same way what is not left to it: no request can hide in another.
func FuzzRequest(f *testing.F) {
	for _, head := range []string{
		"GET /announce?a=b HTTP/1.1\r\nHost: t:1\r\nUser-Agent: x\r\n\r\nGET /",
		"HEAD /scrape/t?a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
		"GET /announce?#?a HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\nX-A_b:\t\xff \r\n\r\nxyz",
		"GET /announce/[:@!?a HTTP/1.1\r\nhost:t\r\nTE: x\r\n\r\n",
	} {
		f.Add([]byte(head))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, n, ok := readRequest(b)
		if !ok {
			return
		}
		in := bufio.NewReader(bytes.NewReader(b))
		want, err := http.ReadRequest(in)
		if err != nil {
			t.Fatalf("%q is taken; net/http: %v", b, err)
		}
		rest, err := io.ReadAll(in)
		if err != nil || len(rest) != len(b)-n {
			t.Errorf("%q: %d bytes taken, net/http %d (%v)", b, n, len(b)-len(rest), err)
		}
		method := http.MethodGet
		if r.head {
			method = http.MethodHead
		}
		ask := questionAt(want.URL.Path)
		switch {
		case want.Method != method, want.URL.RawQuery != r.query, want.Host != string(r.host), want.Close != r.close,
			want.ProtoAtLeast(1, 1) == r.http10, ask == nil, reflect.ValueOf(ask).Pointer() != reflect.ValueOf(r.ask).Pointer():
			t.Errorf("%q is taken for %q %q, host %q; net/http: %+v", b, describe(&r), r.query, r.host, want)
		case want.ContentLength != 0, len(want.TransferEncoding) != 0, len(want.Trailer) != 0, want.Header.Get("Expect") != "":
			t.Errorf("%q is taken, and has a body: %+v", b, want)
		case want.Header.Get("Upgrade") != "" || strings.Contains(strings.ToLower(want.Header.Get("Connection")), "upgrade"):
			t.Errorf("%q is taken, and asks for another protocol", b)
		}
	})
}
