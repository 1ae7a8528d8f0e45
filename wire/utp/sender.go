package utp

import (
	"sync"
	"sync/atomic"
	"time"
)

// outgoing is a packet with a sequence number, from Write to its acknowledgement.
type outgoing struct {
	kind   packetType
	sent   int           // times
	at     time.Duration // of the last time
	order  uint64        // of the last time, among all packets of the stream
	acked  bool          // selectively, while one before it is not
	lost   bool          // to be sent again
	whole  bool          // nothing is added to it any more
	length int
	bytes  [maxPayload]byte
}

var outgoingPool = sync.Pool{New: func() any { return new(outgoing) }}

func newOutgoing(kind packetType) *outgoing {
	p := outgoingPool.Get().(*outgoing)
	p.kind, p.sent, p.acked, p.lost, p.whole, p.length = kind, 0, false, false, false, 0
	return p
}

// packetBudget are the packets that the streams of a Listener may still have, beside those that each may have anyway.
type packetBudget struct{ left atomic.Int64 }

func newPacketBudget() *packetBudget {
	b := new(packetBudget)
	b.left.Store(maxPackets)
	return b
}

// take reports whether there was a packet left, and takes it.
func (b *packetBudget) take() bool {
	if b.left.Add(-1) >= 0 {
		return true
	}
	b.left.Add(1)
	return false
}

// sender is the half of a stream that sends.
type sender struct {
	budget  *packetBudget
	counted int // packets of queue that were taken from budget
	congestion
	roundTrip
	queue   []*outgoing // all that is not acknowledged; the first sent of them were sent
	first   uint16      // sequence number of queue[0]
	sent    int
	flight  int    // bytes sent and neither acknowledged nor lost
	unsent  int    // bytes never sent
	cut     int    // bytes still to be written before a packet ends; 0 is no such end
	missing int    // packets of queue to be sent again
	order   uint64 // of the next packet to be sent
	passed  uint64 // the latest order that was acknowledged
	acks    int    // of the same packet in a row
	cutAt   uint16 // the window was cut for what was lost before it
	room    int    // bytes that the peer takes
	partial uint16 // sequence number of the last short packet sent, while short
	short   bool
	failed  int           // timeouts in a row
	expires time.Duration // when the next one is; 0 is never
}

// next returns the sequence number of the first packet that was never sent.
func (s *sender) next() uint16 { return s.first + uint16(s.sent) }

// write queues what there is room for and returns how much.
func (s *sender) write(b []byte) (n int) {
	for n < len(b) && s.unsent < maxUnsent {
		var tail *outgoing
		if len(s.queue) > s.sent {
			tail = s.queue[len(s.queue)-1]
		}
		if tail == nil || tail.kind != typeData || tail.whole {
			if !s.afford() {
				break
			}
			tail = newOutgoing(typeData)
			s.queue = append(s.queue, tail)
		}
		end := len(b)
		if s.cut > 0 {
			end = min(end, n+s.cut)
		}
		m := copy(tail.bytes[tail.length:], b[n:end])
		tail.length += m
		tail.whole = tail.length == maxPayload || s.cut > 0 && m == s.cut
		s.cut = max(s.cut-m, 0)
		s.unsent += m
		n += m
	}
	return n
}

// afford reports whether the stream may have one more packet.
func (s *sender) afford() bool {
	if len(s.queue) < keptPackets {
		return true
	}
	if !s.budget.take() {
		return false
	}
	s.counted++
	return true
}

// repay gives back to the budget what the stream does not have any more.
func (s *sender) repay() {
	if over := s.counted - max(len(s.queue)-keptPackets, 0); over > 0 {
		s.counted -= over
		s.budget.left.Add(int64(over))
	}
}

// pick returns the packet to be sent now, or nil.
func (s *sender) pick() (p *outgoing, seq uint16) {
	if s.missing > 0 {
		for i, p := range s.queue[:s.sent] {
			if p.lost {
				return s.ifRoom(p), s.first + uint16(i)
			}
		}
	}
	if s.sent == len(s.queue) || s.sent >= maxFlight {
		return nil, 0
	}
	p = s.queue[s.sent]
	// One short packet at a time, so that many small writes become few packets.
	if p.kind == typeData && !p.whole && s.short {
		return nil, 0
	}
	return s.ifRoom(p), s.next()
}

// ifRoom returns p if the windows have room for it.
func (s *sender) ifRoom(p *outgoing) *outgoing {
	if p.length > 0 && s.flight+p.length > min(s.window, s.room) && (s.flight > 0 || s.room < p.length) {
		return nil
	}
	return p
}

