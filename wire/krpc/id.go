package krpc

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"net/netip"
)

// ID is the 160 bits of a node, or of what is looked for: an infohash.
type ID [20]byte

// String returns lower-case hexadecimal.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Closer compares the distances (BEP 5: XOR) of a and b to id: negative when a is closer.
func (id ID) Closer(a, b ID) int {
	for i := range id {
		a[i] ^= id[i]
		b[i] ^= id[i]
	}
	return bytes.Compare(a[:], b[:])
}

// Secured returns id with the bits that BEP 42 demands of a node at that address; the others, best random ones, stay.
func (id ID) Secured(external netip.Addr) ID {
	prefix := securePrefix(external, id[len(id)-1])
	id[0], id[1] = byte(prefix>>24), byte(prefix>>16)
	id[2] = byte(prefix>>8)&^freeBits | id[2]&freeBits
	return id
}

// SecureAt reports whether id is one that a node at that address may have (BEP 42). In local networks any is.
func (id ID) SecureAt(a netip.Addr) bool {
	a = a.Unmap()
	if a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() {
		return true
	}
	return id == id.Secured(a)
}

// freeBits are those of the third byte that are random: BEP 42 determines the first 21 bits.
const freeBits = 0x07

// The bits of an address that count (BEP 42).
const (
	secureMask4 = 0x030f3fff
	secureMask6 = 0x0103070f1f3f7fff
)

// securePrefix returns the CRC-32C of which BEP 42 takes the first 21 bits, for the last byte of an ID.
func securePrefix(a netip.Addr, last byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	r := uint64(last & 0x07)
	if a = a.Unmap(); a.Is4() {
		b := a.As4()
		masked := binary.BigEndian.Uint32(b[:])&secureMask4 | uint32(r)<<29
		return crc32.Checksum(binary.BigEndian.AppendUint32(nil, masked), table)
	}
	b := a.As16()
	masked := binary.BigEndian.Uint64(b[:])&secureMask6 | r<<61
	return crc32.Checksum(binary.BigEndian.AppendUint64(nil, masked), table)
}
