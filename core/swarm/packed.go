package swarm

import (
	"encoding/binary"
	"net/netip"
)

// packed4 and packed6 are an address and a port as on the wire. Records of them hold no pointer, so that
// the collector never walks a table of peers. The zero value is nobody's.
type (
	packed4 [4 + 2]byte
	packed6 [16 + 2]byte
)

// packed is an address of one family.
type packed interface {
	comparable
	addrPort() netip.AddrPort
	// host is what stands for everyone who can be had behind one address: an IPv4 address, or an IPv6 /64. Without
	// its last 8 bits it is the network next to it, a /24 or a /56.
	host() uint64
}

// networkBits are the bits of a host within its network.
const networkBits = 8

func pack4(a netip.AddrPort) (p packed4) {
	ip := a.Addr().As4()
	copy(p[:], ip[:])
	binary.BigEndian.PutUint16(p[4:], a.Port())
	return p
}

func pack6(a netip.AddrPort) (p packed6) {
	ip := a.Addr().As16()
	copy(p[:], ip[:])
	binary.BigEndian.PutUint16(p[16:], a.Port())
	return p
}

func (p packed4) addrPort() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(p[:4])), binary.BigEndian.Uint16(p[4:]))
}

func (p packed6) addrPort() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16([16]byte(p[:16])), binary.BigEndian.Uint16(p[16:]))
}

func (p packed4) host() uint64 { return uint64(binary.BigEndian.Uint32(p[:4])) }

func (p packed6) host() uint64 { return binary.BigEndian.Uint64(p[:8]) }