// mark notes that p goes out.
func (s *sender) mark(p *outgoing, seq uint16, now time.Duration) {
	if p.sent == 0 {
		s.sent++
		s.unsent -= p.length
	}
	if p.lost {
		p.lost = false
		s.missing--
	}
	if p.kind == typeData && !p.whole {
		p.whole = true
		s.partial, s.short = seq, true
	}
	p.sent++
	p.at, p.order = now, s.order
	s.order++
	s.flight += p.length
	if s.expires == 0 {
		s.expires = now + s.timeout(s.failed)
	}
}

// acknowledge takes what h says has arrived.
func (s *sender) acknowledge(h *header, hasPayload bool, now time.Duration) {
	s.room, s.failed = int(min(h.window, maxWindow)), 0
	flight, bytes, rtt := s.flight, 0, time.Duration(0)
	take := func(p *outgoing) {
		if p.acked {
			return
		}
		p.acked = true
		bytes += p.length
		if p.lost {
			p.lost = false
			s.missing--
		} else {
			s.flight -= p.length
		}
		if p.sent == 1 { // of others nobody knows which time it was
			s.passed = max(s.passed, p.order)
			if sample := now - p.at; rtt == 0 || sample < rtt {
				rtt = sample
			}
		}
	}
	cumulative := int(int16(h.ack - s.first + 1))
	for range min(cumulative, s.sent) {
		take(s.queue[0])
		s.drop()
	}
	s.countAcks(cumulative, h, hasPayload)
	s.selective(h, take)
	if bytes > 0 {
		if rtt > 0 {
			s.roundTrip.add(rtt)
			s.grow(bytes, flight, h.delay, rtt, now)
		}
		s.expires = 0
	}
	s.detectLoss()
	if s.sent > 0 && s.expires == 0 {
		s.expires = now + s.timeout(0)
	}
}

// drop forgets the first packet of the queue.
func (s *sender) drop() {
	if s.short && s.partial == s.first {
		s.short = false
	}
	outgoingPool.Put(s.queue[0])
	s.queue[0] = nil
	s.queue = s.queue[1:]
	s.first++
	s.sent--
	s.repay()
	if len(s.queue) == 0 {
		s.queue = nil // an idle stream keeps nothing
	}
}

// countAcks counts acknowledgements of the same packet, for peers that do not send selective ones.
func (s *sender) countAcks(cumulative int, h *header, hasPayload bool) {
	switch {
	case cumulative > 0 || s.sent == 0:
		s.acks = 0
	case cumulative == 0 && h.kind == typeState && !hasPayload && h.sack == nil:
		if s.acks++; s.acks == reordering {
			s.lose(0)
		}
	}
}

// selective takes the packets after the first missing one that h has a bit for.
func (s *sender) selective(h *header, take func(*outgoing)) {
	at := int(int16(h.ack + 2 - s.first))
	for i := range 8 * len(h.sack) {
		if h.sack[i/8]&(1<<(i%8)) == 0 {
			continue
		}
		if k := at + i; k >= 0 && k < s.sent {
			take(s.queue[k])
		}
	}
}

// detectLoss gives up packets that were overtaken by too many.
func (s *sender) detectLoss() {
	if s.passed < reordering {
		return
	}
	for i, p := range s.queue[:s.sent] {
		if p.order >= s.passed-reordering+1 && p.sent == 1 {
			return // all that follow were sent later still, or were found lost before
		}
		if !p.acked && !p.lost && p.order+reordering <= s.passed {
			s.lose(i)
		}
	}
}

// lose marks a packet to be sent again, and cuts the window once for all that were lost together.
func (s *sender) lose(i int) {
	p := s.queue[i]
	if p.lost || p.acked {
		return
	}
	p.lost = true
	s.missing++
	s.flight -= p.length
	if seq := s.first + uint16(i); !before(seq, s.cutAt) {
		s.cutAt = s.next()
		s.shrink()
	}
}

// expire answers a timeout: everything on the way counts as lost. It reports whether there is still hope.
func (s *sender) expire(now time.Duration) bool {
	if s.failed++; s.failed > maxTimeouts {
		return false
	}
	for _, p := range s.queue[:s.sent] {
		if !p.lost && !p.acked {
			p.lost = true
			s.missing++
		}
	}
	s.flight = 0
	s.cutAt = s.next()
	s.timedOut()
	s.expires = now + s.timeout(s.failed)
	return true
}

// release gives the packets back.
func (s *sender) release() {
	for _, p := range s.queue {
		outgoingPool.Put(p)
	}
	s.queue, s.sent, s.missing, s.flight, s.unsent, s.expires = nil, 0, 0, 0, 0, 0
	s.repay()
}
