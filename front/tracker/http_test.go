package tracker

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"shoal/core/fault"
	"shoal/wire/bencode"
	"shoal/wire/tracker"
)

// get sends one request and returns the answer's body; the status must be 200.
func get(t *testing.T, h http.Handler, from, target string) string {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://tracker.example"+target, nil)
	r.RemoteAddr = from
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != tracker.MediaType {
		t.Errorf("%s: status %d, type %q", target, w.Code, w.Header().Get("Content-Type"))
	}
	if _, err := bencode.Parse(w.Body.Bytes(), bencode.Options{}); err != nil {
		t.Errorf("%s: %q is no bencoding: %v", target, w.Body, err)
	}
	return w.Body.String()
}

func TestHTTPAnswers(t *testing.T) {
	const from = "203.0.113.1:5000"
	ok := query(testHash, "1000", "&left=5")
	tests := []struct {
		name, target string
		want         []string // parts of the body, in order
	}{
		{"announce", "/announce?" + ok, []string{"8:completei1e", "11:external ip4:\xcb\x00\x71\x01", "10:incompletei1e", "8:interval", "5:peers6:\xc6\x33\x64\x01\x1a\xe1e"}},
		{"token", "/announce/secret?" + ok, []string{"8:completei1e"}},
		{"v2 hash", "/announce?" + query(testHashV2.Truncate(), "1000", "&left=5"), []string{"10:incompletei1e"}},
		{"left missing", "/announce?" + query(testHash, "1000", ""), []string{"10:incompletei1e"}},
		{"left -1", "/announce?" + query(testHash, "1000", "&left=-1"), []string{"10:incompletei1e"}},
		{"left 2^64-1", "/announce?" + query(testHash, "1000", "&left=18446744073709551615"), []string{"10:incompletei1e"}},
		{"seed", "/announce?" + query(testHash, "1000", "&left=0"), []string{"8:completei2e", "10:incompletei0e", "5:peers0:e"}},
		{"dict", "/announce?" + ok + "&compact=0", []string{"5:peersld2:ip12:198.51.100.14:porti6881eee"}},
		{"claimed address", "/announce?" + ok + "&ip=192.0.2.66", []string{"11:external ip4:\xcb\x00\x71\x01"}},
		{"unknown", "/announce?" + query(otherHash, "1000", "&left=5"), []string{"14:failure reason26:torrent is not served here", "8:retry ini60e"}},
		{"no hash", "/announce?port=1", []string{"14:failure reason"}},
		{"port 0", "/announce?" + query(testHash, "0", ""), []string{"14:failure reason"}},
		{"long", "/announce?" + ok + "&x=" + strings.Repeat("y", 9000), []string{"14:failure reason", "too long"}},
		{"scrape", "/scrape?" + query(testHash, "1", ""), []string{"5:filesd20:", "8:completei1e", "10:downloadedi0e"}},
		{"scrape, path more", "/scrape/secret?" + query(testHash, "1", ""), []string{"8:completei1e"}},
		{"scrape of unknown", "/scrape?" + query(otherHash, "1", ""), []string{"d5:filesdee"}},
		{"scrape of all", "/scrape", []string{"14:failure reason"}},
	}
	for _, tt := range tests {
		tr, _, _ := newTestTracker(t, Options{PublicHost: "198.51.100.1"})
		body := get(t, tr, from, tt.target)
		rest := body
		for _, want := range tt.want {
			_, after, found := strings.Cut(rest, want)
			if !found {
				t.Errorf("%s: %q lacks %q", tt.name, body, want)
				break
			}
			rest = after
		}
	}
}

func TestHTTPOtherRequests(t *testing.T) {
	tr, _, _ := newTestTracker(t, Options{})
	for path, want := range map[string]int{"/": 404, "/announced": 404, "/announce/a/b": 404, "/stats": 404, "/announce/": 200} {
		w := httptest.NewRecorder()
		tr.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want {
			t.Errorf("%s: got %d, want %d", path, w.Code, want)
		}
	}
	w := httptest.NewRecorder()
	tr.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/announce?"+query(testHash, "1", ""), nil))
	if w.Code != 200 || !strings.HasPrefix(w.Body.String(), "d14:failure reason") {
		t.Errorf("POST: got %d %q, want a failure reason", w.Code, w.Body)
	}
}

