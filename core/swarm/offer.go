package swarm

import (
	"encoding/binary"
	"time"
)

// Traits are what a connection knows of its peer after the handshakes; they decide how it can be governed.
type Traits struct {
	Fast     bool // BEP 6: HaveNone, Reject
	DontHave bool // BEP 54: it takes an offer back
}

// Greeting is what a new member is told first.
type Greeting struct {
	Unchoke   bool // it may request
	AllPieces bool // every piece is announced to it; otherwise none, and Orders announce them one by one
}

// Orders are what a connection is to tell its peer, in the order of the fields. A connection keeps one and
// hands it to Member.Orders again and again: its slices are reused.
type Orders struct {
	Choke, Unchoke bool
	Have           []uint32      // pieces to announce
	DontHave       []uint32      // pieces to take back; only of a member with Traits.DontHave
	Again          time.Duration // ask for orders again after that time though Wake was not called; 0 is never
	// BlockEvery is the least time between two blocks of payload to the peer; 0 is none. It is set for a peer that
	// is only to stay: requests of it wait in the queue.
	BlockEvery time.Duration
	// Window is how many bytes may be on their way to the peer; 0 is as many as the network takes.
	Window int64
}

// Greeting returns what to tell the member first. It is asked for once.
func (m *Member) Greeting() Greeting {
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	m.choked = m.account.barred(m.s.r.o.Now())
	return Greeting{Unchoke: !m.choked, AllPieces: m.s.policy == Speed}
}

// SetTraits says what the peer can do; called again when it learns more (the extended handshake).
func (m *Member) SetTraits(t Traits) { m.govern(func(g *Governor) { g.SetTraits(m.id, t) }) }

// Orders fills o with what is to be told to the peer since the last call, and reports whether there is
// anything. Conn.Wake says when to ask.
func (m *Member) Orders(now time.Time, o *Orders) (any bool) {
	*o = Orders{Have: o.Have[:0], DontHave: o.DontHave[:0]}
	m.govern(func(g *Governor) {
		any = g.Orders(m.id, o)
		o.Window = g.bytesAhead(m.s.since(now))
		if barred := m.account.barred(now); barred != m.choked {
			m.choked, any = barred, true
			o.Choke, o.Unchoke = barred, !barred
		}
	})
	return any
}

// MayHave reports whether the peer was told of a piece and may be sent it.
func (m *Member) MayHave(piece uint32) (may bool) {
	m.govern(func(g *Governor) { may = g.MayHave(m.id, piece) })
	return may
}

// Requested says that the peer asked for a block of a piece that it may have.
func (m *Member) Requested(piece uint32, now time.Time) {
	m.govern(func(g *Governor) { g.Requested(m.id, piece, m.s.since(now)) })
}

// Sent counts payload bytes of a piece that the socket took.
func (m *Member) Sent(piece uint32, bytes int64, now time.Time) {
	m.s.sent.Add(bytes)
	m.s.r.sent.Add(bytes)
	m.govern(func(g *Governor) {
		m.sent += bytes
		g.Sent(m.id, piece, bytes, m.s.since(now))
		if m.s.ledger.charge(m.account, bytes, now) {
			m.s.wakeNetwork(m.account)
		}
	})
}

// govern calls f unless m left, and wakes the connections that have orders then.
func (m *Member) govern(f func(*Governor)) {
	s := m.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if !m.left {
		f(s.governor)
		s.wake()
	}
}

// wake wakes the connections that have orders. s.mu is held.
func (s *Swarm) wake() {
	for _, id := range s.governor.Woken() {
		if m := s.byID[id]; m != nil {
			m.conn.Wake()
		}
	}
}

// wakeNetwork wakes the connections to the members of a network. s.mu is held.
func (s *Swarm) wakeNetwork(a *account) {
	for m := range s.members {
		if m.account == a {
			m.conn.Wake()
		}
	}
}

// since is the governor's time: it does not go back. s.mu is held.
func (s *Swarm) since(now time.Time) time.Duration {
	s.governed = max(s.governed, now.Sub(s.born))
	return s.governed
}

// now is the governor's time of the moment. s.mu is held.
func (s *Swarm) now() time.Duration { return s.since(s.r.o.Now()) }

// tick lets the governor do what is due by time.
func (s *Swarm) tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.governor == nil || s.closed != nil {
		return
	}
	now := s.now()
	if now-s.graduated >= graduateFor {
		s.graduates = 0
	}
	s.setSeeds(now)
	s.governor.Tick(now)
	s.wake()
	for m := range s.members {
		if m.pexDue(s.r.o.Now()) {
			m.conn.Wake()
		}
	}
}

// graduateFor is how long a member that left with everything counts as a seed though it is not announced as one:
// clients announce that they are complete in that time, or stop.
const graduateFor = 3 * time.Second

// setSeeds tells the governor of complete peers elsewhere. s.mu is held.
func (s *Swarm) setSeeds(now time.Duration) {
	s.governor.SetSeeds(max(int(s.peers4.seeds+s.peers6.seeds), s.graduates), now)
}

// governJoin makes m known to the governor, which is made for the first member. s.mu is held.
func (s *Swarm) governJoin(m *Member) {
	if s.governor == nil {
		t := s.Torrent()
		s.governor = NewGovernor(Terms{
			Length: t.Length, PieceLength: t.PieceLength, Policy: s.policy,
			Seed: binary.BigEndian.Uint64(s.hashes[0][:8]),
		})
	}
	if s.governor.awake == 0 { // of this crowd there is nobody left who needs seeds
		s.graduates = 0
		s.setSeeds(s.now())
	}
	m.account = s.ledger.of(m.addr.Addr())
	m.account.join(s.r.o.Now())
	m.id = s.governor.Join(s.now(), Traits{})
	for len(s.byID) <= m.id {
		s.byID = append(s.byID, nil)
	}
	s.byID[m.id] = m
	s.wake()
}

// governLeave takes m from the governor. s.mu is held.
func (s *Swarm) governLeave(m *Member) {
	s.byID[m.id] = nil
	m.account.leave()
	if m.have.complete() {
		s.graduates++
		s.graduated = s.now()
		s.finished++
		s.setSeeds(s.graduated)
	}
	s.governor.Leave(m.id, s.now())
	s.wake()
}
