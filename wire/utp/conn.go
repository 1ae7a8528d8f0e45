package utp

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// Conn is one stream. It implements net.Conn. Close returns at once; what was written before is still sent for a
// while, and then given up. After SetLinger(0) Close drops it.
type Conn struct {
	l       *Listener
	remote  netip.AddrPort
	control []byte // that makes a packet leave by the address that the peer sent to

	mu     sync.Mutex
	s      stream // guarded by mu
	linger int    // guarded by mu; 0 is none
	shut   bool   // guarded by mu: Close was called

	reading, writing waiter
	done             chan struct{} // closed when Close was called or the stream is dead; under mu

	// Of the goroutine that sends.
	due   time.Duration
	place int // in timers
	// Guarded by the Listener's mu.
	queued bool
}

// waiter is what a blocked Read or Write waits for; one at a time.
type waiter struct {
	turn     sync.Mutex
	timer    *time.Timer   // guarded by turn
	wake     chan struct{} // one slot: look again
	deadline time.Time     // guarded by Conn.mu
}

func newConn(l *Listener, remote netip.AddrPort, control []byte, s *stream) *Conn {
	c := &Conn{l: l, remote: remote, control: control, s: *s, linger: -1, place: -1, done: make(chan struct{})}
	c.reading.wake, c.writing.wake = make(chan struct{}, 1), make(chan struct{}, 1)
	return c
}

// Read implements net.Conn.
func (c *Conn) Read(b []byte) (int, error) {
	c.reading.turn.Lock()
	defer c.reading.turn.Unlock()
	for {
		c.mu.Lock()
		n, err := c.read(b)
		deadline, urgent := c.reading.deadline, c.s.ackAt != 0 && c.s.ackAt <= c.l.now()
		c.mu.Unlock()
		if n > 0 && urgent {
			c.l.ready(c) // the window opens
		}
		if n > 0 || err != nil || len(b) == 0 {
			return n, err
		}
		if !c.wait(&c.reading, deadline) {
			return 0, c.timedOut("read")
		}
	}
}

// read takes what is there. The caller holds mu.
func (c *Conn) read(b []byte) (int, error) {
	switch {
	case c.shut:
		return 0, c.failed("read", net.ErrClosed)
	case c.s.readable() > 0:
		return c.s.read(b, c.l.now()), nil
	case c.s.ended:
		return 0, io.EOF
	case c.s.err != nil:
		return 0, c.failed("read", c.s.err)
	}
	return 0, nil
}

// Write implements net.Conn. It returns when all of b is on its way or kept, which is bounded.
func (c *Conn) Write(b []byte) (n int, err error) {
	c.writing.turn.Lock()
	defer c.writing.turn.Unlock()
	for {
		c.mu.Lock()
		switch {
		case c.shut:
			err = c.failed("write", net.ErrClosed)
		case c.s.err != nil:
			err = c.failed("write", c.s.err)
		}
		m := 0
		if err == nil {
			m = c.s.write(b[n:])
		}
		deadline := c.writing.deadline
		c.mu.Unlock()
		if n += m; m > 0 {
			c.l.ready(c)
		}
		if n == len(b) || err != nil {
			return n, err
		}
		if !c.wait(&c.writing, deadline) {
			return n, c.timedOut("write")
		}
	}
}

// wait returns when w is told to look again, or the stream ended; false when deadline passed first. The caller
// has w's turn.
func (c *Conn) wait(w *waiter, deadline time.Time) bool {
	var expired <-chan time.Time
	if !deadline.IsZero() {
		left := time.Until(deadline)
		if left <= 0 {
			return false
		}
		if w.timer == nil {
			w.timer = time.NewTimer(left)
		} else {
			w.timer.Reset(left)
		}
		defer w.timer.Stop()
		expired = w.timer.C
	}
	select {
	case <-w.wake:
	case <-c.done:
	case <-expired:
		return false
	}
	return true
}

// Close implements net.Conn.
func (c *Conn) Close() error {
	c.mu.Lock()
	if c.shut {
		c.mu.Unlock()
		return c.failed("close", net.ErrClosed)
	}
	c.shut = true
	c.s.aborted = c.linger == 0
	c.s.close(c.l.now())
	c.release()
	c.mu.Unlock()
	c.l.ready(c)
	return nil
}

// EndPacketAfter has a packet end after the next bytes that are written; what is written then does not wait for its
// acknowledgement. It is for peers that look at packets, where they should see a stream.
func (c *Conn) EndPacketAfter(bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.s.cut = max(bytes, 0)
}

// SetLinger is that of net.TCPConn: with 0, Close drops what is not sent yet and resets the stream. Other values
// mean the default.
func (c *Conn) SetLinger(sec int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.linger = sec
	return nil
}

// LocalAddr implements net.Conn. It is the address that the Listener is bound to.
func (c *Conn) LocalAddr() net.Addr { return c.l.Addr() }

// RemoteAddr implements net.Conn. It returns a *net.UDPAddr.
func (c *Conn) RemoteAddr() net.Addr { return net.UDPAddrFromAddrPort(c.remote) }

// SetDeadline implements net.Conn.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.setDeadline(&c.reading, t), c.setDeadline(&c.writing, t))
}

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.setDeadline(&c.reading, t) }

// SetWriteDeadline implements net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.setDeadline(&c.writing, t) }

func (c *Conn) setDeadline(w *waiter, t time.Time) error {
	c.mu.Lock()
	w.deadline = t
	shut := c.shut
	c.mu.Unlock()
	if shut {
		return c.failed("set deadline", net.ErrClosed)
	}
	signal(w.wake)
	return nil
}

func (c *Conn) failed(op string, err error) error {
	return &net.OpError{Op: op, Net: "utp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}

func (c *Conn) timedOut(op string) error { return c.failed(op, os.ErrDeadlineExceeded) }

// arrived gives the stream a packet.
func (c *Conn) arrived(h *header, payload []byte) {
	c.mu.Lock()
	had := c.s.readable()
	c.s.receive(h, payload, c.l.now())
	readable := c.s.readable() > had || c.s.ended
	c.mu.Unlock()
	if readable {
		signal(c.reading.wake)
	}
	c.l.ready(c)
}

// send does what is due. It fills b with what to send and reports whether there is more of it.
func (c *Conn) send(b *burst) (more bool) {
	c.mu.Lock()
	now := c.l.now()
	if c.s.closed && c.l.isClosed() {
		c.s.closeBy = min(c.s.closeBy, now+stopTimeout)
	}
	c.s.tick(now)
	more = c.s.poll(now, b)
	c.due = c.s.deadline()
	roomy := c.s.unsent <= maxUnsent/2
	c.mu.Unlock()
	if roomy {
		signal(c.writing.wake)
	}
	return more
}

// settle wakes everyone when the stream is dead, and reports whether it is.
func (c *Conn) settle() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.s.err == nil {
		return false
	}
	c.release()
	return true
}

// release wakes everyone for good. The caller holds mu.
func (c *Conn) release() {
	select {
	case <-c.done:
	default:
		close(c.done)
	}
}

// signal wakes who waits on ch, now or next.
func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
