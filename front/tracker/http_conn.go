package tracker

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"shoal/wire/tracker"
)

const (
	// connBuffer holds the head of nearly every announce: it is what an idle connection keeps.
	connBuffer = 1 << 10
	// maxHead is the longest head that is answered here, in bytes; net/http takes longer ones.
	maxHead = 8 << 10

	// renewEvery is how exact deadlines are: to set one is a tenth of an announce's work.
	renewEvery = time.Second
)

// httpConn is one connection of an HTTP client, served by one goroutine.
type httpConn struct {
	net.Conn
	t *Tracker
	c caller // of the request at hand

	host string // header that c.host was read from
	read []byte // what came and is not answered yet is its first n bytes
	n    int

	hurried bool      // the head under way has had its deadline set
	rested  time.Time // by Tracker's clock, when KeepAlive was last given; zero: another deadline is set
}

// serve answers requests until the connection ends (false), or until there is one that is not answered here (true):
// then nothing of that request has been answered, and read[:n] is all that came of it and behind it.
func (h *httpConn) serve(ctx context.Context, closing <-chan struct{}) (other bool) {
	if !h.identify() {
		return true
	}
	h.read = make([]byte, connBuffer)
	var scan headScan
	for {
		end, plain := scan.end(h.read[:h.n])
		switch {
		case !plain || h.n > 0 && h.read[0] != 'G' && h.read[0] != 'H' || end == 0 && h.n == maxHead:
			return true
		case end == 0:
			if !h.more(closing) {
				return false
			}
			continue
		}
		r, ok := parseRequest(h.read[:end])
		if !ok {
			return true
		}
		if !h.answer(ctx, &r) || r.close {
			return false
		}
		h.n, scan, h.hurried = copy(h.read, h.read[end:h.n]), headScan{}, false
	}
}

// identify finds out who the client is; false when it has no IP address.
func (h *httpConn) identify() bool {
	remote, ok := h.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return false
	}
	h.c.addr = unmap(remote.AddrPort())
	if local, ok := h.LocalAddr().(*net.TCPAddr); ok {
		h.c.local = unmap(local.AddrPort()).Addr()
	}
	return h.c.addr.Addr().IsValid()
}

// more reads on; false when nothing comes any more.
func (h *httpConn) more(closing <-chan struct{}) bool {
	switch {
	case h.n == 0 && !h.c.now.IsZero():
		h.rest()
	case !h.hurried:
		h.hurry()
	}
	if h.n == len(h.read) {
		h.read = append(make([]byte, 0, maxHead), h.read...)[:maxHead]
	}
	select {
	case <-closing:
		return false
	default:
	}
	m, err := h.Read(h.read[h.n:])
	h.n += m
	return err == nil || m > 0
}

// rest gives the client the time between two requests, and the memory of an idle connection.
func (h *httpConn) rest() {
	if len(h.read) > connBuffer {
		h.read = make([]byte, connBuffer)
	}
	if h.c.now.Sub(h.rested) >= renewEvery {
		h.rested = h.c.now
		_ = h.SetDeadline(time.Now().Add(KeepAlive)) // an error shows at the read
	}
}

// hurry gives the client the time of a head, once: from its first byte, or from the start of the connection on.
func (h *httpConn) hurry() {
	h.hurried, h.rested = true, time.Time{}
	_ = h.SetDeadline(time.Now().Add(HeaderTimeout)) // an error shows at the read
}

// answer answers r; false when the client does not take it.
func (h *httpConn) answer(ctx context.Context, r *request) bool {
	x := h.t.pool.Get().(*exchange)
	defer h.t.pool.Put(x)
	_, err := h.Write(h.render(ctx, x, r))
	return err == nil
}

// render returns the answer to r with its head, in the memory of x.
func (h *httpConn) render(ctx context.Context, x *exchange, r *request) []byte {
	if string(r.host) != h.host {
		h.host = string(r.host)
		h.c.host = hostAddr(h.host)
	}
	h.c.now, h.c.token = h.t.o.Now(), r.token
	h.t.answerHTTP(ctx, r.ask, x, h.c, r.query)
	x.head = appendHead(x.head[:0], r, len(x.out), h.c.now)
	if !r.head {
		x.head = append(x.head, x.out...)
	}
	return x.head
}

// appendHead appends the head of an answer of n bytes, as net/http writes that of ServeHTTP.
func appendHead(dst []byte, r *request, n int, now time.Time) []byte {
	status := "HTTP/1.1 200 OK"
	if r.http10 {
		status = "HTTP/1.0 200 OK"
	}
	dst = append(dst, status...)
	dst = append(dst, "\r\nCache-Control: "+cacheControl+"\r\nContent-Length: "...)
	dst = strconv.AppendInt(dst, int64(n), 10)
	dst = append(dst, "\r\nContent-Type: "+tracker.MediaType+"\r\nDate: "...)
	dst = now.UTC().AppendFormat(dst, http.TimeFormat)
	switch {
	case r.close && !r.http10:
		dst = append(dst, "\r\nConnection: close"...)
	case r.http10 && !r.close:
		dst = append(dst, "\r\nConnection: keep-alive"...)
	}
	return append(dst, "\r\n\r\n"...)
}

// hostAddr returns the address that a Host header is, not valid when it is a name.
func hostAddr(host string) netip.Addr {
	if at, err := netip.ParseAddrPort(host); err == nil {
		return at.Addr().Unmap().WithZone("")
	}
	if n := len(host); n > 2 && host[0] == '[' && host[n-1] == ']' {
		host = host[1 : n-1]
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}
