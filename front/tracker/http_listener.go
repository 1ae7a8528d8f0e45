package tracker

import (
	"context"
	"net"
	"sync"
	"time"
)

// closeWithin is how long an answer may take once the listener closes.
const closeWithin = 5 * time.Second

// httpListener answers announces and scrapes on the connections of a listener, one goroutine for each connection.
type httpListener struct {
	net.Listener
	t       *Tracker
	others  chan accepted
	closing chan struct{}
	once    sync.Once
	running sync.WaitGroup

	mu    sync.Mutex // guards conns
	conns map[net.Conn]struct{}
}

// accepted is a connection for net/http, or why there is none.
type accepted struct {
	conn net.Conn
	err  error
}

// ListenHTTP answers the plain announces and scrapes that come over l itself, by a path that allocates nothing for
// each, exactly as ServeHTTP does. A connection with anything else on it is accepted from the listener returned, for
// an http.Server whose handler is t: from that request on, it is all of net/http. The bounds are HeaderTimeout
// and KeepAlive. Close ends the connections that were not accepted and closes l.
func (t *Tracker) ListenHTTP(ctx context.Context, l net.Listener) net.Listener {
	h := &httpListener{
		Listener: l, t: t, others: make(chan accepted), closing: make(chan struct{}), conns: make(map[net.Conn]struct{}),
	}
	h.running.Go(func() { h.acceptAll(ctx) })
	return h
}

// Accept implements net.Listener.
func (h *httpListener) Accept() (net.Conn, error) {
	select {
	case a := <-h.others:
		return a.conn, a.err
	case <-h.closing:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. It returns when every answer under way is written.
func (h *httpListener) Close() error {
	err := h.Listener.Close()
	h.once.Do(func() {
		close(h.closing)
		h.mu.Lock()
		for c := range h.conns {
			_ = c.SetReadDeadline(time.Unix(1, 0)) // wakes who waits for a request
			_ = c.SetWriteDeadline(time.Now().Add(closeWithin))
		}
		h.mu.Unlock()
	})
	h.running.Wait()
	return err
}

// acceptAll serves what comes until Close. Faults go to who accepts, who knows how long to wait after one.
func (h *httpListener) acceptAll(ctx context.Context) {
	for {
		conn, err := h.Listener.Accept()
		if err != nil {
			if !h.pass(accepted{err: err}) {
				return
			}
			continue
		}
		if !h.add(conn) {
			_ = conn.Close() // nothing was said on it
			return
		}
		h.running.Go(func() { h.serve(ctx, conn) })
	}
}

// pass gives a to who accepts; false when nobody does any more.
func (h *httpListener) pass(a accepted) bool {
	select {
	case h.others <- a:
		return true
	case <-h.closing:
		return false
	}
}

// add notes a connection for Close; false when it is too late.
func (h *httpListener) add(conn net.Conn) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-h.closing:
		return false
	default:
		h.conns[conn] = struct{}{}
		return true
	}
}

func (h *httpListener) remove(conn net.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.conns, conn)
}

// serve owns conn until it is closed or passed on.
func (h *httpListener) serve(ctx context.Context, conn net.Conn) {
	c := httpConn{Conn: conn, t: h.t}
	other := c.serve(ctx, h.closing)
	h.remove(conn)
	if other {
		_ = conn.SetDeadline(time.Time{}) // net/http sets its own
		if h.pass(accepted{conn: &readConn{Conn: conn, read: c.read[:c.n]}}) {
			return
		}
	}
	_ = conn.Close() // the peer may have closed it
}

// readConn is a connection from which something was read already.
type readConn struct {
	net.Conn
	read []byte // and not used; used by one reader at a time, as the connections of net/http are
}

// Read implements net.Conn.
func (c *readConn) Read(p []byte) (int, error) {
	if len(c.read) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.read)
	if c.read = c.read[n:]; len(c.read) == 0 {
		c.read = nil // the buffer
	}
	return n, nil
}
