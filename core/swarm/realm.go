package swarm

import "net/netip"

// realm is the part of the network in which an address means one host.
type realm uint8

const (
	nowhere   realm = iota // no host has it: unspecified, multicast, reserved
	global                 // reachable from anywhere
	loopback               // the same machine
	linkLocal              // the same wire
	private                // RFC 1918, RFC 4193
	shared                 // carrier-grade NAT, RFC 6598
)

func realmOf(a netip.Addr) realm {
	a = a.Unmap()
	switch {
	case !a.IsValid() || a.IsUnspecified() || a.IsMulticast():
		return nowhere
	case a.IsLoopback():
		return loopback
	case a.IsLinkLocalUnicast():
		return linkLocal
	case a.IsPrivate():
		return private
	case !a.Is4():
		return global
	}
	switch b := a.As4(); {
	case b[0] == 0 || b[0] >= 240: // RFC 1122: this network; RFC 1112: reserved
		return nowhere
	case b[0] == 100 && b[1]&0xc0 == 64:
		return shared
	}
	return global
}

// Nameable reports whether the address peer may be told to asker: one that means something only within
// a realm is told only there. A stranger can do nothing with it but connect to a host of his own, and
// learns what our other peers' networks look like.
func Nameable(peer, asker netip.Addr) bool {
	r := realmOf(peer)
	return r == global || r != nowhere && r == realmOf(asker)
}

// sameNetwork reports whether two addresses are of one IPv4 /24 or one IPv6 /56.
func sameNetwork(a, b netip.Addr) bool {
	if a.Is4() != b.Is4() {
		return false
	}
	if a.Is4() {
		return pack4(netip.AddrPortFrom(a, 0)).host()>>networkBits == pack4(netip.AddrPortFrom(b, 0)).host()>>networkBits
	}
	return pack6(netip.AddrPortFrom(a, 0)).host()>>networkBits == pack6(netip.AddrPortFrom(b, 0)).host()>>networkBits
}
