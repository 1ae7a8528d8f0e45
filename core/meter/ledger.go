package meter

import (
	"encoding/binary"
	"slices"
	"time"
)

const (
	epochBase = 12            // random bytes of a Meter
	epochSize = epochBase + 4 // and its generation
)

// epoch names the writer of a row. No two writers of one sum share one.
type epoch [epochSize]byte

// sum is the absolute sum of one key in one epoch, in memory and as last written.
type sum struct {
	key        sumKey
	generation uint32
	dirty      bool   // stands in ledger.dirty
	touched    uint64 // ledger.tick at the last change
	now        [numUsageTypes]amount
	stored     [numUsageTypes]amount
}

// ledger holds the absolute sums of this Meter that are not in the rows yet or may still grow. It is
// owned by who holds Meter.owner.
type ledger struct {
	base  [epochBase]byte
	limit int
	sums  map[sumKey]*sum
	dirty []*sum // in order of first change
	tick  uint64 // flushes so far
	// generation is part of the epoch of new sums. It goes up with every eviction, so that a sum that
	// comes back gets a row of its own and does not overwrite the one it had.
	generation uint32
	settled    hour // hours before this one were looked through for sums to let go
}

func newLedger(base [epochBase]byte, limit int) ledger {
	return ledger{base: base, limit: limit, sums: make(map[sumKey]*sum)}
}

// sum returns the sum of k, a new one when there is none; nil when the ledger is full.
func (l *ledger) sum(k sumKey) *sum {
	s := l.sums[k]
	if s == nil && len(l.sums) < l.limit {
		s = &sum{key: k, generation: l.generation}
		l.sums[k] = s
	}
	return s
}

func (l *ledger) add(s *sum, t UsageType, a amount) {
	if a.isZero() {
		return
	}
	s.now[t] = s.now[t].add(a)
	s.touched = l.tick
	if !s.dirty {
		s.dirty = true
		l.dirty = append(l.dirty, s)
	}
}

func (l *ledger) epoch(generation uint32) epoch {
	var e epoch
	copy(e[:], l.base[:])
	binary.BigEndian.PutUint32(e[epochBase:], generation)
	return e
}

// settle lets go of the written sums of hours that ended more than lateness before now.
func (l *ledger) settle(now time.Time, lateness time.Duration) {
	past := hourOf(now.Add(-lateness))
	if past <= l.settled {
		return
	}
	l.settled = past
	l.evict(func(s *sum) bool { return s.key.hour < past })
}

// shrink lets go of written sums, the longest unchanged first, until the ledger is half empty.
func (l *ledger) shrink() {
	excess := len(l.sums) - l.limit/2
	if excess <= 0 {
		return
	}
	ticks := make([]uint64, 0, len(l.sums))
	for _, s := range l.sums {
		if !s.dirty {
			ticks = append(ticks, s.touched)
		}
	}
	if len(ticks) == 0 {
		return
	}
	slices.Sort(ticks)
	last := ticks[min(excess, len(ticks))-1]
	l.evict(func(s *sum) bool { return s.touched <= last })
}

// evict removes the sums that are written and that match, and ends the generation of all if there was one.
func (l *ledger) evict(match func(*sum) bool) {
	before := len(l.sums)
	for k, s := range l.sums {
		if !s.dirty && match(s) {
			delete(l.sums, k)
		}
	}
	if len(l.sums) != before {
		l.generation++
	}
}