func TestHTTPNamesPeersOfBothFamilies(t *testing.T) {
	tr, _, _ := newTestTracker(t, Options{})
	get(t, tr, "[2001:db8::1]:1", "/announce?"+query(testHash, "4660", "&left=5"))
	body := get(t, tr, "203.0.113.1:1", "/announce?"+query(testHash, "1000", "&left=5"))
	want := "5:peers0:6:peers618:\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x12\x34e"
	if !strings.HasSuffix(body, want) {
		t.Errorf("got %q, want it to end in %q", body, want)
	}
	body = get(t, tr, "203.0.113.2:1", "/announce?"+query(testHash, "1000", "&left=5&compact=0"))
	if !strings.Contains(body, "2:ip11:2001:db8::14:porti4660e") {
		t.Errorf("got %q, want the dictionary form", body)
	}
	body = get(t, tr, "203.0.113.2:1", "/announce?"+query(testHash, "1000", "&left=5&compact=0&no_peer_id=1"))
	if strings.Contains(body, "peer id") {
		t.Errorf("got %q, want no peer ids", body)
	}
}

func TestPrivateAddressesStayAmongThemselves(t *testing.T) {
	tr, _, _ := newTestTracker(t, Options{})
	for _, from := range []string{"10.0.0.1:1", "127.0.0.1:1", "172.17.0.1:1"} {
		get(t, tr, from, "/announce?"+query(testHash, "1000", "&left=5"))
	}
	for from, want := range map[string]string{
		"203.0.113.1:1": "5:peers0:e",
		"127.0.0.2:1":   "5:peers6:\x7f\x00\x00\x01\x03\xe8e",
	} {
		if body := get(t, tr, from, "/announce?"+query(testHash, "1000", "&left=0")); !strings.HasSuffix(body, want) {
			t.Errorf("%s: got %q, want it to end in %q", from, body, want)
		}
	}
}

