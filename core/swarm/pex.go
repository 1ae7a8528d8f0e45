package swarm

import (
	"net/netip"
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
)

// PEXDelta is what to tell a member of the others (BEP 11).
type PEXDelta = peer.PEX

// pexState is what a member was told.
type pexState struct {
	last time.Time // zero before the first message
	told map[netip.AddrPort]struct{}
}

// PEX returns what is to be told to the member now: at once the first time, then not more often than once
// a minute. It is false when there is nothing to tell, or when it is not yet time; what is returned counts
// as told.
func (m *Member) PEX(now time.Time) (PEXDelta, bool) {
	s := m.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.left || !m.pex.last.IsZero() && now.Sub(m.pex.last) < pexInterval {
		return PEXDelta{}, false
	}
	delta := PEXDelta{Dropped: m.pexDropped(), Added: m.pexAdded()}
	if len(delta.Added) == 0 && len(delta.Dropped) == 0 {
		return PEXDelta{}, false
	}
	m.pex.last = now
	return delta, true
}

// pexAdded picks others that m was not told of, and marks them told. s.mu is held.
func (m *Member) pexAdded() []peer.PEXPeer {
	var added []peer.PEXPeer
	for other := range m.s.members { // the order of a map: another choice for each member
		if len(added) == pexMaxChanges || len(m.pex.told) >= pexMaxTold {
			break
		}
		if other == m || !m.wants(other) {
			continue
		}
		if _, known := m.pex.told[other.listen]; known {
			continue
		}
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
