package utp

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Options are the optional parts of a Listener; the zero value works.
type Options struct {
	MaxConns int // streams held; 0 is 20,000
}

// Listener accepts streams on a socket that it owns. It implements net.Listener; make it with Listen.
type Listener struct {
	o        Options
	socket   *socket
	began    time.Time
	cookies  *cookies
	accepted chan *Conn
	wake     chan struct{} // one slot: there is something in queue, or the Listener was closed
	closing  chan struct{} // closed by Close
	stopped  chan struct{} // closed when both goroutines ended
	timers   timers        // of the goroutine that sends
	budget   *packetBudget // of all streams

	mu     sync.Mutex
	conns  map[streamKey]*Conn // guarded by mu
	queue  []*Conn             // guarded by mu: to be sent for
	closed bool                // guarded by mu
	fault  error               // guarded by mu: of the socket, which ended it

	// Of the goroutine that receives.
	resets   int
	resetsAt time.Duration
	answer   burst
}

// streamKey names a stream: the peer, and the number that its packets carry.
type streamKey struct {
	remote netip.AddrPort
	id     uint16
}

// Listen accepts streams on pc, whose addresses must be *net.UDPAddr, and owns it from then on.
func Listen(pc net.PacketConn, o Options) *Listener {
	if o.MaxConns <= 0 {
		o.MaxConns = defaultMaxConns
	}
	l := &Listener{
		o: o, socket: newSocket(pc), began: time.Now().Add(-time.Second), cookies: newCookies(),
		accepted: make(chan *Conn, maxBacklog), wake: make(chan struct{}, 1),
		closing: make(chan struct{}), stopped: make(chan struct{}), conns: make(map[streamKey]*Conn), budget: newPacketBudget(),
	}
	received := make(chan struct{})
	go func() {
		defer close(received)
		l.receive()
	}()
	go func() {
		defer close(l.stopped)
		l.send()
		l.socket.close()
		<-received
	}()
	return l
}

// now is the time of all streams.
func (l *Listener) now() time.Duration { return time.Since(l.began) }

// Accept implements net.Listener. The peer of what it returns has proved its address.
func (l *Listener) Accept() (net.Conn, error) {
	if !l.isClosed() {
		select {
		case c := <-l.accepted:
			return c, nil
		case <-l.closing:
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fault != nil {
		return nil, fmt.Errorf("read utp packets: %w", l.fault)
	}
	return nil, &net.OpError{Op: "accept", Net: "utp", Addr: l.Addr(), Err: net.ErrClosed}
}

// Addr implements net.Listener.
func (l *Listener) Addr() net.Addr { return l.socket.pc.LocalAddr() }

// Close implements net.Listener: nobody is let in any more. Streams go on until their owners close them; the
// socket is closed after the last.
func (l *Listener) Close() error {
	if !l.shut(nil) {
		return &net.OpError{Op: "close", Net: "utp", Addr: l.Addr(), Err: net.ErrClosed}
	}
	return nil
}

// Wait waits after Close until every stream is gone, which takes at most two seconds from the last Close of one.
func (l *Listener) Wait() { <-l.stopped }

// shut closes l once, for fault if the socket has one.
func (l *Listener) shut(fault error) bool {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return false
	}
	l.closed, l.fault = true, fault
	close(l.closing)
	all := slices.Collect(maps.Values(l.conns))
	l.mu.Unlock()
	for _, c := range all {
		l.ready(c) // some linger
	}
	for {
		select {
		case c := <-l.accepted:
			_ = c.SetLinger(0)
			_ = c.Close() // nobody has it
		default:
			signal(l.wake)
			return true
		}
	}
}

// isClosed reports whether Close was called.
func (l *Listener) isClosed() bool {
	select {
	case <-l.closing:
		return true
	default:
		return false
	}
}

// receive gives packets to their streams until the socket is closed or broken.
func (l *Listener) receive() {
	b := make([]byte, maxDatagram)
	faults := 0
	for faults < maxReadErrors {
		n, control, from, err := l.socket.read(b)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			if faults++; faults == maxReadErrors {
				l.shut(err)
			}
			continue
		}
		faults = 0
		h, payload, err := parsePacket(b[:n])
		if err == nil && from.Port() != 0 {
			l.packet(&h, payload, from, control)
		}
	}
}

// packet handles one packet.
func (l *Listener) packet(h *header, payload []byte, from netip.AddrPort, control []byte) {
	key := streamKey{from, h.connID}
	switch h.kind {
	case typeSyn:
		key.id++
	case typeReset:
		if l.find(key) == nil {
			key.id++ // it may carry either number
		}
	}
	c := l.find(key)
	switch {
	case c != nil:
		c.arrived(h, payload)
	case h.kind == typeSyn:
		l.answerSyn(h, from, control)
	case h.kind == typeData:
		if c = l.begin(h, key, control); c != nil {
			c.arrived(h, payload)
			return
		}
		l.refuse(h, from, control)
	case h.kind != typeReset:
		l.refuse(h, from, control)
	}
}

func (l *Listener) find(key streamKey) *Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conns[key]
}

// answerSyn answers a SYN and forgets it.
func (l *Listener) answerSyn(h *header, from netip.AddrPort, control []byte) {
	now := l.now()
	l.reply(&header{
		kind: typeState, connID: h.connID, timestamp: micros(now), delay: micros(now) - h.timestamp, window: maxReceived,
		seq: l.cookies.number(from, h.connID, h.seq, now), ack: h.seq,
	}, from, control)
}

// begin returns the new stream of a peer that has proved that it reads what we send, or nil.
func (l *Listener) begin(h *header, key streamKey, control []byte) *Conn {
	now := l.now()
	syn, answer, ok := l.cookies.proves(key.remote, h, now)
	if !ok {
		return nil
	}
	c := newConn(l, key.remote, append([]byte(nil), control...), newStream(key.id, syn, answer, l.budget, now))
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.conns) >= l.o.MaxConns {
		return nil
	}
	select {
	case l.accepted <- c:
		l.conns[key] = c
		return c
	default:
		return nil
	}
}

// refuse answers a packet of no stream, unless there are too many. The answer is no longer than the packet.
func (l *Listener) refuse(h *header, from netip.AddrPort, control []byte) {
	now := l.now()
	if now-l.resetsAt >= time.Second {
		l.resets, l.resetsAt = 0, now
	}
	if l.resets++; l.resets <= resetsPerSecond {
		l.reply(&header{kind: typeReset, connID: h.connID - 1, timestamp: micros(now), ack: h.seq}, from, control)
	}
}

// reply sends one packet of no stream.
func (l *Listener) reply(h *header, to netip.AddrPort, control []byte) {
	l.answer.reset()
	l.answer.add(h, nil)
	l.socket.send(&l.answer, to, control)
}
