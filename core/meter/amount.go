package meter

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// amount is an unsigned 128-bit sum. Byte-seconds need it: 3 PiB for an hour pass 63 bits.
type amount struct{ hi, lo uint64 }

// count returns n as an amount; n is not negative.
func count(n int64) amount { return amount{lo: uint64(n)} }

// product returns x*y; neither is negative.
func product(x, y int64) amount {
	hi, lo := bits.Mul64(uint64(x), uint64(y))
	return amount{hi, lo}
}

func (a amount) add(b amount) amount {
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	hi, _ := bits.Add64(a.hi, b.hi, carry)
	return amount{hi, lo}
}

func (a amount) isZero() bool { return a == amount{} }

// div returns a/d rounded down, at most the largest int64; d is not 0.
func (a amount) div(d uint64) int64 {
	hi, rest := a.hi/d, a.hi%d
	lo, _ := bits.Div64(rest, a.lo, d)
	if hi != 0 || lo > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(lo)
}

// append appends the 16 bytes of a, big-endian.
func (a amount) append(b []byte) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, a.hi), a.lo)
}
