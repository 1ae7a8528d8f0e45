package utp

import (
	"net"
	"time"
)

// stream is the state machine of one connection. Times are since the Listener began.
type stream struct {
	sender
	receiver
	recvID, sendID uint16
	dialling       bool // our SYN is not answered yet
	replyDelay     uint32
	heard, spoke   time.Duration // last packet from the peer, to the peer
	closed         bool          // by the owner
	aborted        bool          // the same, and what was written is not to go out
	closeBy        time.Duration // when what is left to do after that is given up
	err            error         // why the stream is dead
}

// newStream returns the stream of a peer that has answered: its SYN was number syn, the next packet is ours.
func newStream(connID, syn, ours uint16, budget *packetBudget, now time.Duration) *stream {
	s := &stream{recvID: connID, sendID: connID - 1, heard: now, spoke: now}
	s.congestion, s.budget = newCongestion(), budget
	s.first, s.cutAt, s.last = ours, ours, syn
	s.order = 1
	return s
}

// dial queues the SYN of a stream that begins here.
func (s *stream) dial() {
	s.dialling, s.sendID = true, s.recvID+1
	s.queue = append(s.queue, newOutgoing(typeSyn))
}

// receive takes a packet of the stream. The payload is copied.
func (s *stream) receive(h *header, payload []byte, now time.Duration) {
	switch {
	case s.err != nil:
		return
	case h.kind == typeSyn:
		s.ackAt = now // it has not heard the answer
		return
	case h.kind == typeReset:
		if ahead := h.ack - s.first + 1; int(ahead) <= s.sent+1 { // others are forged or of another stream
			s.die(errReset)
		}
		return
	case before(s.next()-1, h.ack):
		return // it acknowledges what was not sent
	case s.dialling && h.kind == typeState:
		s.dialling, s.last = false, h.seq-1
	}
	s.heard = now
	if h.timestamp != 0 {
		s.replyDelay = micros(now) - h.timestamp
		s.congestion.heard(s.replyDelay, now)
	}
	s.acknowledge(h, len(payload) > 0, now)
	switch h.kind {
	case typeData:
		s.data(h.seq, payload, now)
	case typeFin:
		s.end(h.seq, now)
	}
}

// poll appends what is to be sent now to b. It reports whether b was too small for it.
func (s *stream) poll(now time.Duration, b *burst) (more bool) {
	if s.aborted && s.err == nil {
		s.emit(b, &header{kind: typeReset, connID: s.sendID, seq: s.next()}, nil, now)
		s.die(net.ErrClosed)
	}
	for s.err == nil {
		p, seq := s.pick()
		if p == nil {
			break
		}
		if !b.room(headerLen + p.length) {
			return true
		}
		s.mark(p, seq, now)
		id := s.sendID
		if p.kind == typeSyn {
			id = s.recvID
		}
		s.emit(b, &header{kind: p.kind, connID: id, seq: seq}, p.bytes[:p.length], now)
	}
	if s.err == nil && s.ackAt != 0 && s.ackAt <= now {
		var bits [maxReordered / 8]byte
		h := header{kind: typeState, connID: s.sendID, seq: s.next(), sack: s.sack(bits[:0])}
		if !b.room(headerLen + 2 + len(bits)) {
			return true
		}
		s.emit(b, &h, nil, now)
	}
	if s.closed && len(s.queue) == 0 {
		s.die(net.ErrClosed)
	}
	return false
}

// emit appends one packet.
func (s *stream) emit(b *burst, h *header, payload []byte, now time.Duration) {
	h.timestamp, h.delay, h.window, h.ack = micros(now), s.replyDelay, uint32(s.space()), s.last
	if s.held == 0 || h.kind == typeState {
		s.acknowledged() // with something missing, only the bits say what
	}
	s.spoke = now
	b.add(h, payload)
}

// tick does what is due at now.
func (s *stream) tick(now time.Duration) {
	if s.err != nil {
		return
	}
	if s.sent == 0 && len(s.queue) > 0 && s.expires == 0 {
		s.expires = now + s.timeout(s.failed) // the peer's window is shut: ask again in time
	}
	if s.expires != 0 && s.expires <= now {
		if !s.expire(now) {
			s.die(errTimedOut)
			return
		}
		if s.sent == 0 || s.room == 0 {
			s.room = maxPayload // BEP 29: one packet, whatever the window was
		}
	}
	switch {
	case s.closed && s.closeBy <= now:
		s.die(errTimedOut)
	case now-s.heard >= idleTimeout:
		s.die(errTimedOut)
	case now-s.spoke >= keepAliveAfter:
		s.ackAt = now
	}
}

// deadline returns when tick or poll are to be called at the latest.
func (s *stream) deadline() time.Duration {
	d := min(s.spoke+keepAliveAfter, s.heard+idleTimeout)
	for _, t := range []time.Duration{s.expires, s.ackAt, s.closeBy} {
		if t != 0 {
			d = min(d, t)
		}
	}
	return d
}

// close ends our side: what was written is still sent, and a FIN after it.
func (s *stream) close(now time.Duration) {
	if s.closed || s.err != nil {
		return
	}
	s.closed, s.closeBy = true, now+lingerTimeout
	s.discard, s.ready, s.at = true, nil, 0
	if len(s.queue) > s.sent {
		s.queue[len(s.queue)-1].whole = true // nothing more will come
	}
	s.queue = append(s.queue, newOutgoing(typeFin))
}

// die ends the stream for good. The first reason stands.
func (s *stream) die(err error) {
	if s.err == nil {
		s.err = err
		s.release()
		s.later, s.held = nil, 0 // what is ready may still be read
	}
}

// micros is t as packets have it.
func micros(t time.Duration) uint32 { return uint32(t / time.Microsecond) }
