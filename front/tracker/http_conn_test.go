package tracker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var (
	clientTCP = &net.TCPAddr{IP: net.IPv4(203, 0, 113, 1), Port: 5000}
	serverTCP = &net.TCPAddr{IP: net.IPv4(198, 51, 100, 1), Port: 6969}
)

// tcpPipe is one end of a net.Pipe with the addresses of TCP.
type tcpPipe struct{ net.Conn }

func (tcpPipe) RemoteAddr() net.Addr { return clientTCP }
func (tcpPipe) LocalAddr() net.Addr  { return serverTCP }

// pipeListener is a listener whose connections are made by dial.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *pipeListener) Addr() net.Addr { return serverTCP }

func (l *pipeListener) dial() net.Conn {
	client, server := net.Pipe()
	l.conns <- tcpPipe{server}
	return client
}

// counted counts the connections that are accepted from a listener.
type counted struct {
	net.Listener
	n int
}

func (c *counted) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.n++
	}
	return conn, err
}

// overPipe starts a server of tr, by net/http alone or not. Stop returns how many connections net/http got.
func overPipe(t *testing.T, tr *Tracker, alone bool) (l *pipeListener, stop func() int) {
	t.Helper()
	l = newPipeListener()
	front := &counted{Listener: l}
	if !alone {
		front.Listener = tr.ListenHTTP(t.Context(), l)
	}
	srv := &http.Server{Handler: tr, ReadHeaderTimeout: HeaderTimeout, IdleTimeout: KeepAlive}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(front) }()
	return l, func() int {
		if err := srv.Shutdown(context.Background()); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serve: %v", err)
		}
		return front.n
	}
}

// converse sends parts, each when the other side has read the one before it, and returns all that comes back. The
// last part ends the connection.
func converse(t *testing.T, conn net.Conn, parts []string) string {
	t.Helper()
	defer conn.Close()
	go func() {
		for _, part := range parts {
			if _, err := io.WriteString(conn, part); err != nil {
				return // it has answered and closed
			}
		}
	}()
	got, err := io.ReadAll(conn)
	if err != nil && !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("read: %v", err)
	}
	return string(got)
}

var varying = regexp.MustCompile(`Date: [^\r]*|8:intervali\d+e|12:min intervali\d+e`)

// TestAnswersAsNetHTTP: what is on the wire is the same byte for byte, whoever has answered.
func TestAnswersAsNetHTTP(t *testing.T) {
	const host, last = " HTTP/1.1\r\nHost: 198.51.100.1:6969\r\n\r\n", " HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"
	announce, scrape := "/announce?"+query(testHash, "1000", "&left=5"), "/scrape/t?"+query(testHash, "1", "")
	tests := []struct {
		name  string
		parts []string
		left  int // connections that are left to net/http
	}{
		{"announce, close", []string{"GET " + announce + last}, 0},
		{"announces, keep-alive", []string{"GET " + announce + host, "GET " + announce + host, "GET " + announce + last}, 0},
		{"at once", []string{"GET " + announce + host + "GET " + scrape + host + "GET " + announce + last}, 0},
		{"in pieces", strings.SplitAfter("GET "+announce+host+"GET "+scrape+last, "e"), 0},
		{"head", []string{"HEAD " + announce + host, "HEAD " + scrape + last}, 0},
		{"1.0", []string{"GET " + scrape + " HTTP/1.0\r\n\r\n"}, 0},
		{"1.0 keep-alive", []string{"GET " + scrape + " HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET " + scrape + " HTTP/1.0\r\n\r\n"}, 0},
		{"failures", []string{"GET /announce" + host, "GET /scrape" + host, "GET /announce?" + query(otherHash, "1", "") + last}, 0},
		{"dictionaries", []string{"GET " + announce + "&compact=0" + last}, 0},
		{"long scrape", []string{"GET " + scrape + strings.Repeat("&x=y", 1000) + host, "GET " + scrape + last}, 0},

		{"not found", []string{"GET /x" + host, "GET " + announce + host, "GET " + scrape + last}, 1},
		{"after an announce", []string{"GET " + announce + host, "OPTIONS *" + host, "GET " + scrape + last}, 1},
		{"after, at once", []string{"GET " + announce + host + "POST " + announce + last}, 1},
		{"body", []string{"GET " + announce + " HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nGET ", "GET " + scrape + last}, 1},
		{"chunks", []string{"GET " + announce + " HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nGET \r\n0\r\n\r\n", "GET " + scrape + last}, 1},
		{"no host", []string{"GET " + announce + " HTTP/1.1\r\n\r\n"}, 1},
		{"no HTTP", []string{"\x13BitTorrent protocol\r\n\r\n"}, 1},
		{"bare LF", []string{"GET " + announce + " HTTP/1.1\nHost: t\nConnection: close\n\n"}, 1},
		{"too long a query", []string{"GET " + scrape + strings.Repeat("&x=y", 2500) + last}, 1},
	}
	for _, tt := range tests {
		var answers [2]string
		for i, alone := range []bool{false, true} {
			tr, _, _ := newTestTracker(t, Options{})
			l, stop := overPipe(t, tr, alone)
			answers[i] = varying.ReplaceAllString(converse(t, l.dial(), tt.parts), "*")
			if left := stop(); !alone && left != tt.left {
				t.Errorf("%s: %d connections left to net/http, want %d", tt.name, left, tt.left)
			}
		}
		if answers[0] != answers[1] || answers[0] == "" {
			t.Errorf("%s:\ngot  %q\nwant %q", tt.name, answers[0], answers[1])
		}
	}
}

