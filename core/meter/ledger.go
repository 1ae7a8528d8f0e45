package meter

import (
	"cmp"
	"encoding/binary"
	"slices"
	"time"

	"shoal/core/accesslog"
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
	now        amounts
	stored     amounts
	pending    []pendingRow // in order; each is written in one commit with the sum as of its end
	sealed     int          // how many of pending a commit had, which may have been applied: these do not change any more
}

// amounts are the amounts of a sum, by UsageType.
type amounts [numRecorded]amount

// pendingRow is a row of an access log that is not known to be written.
type pendingRow struct {
	row   accesslog.Row
	after amounts // the sum after its records
}

// ledger holds the absolute sums of this Meter that are not in the rows yet or may still grow. It is
// owned by who holds Meter.owner.
type ledger struct {
	base  [epochBase]byte
	limit int
	sums  map[sumKey]*sum
	dirty []*sum    // in order of first change
	tick  uint64    // flushes so far
	now   time.Time // of the last of them
	// generation is part of the epoch of new sums. It goes up with every eviction, so that a sum that
	// comes back gets a row of its own and does not overwrite the one it had.
	generation uint32
	sequence   uint64 // of the newest row of an access log
	unsettled  int64  // bytes of records written since all was
	settled    hour   // hours before this one were looked through for sums to let go
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
	l.touch(s)
}

func (l *ledger) touch(s *sum) {
	s.touched = l.tick
	if !s.dirty {
		s.dirty = true
		l.dirty = append(l.dirty, s)
	}
}

func (l *ledger) addCounts(s *sum, c *counts) {
	for t, n := range c {
		l.add(s, UsageType(t), count(n))
	}
}

// addSegment adds what seg counts to s, and its records to those that wait. It takes over seg.lines.
func (l *ledger) addSegment(s *sum, seg *segment) {
	l.addCounts(s, &seg.counts)
	l.touch(s) // records that count nothing, too
	owner := cmp.Or(seg.owner, s.key.account)
	if n := len(s.pending); n > s.sealed {
		last := &s.pending[n-1]
		if last.row.Owner == owner && last.row.Target.Equal(seg.target) &&
			len(last.row.Lines)+len(seg.lines) <= accesslog.MaxLines {
			last.row.Lines = append(last.row.Lines, seg.lines...)
			last.after = s.now
			return
		}
	}
	l.sequence = max(l.sequence+1, uint64(l.now.UnixNano()))
	s.pending = append(s.pending, pendingRow{after: s.now, row: accesslog.Row{
		Bucket: s.key.bucket, Hour: uint32(s.key.hour), Epoch: accesslog.Epoch(l.epoch(0)), Sequence: l.sequence,
		Owner: owner, Target: seg.target, Lines: seg.lines,
	}})
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
