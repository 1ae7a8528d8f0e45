package meter

import (
	"slices"
	"strings"
	"sync"

	"shoal/core/accesslog"
)

// idleDrains is for how many drains a sum without events stays in its shard, so that a bucket in
// steady use costs no allocation even when its requests are some seconds apart.
const idleDrains = 60

// sumKey names what is summed, without usage type and epoch.
type sumKey struct {
	hour      hour
	operation Operation
	source    Source
	account   string
	bucket    string
}

// delta is what was recorded under one key since the last drain.
type delta struct {
	counts   counts    // of events without records
	segments []segment // of the others
	idle     uint8     // drains without an event
}

// log adds e, whose records are valid.
func (d *delta) log(e *Event) {
	of := e
	for lines := e.Log.Lines; len(lines) > 0; {
		n := wholeLines(lines)
		last := len(d.segments) - 1
		if last < 0 || !d.segments[last].takes(&e.Log, n) {
			d.segments = append(d.segments, segment{owner: strings.Clone(e.Log.Owner), target: e.Log.Target})
			last++
		}
		s := &d.segments[last]
		if cap(s.lines)-len(s.lines) < n {
			s.lines = slices.Grow(s.lines, min(max(n, len(s.lines)), accesslog.MaxLines-len(s.lines)))
		}
		s.lines = append(s.lines, lines[:n]...)
		if of != nil {
			s.counts.add(of)
			of = nil
		}
		lines = lines[n:]
	}
}

// shard is one of the maps that Record writes to.
type shard struct {
	mu    sync.Mutex
	sums  map[sumKey]*delta // guarded by mu
	limit int               // most sums here

	_ [64]byte // the next shard's mutex is on another cache line
}

type shardResult uint8

const (
	shardTook    shardResult = iota
	shardFilling             // took it, and is half full: once on the way up
	shardFull                // did not take it
)

// add counts e, which is valid.
func (s *shard) add(e *Event) shardResult {
	k := sumKey{hour: hourOf(e.At), operation: e.Operation, source: e.Source, account: e.Account, bucket: e.Bucket}
	result := shardTook
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.sums[k]
	if d == nil {
		if len(s.sums) >= s.limit {
			return shardFull
		}
		// The strings of an event may be parts of a whole request.
		k.account, k.bucket = strings.Clone(k.account), strings.Clone(k.bucket)
		d = new(delta)
		s.sums[k] = d
		if len(s.sums) == (s.limit+1)/2 {
			result = shardFilling
		}
	}
	d.idle = 0
	if len(e.Log.Lines) > 0 {
		d.log(e)
	} else {
		d.counts.add(e)
	}
	return result
}

// drain moves the deltas into l. It returns false when l had no room for some of them; those stay.
// Sums that were idle for long are forgotten; when the shard is half full, all that were moved.
func (s *shard) drain(l *ledger) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := true
	crowded := len(s.sums) >= s.limit/2
	for k, d := range s.sums {
		if d.counts == (counts{}) && len(d.segments) == 0 {
			if d.idle++; crowded || d.idle >= idleDrains {
				delete(s.sums, k)
			}
			continue
		}
		sum := l.sum(k)
		if sum == nil {
			all = false
			continue
		}
		l.addCounts(sum, &d.counts)
		for i := range d.segments {
			l.addSegment(sum, &d.segments[i])
		}
		clear(d.segments) // the lines are the ledger's now
		d.counts, d.segments = counts{}, d.segments[:0]
		if crowded {
			delete(s.sums, k)
		}
	}
	return all
}