// TestHTTPTimes: a head must come within HeaderTimeout of its first byte, and a first one of the connection's start; a
// connection without requests ends after KeepAlive.
func TestHTTPTimes(t *testing.T) {
	const request = "GET /scrape HTTP/1.1\r\nHost: t\r\n\r\n"
	synctest.Test(t, func(t *testing.T) {
		tr, _, _ := newTestTracker(t, Options{Now: time.Now})
		l, stop := overPipe(t, tr, false)
		defer stop()
		for _, tt := range []struct {
			name  string
			parts []string // a second after each other
			want  time.Duration
		}{
			{"silent", nil, HeaderTimeout},
			{"slow", strings.Split("GET /announce", ""), HeaderTimeout},
			{"idle", []string{request, request, request}, 2*time.Second + KeepAlive},
			{"slow afterwards", []string{request, "G", "E", "T", " "}, time.Second + HeaderTimeout},
		} {
			conn, begin := l.dial(), time.Now()
			go func() {
				for _, part := range tt.parts {
					_, _ = io.WriteString(conn, part) // it has ended
					time.Sleep(time.Second)
				}
			}()
			_, _ = io.Copy(io.Discard, conn) // until it ends
			if got := time.Since(begin); got != tt.want {
				t.Errorf("%s: ended after %v, want %v", tt.name, got, tt.want)
			}
			conn.Close()
			time.Sleep(time.Minute) // the goroutine above
		}
	})
}

// TestHTTPClose: Close ends idle connections and those not yet accepted, and waits for them.
func TestHTTPClose(t *testing.T) {
	tr, _, _ := newTestTracker(t, Options{})
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := tr.ListenHTTP(t.Context(), tcp)
	var conns []net.Conn
	for _, request := range []string{"", "GET /scrape HTTP/1.1\r\nHost: t\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"} {
		conn, err := net.Dial("tcp", tcp.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	if _, err := conns[1].Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_ = l.Close() // the second time it is closed already
	}
	for i, conn := range conns {
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("connection %d: %v", i, err)
		}
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accept after close: %v", err)
	}
}

func TestHTTPRate(t *testing.T) {
	const rate = 5
	burst := int(limitBurst/time.Second) * rate
	tr, _, _ := newTestTracker(t, Options{Rate: rate})
	target := "/announce?" + query(testHash, "1000", "&left=5")
	for i := range burst + 1 {
		body := get(t, tr, "203.0.113.1:1", target)
		if limited := strings.Contains(body, "14:failure reason15:tracker is busy8:retry ini1e"); limited != (i == burst) {
			t.Fatalf("announce %d of %d: %q", i+1, burst, body)
		}
	}
	if body := get(t, tr, "203.0.114.1:1", target); strings.Contains(body, "failure") {
		t.Errorf("another network: %q", body)
	}
}

// repeater is a connection on which a request comes again and again, n times.
type repeater struct {
	tcpPipe
	request []byte
	n, sent int
	answer  []byte // the last
}

