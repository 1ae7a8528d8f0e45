package swarm

import "time"

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
}

// Greeting returns what to tell the member first. It is asked for once.
func (m *Member) Greeting() Greeting { return Greeting{Unchoke: true, AllPieces: true} }

// SetTraits says what the peer can do; called again when it learns more (the extended handshake).
func (m *Member) SetTraits(Traits) {}

// SetInterested says whether the peer wants something of what it was told of.
func (m *Member) SetInterested(bool) {}

// Orders fills o with what is to be told to the peer since the last call, and reports whether there is
// anything. Conn.Wake says when to ask.
func (m *Member) Orders(now time.Time, o *Orders) bool {
	*o = Orders{Have: o.Have[:0], DontHave: o.DontHave[:0]}
	return false
}

// MayHave reports whether the peer was told of a piece and may be sent it.
func (m *Member) MayHave(piece uint32) bool { return true }

// Requested says that the peer asked for a block of a piece that it may have.
func (m *Member) Requested(piece uint32, now time.Time) {}

// Sent counts payload bytes that the socket took.
func (m *Member) Sent(bytes int64, now time.Time) {
	m.s.sent.Add(bytes)
	m.s.r.sent.Add(bytes)
	m.s.mu.Lock()
	m.sent += bytes
	m.s.mu.Unlock()
}
