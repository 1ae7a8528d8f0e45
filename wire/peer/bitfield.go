package peer

import "math/bits"

// Bitfield says which pieces of a torrent someone has, one bit each: bit 7 of the first byte is
// piece 0 (BEP 3). The zero value has no pieces. A copy shares its bits.
type Bitfield struct {
	bits   []byte
	pieces uint32
}

// NewBitfield returns a bitfield of so many pieces, none of them set.
func NewBitfield(pieces uint32) Bitfield {
	return Bitfield{bits: make([]byte, bitfieldLen(pieces)), pieces: pieces}
}

// ParseBitfield copies the payload of a bitfield message. It must have exactly the length that
// so many pieces need, and its spare bits must be zero.
func ParseBitfield(payload []byte, pieces uint32) (Bitfield, error) {
	if len(payload) != bitfieldLen(pieces) {
		return Bitfield{}, malformed("bitfield of %d bytes for %d pieces", len(payload), pieces)
	}
	// BEP 3: "Spare bits at the end are set to zero."
	if used := pieces % 8; used != 0 && payload[len(payload)-1]&(0xff>>used) != 0 {
		return Bitfield{}, malformed("spare bits of a bitfield are set")
	}
	return Bitfield{bits: append([]byte(nil), payload...), pieces: pieces}, nil
}

// Pieces returns the number of pieces of the torrent.
func (b Bitfield) Pieces() uint32 { return b.pieces }

// Bytes returns the bits as they stand in a message. It is the bitfield's own memory: not to be
// written, and changed by the next Set.
func (b Bitfield) Bytes() []byte { return b.bits }

// Has reports whether piece is set; a piece out of range is not.
func (b Bitfield) Has(piece uint32) bool {
	return piece < b.pieces && b.bits[piece/8]&(0x80>>(piece%8)) != 0
}

// Set sets piece and reports whether that changed it; a piece out of range changes nothing.
func (b Bitfield) Set(piece uint32) bool {
	if piece >= b.pieces || b.Has(piece) {
		return false
	}
	b.bits[piece/8] |= 0x80 >> (piece % 8)
	return true
}

// Clear unsets piece and reports whether that changed it.
func (b Bitfield) Clear(piece uint32) bool {
	if !b.Has(piece) {
		return false
	}
	b.bits[piece/8] &^= 0x80 >> (piece % 8)
	return true
}

// SetAll sets every piece.
func (b Bitfield) SetAll() {
	for i := range b.bits {
		b.bits[i] = 0xff
	}
	if used := b.pieces % 8; used != 0 {
		b.bits[len(b.bits)-1] = ^byte(0xff >> used)
	}
}

// Count returns how many pieces are set.
func (b Bitfield) Count() uint32 {
	n := 0
	for _, c := range b.bits {
		n += bits.OnesCount8(c)
	}
	return uint32(n)
}

// Full reports whether every piece is set; with no pieces at all it is.
func (b Bitfield) Full() bool { return b.Count() == b.pieces }

// bitfieldLen is the length of a bitfield message's payload, in bytes.
func bitfieldLen(pieces uint32) int { return int((int64(pieces) + 7) / 8) }