func (r *repeater) Read(p []byte) (int, error) {
	if r.sent++; r.sent > r.n {
		return 0, io.EOF
	}
	return copy(p, r.request), nil
}

func (r *repeater) Write(p []byte) (int, error) {
	r.answer = append(r.answer[:0], p...)
	return len(p), nil
}

func (r *repeater) SetDeadline(time.Time) error { return nil }

// newRepeater returns a connection with a request for 50 peers.
func newRepeater(tb testing.TB, tr *Tracker) *httpConn {
	tb.Helper()
	for i := range 100 {
		c := caller{addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, byte(i), 1}), 5000)}
		tr.httpAnnounce(tb.Context(), new(exchange), c, query(testHash, "1000", "&left=5"))
	}
	request := "GET /announce?" + query(testHash, "1000", "&uploaded=0&downloaded=0&left=5&corrupt=0&key=0123ABCD&numwant=50&compact=1&no_peer_id=1") +
		" HTTP/1.1\r\nHost: tracker.example:6969\r\nUser-Agent: libtorrent/2.0.8.0\r\nAccept-Encoding: gzip\r\n\r\n"
	return &httpConn{Conn: &repeater{request: []byte(request)}, t: tr}
}

// serveTimes has n requests answered.
func serveTimes(tb testing.TB, h *httpConn, n int) {
	tb.Helper()
	r := h.Conn.(*repeater)
	r.n, r.sent, h.n = n, 0, 0
	if other := h.serve(tb.Context(), nil); other {
		tb.Fatal("left to net/http")
	}
	if !bytes.Contains(r.answer, []byte("5:peers300:")) {
		tb.Fatalf("%q has no 50 peers", r.answer)
	}
}

// TestHTTPAnnounceDoesNotAllocate: from the head of a request to the answer, for a client that calls us by a name.
func TestHTTPAnnounceDoesNotAllocate(t *testing.T) {
	tr, _, _ := newTestTracker(t, Options{Rate: 1 << 30})
	h, x, ctx := newRepeater(t, tr), new(exchange), t.Context()
	if !h.identify() {
		t.Fatal("no address")
	}
	head := h.Conn.(*repeater).request
	got := testing.AllocsPerRun(1000, func() {
		if r, ok := parseRequest(head); !ok || len(h.render(ctx, x, &r)) < 300 {
			t.Error("no answer with 50 peers")
		}
	})
	if got != 0 {
		t.Errorf("%v allocations an announce, want 0", got)
	}
}

func BenchmarkHTTPAnnounce(b *testing.B) {
	tr, _, _ := newTestTracker(b, Options{})
	h := newRepeater(b, tr)
	b.ReportAllocs()
	b.ResetTimer()
	serveTimes(b, h, max(b.N, 1))
}

// FuzzConn holds that a client cannot tell who has answered, whatever it sends.
func FuzzConn(f *testing.F) {
	announce, scrape := "GET /announce?"+query(testHash, "1000", "&left=5"), "GET /scrape?"+query(testHash, "1", "")
	f.Add(announce + " HTTP/1.1\r\nHost: t\r\n\r\n" + scrape + " HTTP/1.0\r\n\r\n")
	f.Add(scrape + " HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc" + scrape + " HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
	f.Add("POST /announce HTTP/1.1\r\nHost: t\r\n\r\n")
	f.Fuzz(func(t *testing.T, sent string) {
		// A request that both close after: the end of what is sent is none that a pipe could tell.
		sent += "\r\n\r\n" + scrape + " HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"
		var answers [2][]byte
		for i, alone := range []bool{false, true} {
			tr, _, _ := newTestTracker(t, Options{})
			l, stop := overPipe(t, tr, alone)
			conn := l.dial()
			_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second)) // of a body that does not end
			go func() { _, _ = io.WriteString(conn, sent) }()
			got, _ := io.ReadAll(conn)
			conn.Close()
			stop()
			answers[i] = varying.ReplaceAll(got, nil)
			slices.Sort(answers[i]) // peers come in any order
		}
		if !bytes.Equal(answers[0], answers[1]) {
			t.Errorf("%q:\ngot  %q\nwant %q", sent, answers[0], answers[1])
		}
	})
}
