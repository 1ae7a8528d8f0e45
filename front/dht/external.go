package dht

import (
	"net/netip"
	"slices"
)

const (
	// maxClaims are kept, the latest ones.
	maxClaims = 16
	// agreeing claims of so many networks settle what our address is, if they are most of those kept.
	agreeing = 4
)

// external is what nodes say our address is (BEP 42). A few liars change nothing.
type external struct {
	claims []claim // oldest first, one of each network
}

type claim struct {
	teller  netip.AddrPort // networkOf
	address netip.Addr
}

// note takes what a node says our address is, and returns the one that is settled; not valid while there is none.
func (e *external) note(teller netip.AddrPort, address netip.Addr) netip.Addr {
	if address.IsValid() && address.Is4() == teller.Addr().Is4() {
		c := claim{networkOf(teller), address}
		e.claims = slices.DeleteFunc(e.claims, func(old claim) bool { return old.teller == c.teller })
		e.claims = append(e.claims, c)
		e.claims = e.claims[max(0, len(e.claims)-maxClaims):]
	}
	for _, c := range e.claims {
		n := 0
		for _, other := range e.claims {
			if other.address == c.address {
				n++
			}
		}
		if n >= agreeing && 2*n > len(e.claims) {
			return c.address
		}
	}
	return netip.Addr{}
}
