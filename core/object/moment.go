package object

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// momentSize is the bytes of a moment in a row.
const momentSize = 16

// moment is a signed 128-bit sum of bytes or objects times seconds: 3 PiB for an hour already pass 63 bits.
type moment struct {
	hi int64
	lo uint64
}

// times returns n * seconds; seconds is not negative.
func times(n, seconds int64) moment {
	hi, lo := bits.Mul64(uint64(n), uint64(seconds))
	if n < 0 { // as an unsigned number n is 1<<64 more
		hi -= uint64(seconds)
	}
	return moment{int64(hi), lo}
}

func (m moment) plus(n moment) moment {
	lo, carry := bits.Add64(m.lo, n.lo, 0)
	hi, _ := bits.Add64(uint64(m.hi), uint64(n.hi), carry)
	return moment{int64(hi), lo}
}

func (m moment) minus(n moment) moment {
	lo, borrow := bits.Sub64(m.lo, n.lo, 0)
	hi, _ := bits.Sub64(uint64(m.hi), uint64(n.hi), borrow)
	return moment{int64(hi), lo}
}

// over returns m / seconds, rounded down, and the rest; none of a moment below 0. The quotient is at most the largest int64.
func (m moment) over(seconds int64) (quotient, rest int64) {
	switch {
	case m.hi < 0:
		return 0, 0
	case m.hi >= seconds:
		return math.MaxInt64, 0
	}
	q, r := bits.Div64(uint64(m.hi), m.lo, uint64(seconds))
	if q > math.MaxInt64 {
		return math.MaxInt64, 0
	}
	return int64(q), int64(r)
}

func (m moment) append(b []byte) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, uint64(m.hi)), m.lo)
}

// readMoment reads the first momentSize bytes of b, which are there.
func readMoment(b []byte) moment {
	return moment{int64(binary.BigEndian.Uint64(b)), binary.BigEndian.Uint64(b[8:])}
}
