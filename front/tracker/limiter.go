package tracker

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"net/netip"
	"sync/atomic"
	"time"
)

const (
	// limitSlots is fixed, so that a flood from many addresses makes nothing grow: 512 KiB. Prefixes that meet in
	// one slot share its rate.
	limitSlots = 1 << 16
	// limitBurst is for how long a prefix may have been silent and then use its rate at once: a crowd behind one
	// address that comes together.
	limitBurst = 4 * time.Second
	// The prefixes that one subscriber, or one provider's address translator, can be anywhere in.
	limitBits4, limitBits6 = 24, 56
)

// limiter is a token bucket for each prefix of addresses: the generic cell rate algorithm of ITU-T I.371, with
// one word for each slot of a table. It is safe for concurrent use.
type limiter struct {
	cost  int64 // nanoseconds that a request takes from its prefix; 0 lets everything through
	start time.Time
	key   [2]uint64
	slots []atomic.Int64 // when the prefix has used up what it was given: nanoseconds since start, by the monotonic clock
}

// newLimiter returns a limiter of perSecond requests for each prefix, from start on; 0 limits nothing.
func newLimiter(perSecond int, start time.Time) *limiter {
	if perSecond <= 0 {
		return &limiter{}
	}
	return &limiter{
		cost:  max(1, int64(time.Second)/int64(perSecond)),
		start: start,
		key:   [2]uint64{rand.Uint64(), rand.Uint64()}, // nobody can aim at another's slot
		slots: make([]atomic.Int64, limitSlots),
	}
}

// allow takes a request of addr, which is unmapped, out of the rate of its prefix; false when that is used up.
func (l *limiter) allow(addr netip.Addr, now time.Time) bool {
	if l.cost == 0 {
		return true
	}
	slot, at := &l.slots[l.slot(addr)], int64(now.Sub(l.start))
	for {
		old := slot.Load()
		next := max(old, at) + l.cost
		if next-at > int64(limitBurst) {
			return false
		}
		if slot.CompareAndSwap(old, next) {
			return true
		}
	}
}

func (l *limiter) slot(addr netip.Addr) uint64 {
	b := addr.As16()
	prefix := binary.BigEndian.Uint64(b[:8]) >> (64 - limitBits6)
	if addr.Is4() {
		prefix = 1<<63 | uint64(binary.BigEndian.Uint32(b[12:])>>(32-limitBits4))
	}
	hi, lo := bits.Mul64(prefix^l.key[0], l.key[1]|1)
	return (hi ^ lo) % limitSlots
}

// allow reports whether a request that is known to come from addr is to be answered: an HTTP request, or a packet
// with a proven connection id. What is not is counted.
func (t *Tracker) allow(addr netip.Addr, now time.Time) bool {
	return t.proven.allow(addr, now) || t.limited()
}

// allowConnect is allow for connect requests, whose source addresses anyone can make up: they have a rate of their
// own, so that nobody can use up that of others who have an id.
func (t *Tracker) allowConnect(addr netip.Addr, now time.Time) bool {
	return t.connects.allow(addr, now) || t.limited()
}

// limited counts a refusal; false.
func (t *Tracker) limited() bool {
	t.counts.limited.Add(1)
	return false
}
