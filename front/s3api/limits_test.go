package s3api

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestOversizedRequestsAreRefusedInXML(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	s.refused(t, owner, "GET", "/pond/"+strings.Repeat("k", maxKeyBytes+1), "", 400, codeKeyTooLong)
	s.refused(t, owner, "GET", "/pond?prefix="+strings.Repeat("k", maxRequestURI), "", 400, codeInvalidURI)
	s.refused(t, anonymous, "GET", "/pond", "", 400, codeHeadersTooLarge, "X-Long: "+strings.Repeat("v", maxHeaderBytes))
	s.refused(t, owner, "GET", "/pond", "", 400, codeHeadersTooLarge, "x-amz-long: "+strings.Repeat("v", maxAmzHeaderBytes))
	s.refused(t, owner, "PUT", "/pond/k", "x", 400, codeMetadataTooLarge, "x-amz-meta-long: "+strings.Repeat("v", maxUserMetadata))
	s.must(t, owner, "PUT", "/pond/k", "x")
	s.refused(t, owner, "PUT", "/pond/copy", "", 400, codeMetadataTooLarge,
		"x-amz-copy-source: pond/k", "x-amz-meta-long: "+strings.Repeat("v", maxUserMetadata))
	s.refused(t, owner, "PUT", "/pond?acl", strings.Repeat(" ", maxConfigXML+1), 400, codeMaxMessageLengthExceeded)
	s.refused(t, anonymous, "PUT", "/pond", "", 403, codeAccessDenied)
}

// sendRaw sends text on a connection of its own, which is closed with the test.
func sendRaw(t *testing.T, s *testServer, text string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn
}

// rawExchange sends text and returns the status line and the rest of the answer.
func rawExchange(t *testing.T, s *testServer, text string) string {
	t.Helper()
	answer, err := io.ReadAll(sendRaw(t, s, text))
	if err != nil {
		t.Fatalf("read answer: %v", err)
	}
	return string(answer)
}

func TestLengthOfUploads(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "", "x-amz-acl: public-read-write")
	tests := []struct{ name, header, want, code string }{
		{"no length", "", "HTTP/1.1 411 ", "MissingContentLength"},
		{"chunked", "Transfer-Encoding: chunked\r\n\r\n0\r\n", "HTTP/1.1 501 ", "NotImplemented"},
		{"too large", fmt.Sprintf("Content-Length: %d\r\n", int64(maxSinglePut)+1), "HTTP/1.1 400 ", "EntityTooLarge"},
	}
	for _, tt := range tests {
		got := rawExchange(t, s, "PUT /pond/k HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"+tt.header+"\r\n")
		if !strings.HasPrefix(got, tt.want) || !strings.Contains(got, "<Code>"+tt.code+"</Code>") {
			t.Errorf("%s: got %q, want %q and code %s", tt.name, got, tt.want, tt.code)
		}
	}
}

// TestSlots: a request holds its slot until it is answered, and one too many is turned away at once.
func TestSlots(t *testing.T) {
	s := newTestServer(t, Options{MaxRequests: 1})
	s.must(t, owner, "PUT", "/pond", "", "x-amz-acl: public-read-write")
	body, feed := io.Pipe()
	held := make(chan struct{})
	trace := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got100Continue: func() { close(held) }})
	r, err := http.NewRequestWithContext(trace, "PUT", s.url+"/pond/slow", body)
	if err != nil {
		t.Fatal(err)
	}
	r.ContentLength = 2
	r.Header.Set("Expect", "100-continue") // the server asks for the body once the request has its slot
	transport := &http.Transport{ExpectContinueTimeout: time.Minute}
	defer transport.CloseIdleConnections()
	done := make(chan int, 1)
	go func() {
		answer, err := transport.RoundTrip(r)
		if err != nil {
			done <- 0
			return
		}
		answer.Body.Close()
		done <- answer.StatusCode
	}()
	select {
	case <-held:
	case got := <-done:
		t.Fatalf("the request that was to hold the slot: status %d", got)
	}
	if _, err := feed.Write([]byte("a")); err != nil {
		t.Fatal(err)
	}
	s.refused(t, owner, "GET", "/pond", "", 503, codeSlowDown)
	if _, err := feed.Write([]byte("b")); err != nil {
		t.Fatal(err)
	}
	if got := <-done; got != http.StatusOK {
		t.Errorf("the request that held the slot: status %d", got)
	}
	if got := s.must(t, owner, "GET", "/pond/slow", "").body; got != "ab" {
		t.Errorf("got %q", got)
	}
}

// slowBody gives one byte each time, after a while; deadlines are those of its own connection.
type slowBody struct {
	http.ResponseWriter
	every    time.Duration
	deadline time.Time
}

func (b *slowBody) SetReadDeadline(t time.Time) error { b.deadline = t; return nil }

func (b *slowBody) Read(p []byte) (int, error) {
	if until := time.Until(b.deadline); !b.deadline.IsZero() && until < b.every {
		time.Sleep(max(until, 0))
		return 0, os.ErrDeadlineExceeded
	}
	time.Sleep(b.every)
	p[0] = 'x'
	return 1, nil
}

func TestDrippingClientIsCutOff(t *testing.T) {
	tests := []struct {
		every time.Duration // between two bytes
		bytes int
		slow  bool
	}{
		{every: 2 * bodyStallTimeout, bytes: 1, slow: true},
		{every: bodyStallTimeout / 10, bytes: minReadStretch, slow: true},
		{every: bodyStallTimeout / minReadStretch / 2, bytes: 3 * minReadStretch, slow: false},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			conn := &slowBody{every: tt.every}
			r := &stallReader{src: conn, control: http.NewResponseController(conn)}
			start := time.Now()
			n, err := io.ReadFull(r, make([]byte, tt.bytes))
			var e *apiError
			if slow := errors.As(err, &e) && e.code == codeRequestTimeout; slow != tt.slow {
				t.Errorf("a byte each %v: %d bytes, %v, want cut off: %v", tt.every, n, err, tt.slow)
			}
			if took := time.Since(start); tt.slow && took > bodyStallTimeout {
				t.Errorf("a byte each %v: cut off after %v", tt.every, took)
			}
			if tt.slow && !conn.deadline.IsZero() {
				t.Errorf("a byte each %v: the deadline is left behind", tt.every)
			}
		})
	}
}

// TestPausesOfTheServerAreNotTheClients: only time spent in reads counts.
func TestPausesOfTheServerAreNotTheClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := &slowBody{every: time.Second}
		r := &stallReader{src: conn, control: http.NewResponseController(conn)}
		for i := range 5 {
			if _, err := r.Read(make([]byte, 1)); err != nil {
				t.Fatalf("read %d: %v", i, err)
			}
			time.Sleep(bodyStallTimeout)
		}
	})
}

// deadlines records the deadlines of a connection.
type deadlines struct {
	*httptest.ResponseRecorder
	read time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error { d.read = t; return nil }

// TestUnreadBodyIsNotWaitedFor: a refused upload does not hold its slot until the client has sent it.
func TestUnreadBodyIsNotWaitedFor(t *testing.T) {
	s := newTestServer(t, Options{})
	for body, want := range map[io.Reader]bool{nil: false, strings.NewReader("x"): true} {
		w := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		s.handler.ServeHTTP(w, httptest.NewRequest("PUT", "/pond/k", body))
		if w.Code != http.StatusNotFound || w.read.IsZero() == want {
			t.Errorf("body %v: status %d, read deadline %v", body, w.Code, w.read)
		}
	}
}
