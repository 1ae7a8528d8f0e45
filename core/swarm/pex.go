package swarm

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"shoal/wire/peer"
)

const (
	// pexInterval: BEP 11: "should not send PEX messages more frequently than once a minute".
	pexInterval = time.Minute
	// pexMaxChanges: BEP 11: "Except for the initial PEX message the combined amount of added v4/v6 contacts
	// should not exceed 50 entries. The same applies to dropped entries." The first keeps to it too.
	pexMaxChanges = 50
	// pexMaxTold bounds what is kept for each member; clients want about as many connections.
	pexMaxTold = 200
	// pexGather is how long the first message waits for more to tell, and pexEnough is what it does not wait with: of a
	// crowd that comes at once the first would know hardly anyone, and for a minute.
	pexGather = 2 * time.Second
	pexEnough = 20
)

// PEXDelta is what to tell a member of the others (BEP 11).
type PEXDelta = peer.PEX

// pexState is what a member was told.
type pexState struct {
	last  time.Time // zero before the first message
	asked time.Time // for the first one, when there was somebody to tell of
	churn int64     // Swarm.churn at the last look
	told  map[netip.AddrPort]struct{}
}

// PEX returns what is to be told to the member now: almost at once the first time, then not more often than once
// a minute. Conn.Wake says when to ask. It is false when there is nothing to tell, or when it is not yet time;
// what is returned counts as told.
func (m *Member) PEX(now time.Time) (PEXDelta, bool) {
	s := m.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.left || s.guests != nil || !m.pex.last.IsZero() && now.Sub(m.pex.last) < pexInterval || m.pex.last.IsZero() && m.gathering(now) {
		return PEXDelta{}, false
	}
	m.pex.churn = s.churn
	delta := PEXDelta{Dropped: m.pexDropped(), Added: m.pexAdded()}
	if len(delta.Added) == 0 && len(delta.Dropped) == 0 {
		return PEXDelta{}, false
	}
	m.pex.last = now
	return delta, true
}

// gathering reports whether the first message is to wait. s.mu is held.
func (m *Member) gathering(now time.Time) bool {
	if len(m.s.members) <= 1 || len(m.s.members) > pexEnough {
		return false
	}
	if m.pex.asked.IsZero() {
		m.pex.asked = now
	}
	return now.Sub(m.pex.asked) < pexGather
}

// pexDue reports whether it is time for a message to m. s.mu is held.
func (m *Member) pexDue(now time.Time) bool {
	switch {
	case m.pex.churn == m.s.churn, m.s.guests != nil: // BEP 27: peers come from the tracker alone
		return false
	case m.pex.last.IsZero():
		return len(m.s.members) > 1 && !m.gathering(now)
	}
	return now.Sub(m.pex.last) >= pexInterval
}

// pexAdded picks others that m was not told of, and marks them told: first those behind its own public address,
// who may be near, then who came last, whom nobody knows yet. s.mu is held.
func (m *Member) pexAdded() []peer.PEXPeer {
	var others []*Member
	for other := range m.s.members {
		if _, known := m.pex.told[other.listen]; !known && other != m && m.wants(other) {
			others = append(others, other)
		}
	}
	near := func(o *Member) bool { return o.addr.Addr() == m.addr.Addr() }
	slices.SortFunc(others, func(a, b *Member) int {
		if near(a) != near(b) {
			if near(a) {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.joined, a.joined)
	})
	var added []peer.PEXPeer
	for _, other := range others[:min(len(others), pexMaxChanges, max(pexMaxTold-len(m.pex.told), 0))] {
		if m.pex.told == nil {
			m.pex.told = make(map[netip.AddrPort]struct{})
		}
		m.pex.told[other.listen] = struct{}{}
		p := peer.PEXPeer{Addr: other.listen}
		if other.have.complete() {
			p.Flags |= peer.PEXSeed
		}
		added = append(added, p)
	}
	return added
}

// wants reports whether m may be told of other and has a use for it.
func (m *Member) wants(other *Member) bool {
	return other.listen.IsValid() && other.listen != m.listen &&
		Nameable(other.listen.Addr(), m.addr.Addr()) &&
		!(m.have.complete() && other.have.complete()) // seeds have nothing for each other
}

// pexDropped picks those that m was told of and that left, and forgets them. s.mu is held.
func (m *Member) pexDropped() []netip.AddrPort {
	if len(m.pex.told) == 0 {
		return nil
	}
	here := make(map[netip.AddrPort]struct{}, len(m.s.members))
	for other := range m.s.members {
		here[other.listen] = struct{}{}
	}
	var dropped []netip.AddrPort
	for addr := range m.pex.told {
		if len(dropped) == pexMaxChanges {
			break
		}
		if _, ok := here[addr]; !ok {
			delete(m.pex.told, addr)
			dropped = append(dropped, addr)
		}
	}
	return dropped
}
