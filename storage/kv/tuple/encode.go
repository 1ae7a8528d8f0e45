package tuple

import "encoding/binary"

// Bytes of the string encoding. A zero byte inside a string is escaped so that the terminator sorts
// below whatever can follow it: a string that is a prefix of another sorts first.
const (
	zero       = 0x00
	escapedEnd = 0x01 // 0x00 0x01 ends a string
	escapedNul = 0xFF // 0x00 0xFF is a zero byte in a string
)

// AppendString appends s, escaped and terminated.
func AppendString(dst []byte, s string) []byte {
	return append(AppendStringPrefix(dst, s), zero, escapedEnd)
}

// AppendBytes appends b as AppendString does.
func AppendBytes(dst, b []byte) []byte {
	for _, c := range b {
		if dst = append(dst, c); c == zero {
			dst = append(dst, escapedNul)
		}
	}
	return append(dst, zero, escapedEnd)
}

// AppendStringPrefix appends s without its end, which is a prefix of the encoding of every string that
// starts with s, and of no other: the start of a scan, with PrefixEnd as its end.
func AppendStringPrefix(dst []byte, s string) []byte {
	for i := range len(s) {
		if dst = append(dst, s[i]); s[i] == zero {
			dst = append(dst, escapedNul)
		}
	}
	return dst
}

// AppendUint16 appends v big endian.
func AppendUint16(dst []byte, v uint16) []byte { return binary.BigEndian.AppendUint16(dst, v) }

// AppendUint64 appends v big endian.
func AppendUint64(dst []byte, v uint64) []byte { return binary.BigEndian.AppendUint64(dst, v) }

// AppendUint64Desc appends v so that a greater v sorts first.
func AppendUint64Desc(dst []byte, v uint64) []byte { return binary.BigEndian.AppendUint64(dst, ^v) }

// AppendID16 appends a 16-byte id raw.
func AppendID16[T ~[16]byte](dst []byte, id T) []byte {
	raw := [16]byte(id)
	return append(dst, raw[:]...)
}

// AppendID20 appends a 20-byte id raw.
func AppendID20[T ~[20]byte](dst []byte, id T) []byte {
	raw := [20]byte(id)
	return append(dst, raw[:]...)
}

// PrefixEnd returns the smallest key that is greater than every key that starts with prefix, in new
// memory; nil, which a Scan reads as no bound, when there is none (prefix is empty or all 0xFF).
func PrefixEnd(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xFF {
			end := append([]byte(nil), prefix[:i+1]...)
			end[i]++
			return end
		}
	}
	return nil
}
