package swarm

import (
	"bytes"
	"hash/crc32"
	"net/netip"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// The bytes of an address that count whole in a priority, when the other one differs in them.
const (
	wholeBytes4 = 2
	wholeBytes6 = 6
)

// priority is BEP 40's canonical peer priority of two peers of one family: the same number at both ends, so that each
// keeps the connections that the other keeps.
func priority(a, b netip.AddrPort) uint32 {
	if a.Addr() == b.Addr() {
		lo, hi := min(a.Port(), b.Port()), max(a.Port(), b.Port())
		return crc(crc(0, []byte{byte(lo >> 8), byte(lo)}), []byte{byte(hi >> 8), byte(hi)})
	}
	if a.Addr().Is4() {
		x, y := a.Addr().As4(), b.Addr().As4()
		return priorityOf(x[:], y[:], wholeBytes4)
	}
	x, y := a.Addr().As16(), b.Addr().As16()
	return priorityOf(x[:], y[:], wholeBytes6)
}

// priorityOf masks the addresses, in place.
func priorityOf(x, y []byte, whole int) uint32 {
	// BEP 40: "the mask to be used should be FF.FF.55.55 unless the IP addresses are in the same /16. In that case,
	// the mask to be used should be FF.FF.FF.55", and so on; for IPv6 from a /48 on.
	for whole < len(x) && bytes.Equal(x[:whole], y[:whole]) {
		whole++
	}
	for i := whole; i < len(x); i++ {
		x[i] &= 0x55
		y[i] &= 0x55
	}
	if bytes.Compare(x, y) > 0 {
		x, y = y, x
	}
	return crc(crc(0, x), y)
}

// crc is crc32.Update of a few bytes, without its call through a variable, by which they would be allocated.
func crc(sum uint32, b []byte) uint32 {
	sum = ^sum
	for _, c := range b {
		sum = castagnoli[byte(sum)^c] ^ sum>>8
	}
	return ^sum
}