func TestFailureReasons(t *testing.T) {
	for _, kind := range fault.Kinds() {
		if f := failureOf(kind); f.reason == "" || f.retry <= 0 {
			t.Errorf("%v: got %+v, want a reason and a time", kind, f)
		}
	}
	var log bytes.Buffer
	tr, _, src := newTestTracker(t, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	src.set(false, errors.New("disk 7 is on fire"))
	body := get(t, tr, "203.0.113.1:1", "/announce?"+query(testHash, "1000", ""))
	if !strings.Contains(body, "14:failure reason14:internal error") || strings.Contains(body, "fire") {
		t.Errorf("got %q, want a generic reason", body)
	}
	if !strings.Contains(log.String(), "disk 7 is on fire") {
		t.Errorf("log %q lacks the cause", log.String())
	}
	src.set(true, nil)
	body = get(t, tr, "203.0.113.1:1", "/announce?"+query(testHash, "1000", ""))
	if !strings.Contains(body, "torrent is not served here") {
		t.Errorf("hidden: got %q, want what an unknown one gets", body)
	}
}

// TestHTTPOverTheWire has two announces on one connection, and the seeder named as the client reached us.
func TestHTTPOverTheWire(t *testing.T) {
	tr, _, _ := newTestTracker(t, Options{})
	srv := httptest.NewServer(tr)
	defer srv.Close()
	for range 2 {
		resp, err := srv.Client().Get(srv.URL + "/announce?" + query(testHash, "1000", "&left=5"))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil || !bytes.Contains(body, []byte("5:peers6:\x7f\x00\x00\x01\x1a\xe1e")) {
			t.Errorf("got %q, %v, want the seeder on loopback", body, err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOriginsFor(t *testing.T) {
	addr := netip.MustParseAddr
	public := []netip.Addr{addr("198.51.100.1"), addr("2001:db8::5")}
	tests := []struct {
		name, from, local, host string
		public                  []netip.Addr
		want                    []string
	}{
		{"direct", "203.0.113.1:1", "198.51.100.9", "", nil, []string{"198.51.100.9:6881"}},
		{"behind NAT, nothing known", "203.0.113.1:1", "10.0.0.9", "store.example:6969", nil, nil},
		{"behind NAT, called by address", "203.0.113.1:1", "10.0.0.9", "198.51.100.9:6969", nil, []string{"198.51.100.9:6881"}},
		{"behind NAT, public host", "203.0.113.1:1", "10.0.0.9", "", public, []string{"198.51.100.1:6881", "[2001:db8::5]:6881"}},
		{"in the LAN", "10.0.0.1:1", "10.0.0.9", "", nil, []string{"10.0.0.9:6881"}},
		{"in the LAN, port mapping", "192.168.0.1:1", "172.17.0.2", "192.168.0.9:6969", nil, []string{"192.168.0.9:6881"}},
		{"on this host", "127.0.0.1:1", "127.0.0.1", "localhost:6969", public, []string{"127.0.0.1:6881", "198.51.100.1:6881", "[2001:db8::5]:6881"}},
		{"IPv6", "[2001:db8::1]:1", "2001:db8::9", "[2001:db8::9]", nil, []string{"[2001:db8::9]:6881"}},
		{"useless Host", "203.0.113.1:1", "198.51.100.9", "127.0.0.1", nil, []string{"198.51.100.9:6881"}},
	}
	for _, tt := range tests {
		c := caller{addr: netip.MustParseAddrPort(tt.from), local: addr(tt.local), host: hostAddr(tt.host)}
		var got []string
		for _, o := range originsFor(nil, c, tt.public, 6881) {
			got = append(got, o.String())
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestURLs(t *testing.T) {
	tests := []struct {
		at   Place
		want []string // of URLs, then of WebSocketURL
	}{
		{Place{Host: "2001:db8::1", HTTP: 80, UDP: 6969}, []string{"http://[2001:db8::1]:80/announce", "udp://[2001:db8::1]:6969/announce", "ws://[2001:db8::1]:80/announce"}},
		{Place{"host.example", 443, 6969, true}, []string{"https://host.example:443/announce", "udp://host.example:6969/announce", "wss://host.example:443/announce"}},
	}
	for _, tt := range tests {
		if got := append(tt.at.URLs(), tt.at.WebSocketURL()); !slices.Equal(got, tt.want) {
			t.Errorf("%+v: got %v, want %v", tt.at, got, tt.want)
		}
	}
}

func FuzzHTTP(f *testing.F) {
	f.Add("/announce", query(testHash, "1000", "&left=5&compact=0"), "203.0.113.1:5000", "host:1")
	f.Add("/scrape/x", query(testHash, "1", ""), "[2001:db8::1]:1", "[::1]")
	f.Add("/announce", "info_hash=%", "", "")
	f.Fuzz(func(t *testing.T, path, rawQuery, remote, host string) {
		tr, _, _ := newTestTracker(t, Options{})
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path, r.URL.RawQuery, r.RemoteAddr, r.Host = path, rawQuery, remote, host
		r = r.WithContext(contextWithLocal(r, &net.TCPAddr{IP: net.IPv4(198, 51, 100, 1), Port: 6969}))
		w := httptest.NewRecorder()
		tr.ServeHTTP(w, r)
		if w.Code == http.StatusNotFound {
			return
		}
		d, err := bencode.Parse(w.Body.Bytes(), bencode.Options{})
		if err != nil || w.Code != http.StatusOK {
			t.Fatalf("status %d, %q: %v", w.Code, w.Body, err)
		}
		if _, ok := d.Get("failure reason").Bytes(); !ok {
			if _, ok := d.Get("interval").Int(); !ok && d.Get("files").Raw() == nil {
				t.Errorf("%q is neither a failure nor an answer", w.Body)
			}
		}
	})
}
