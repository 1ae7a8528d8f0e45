package meter

import (
	"strings"
	"sync"
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
	counts [DataTransferOut + 1]int64 // by UsageType
	idle   uint8                      // drains without an event
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
	switch e.Tier {
	case Tier1:
		d.counts[RequestsTier1] += e.Requests
	case Tier2:
		d.counts[RequestsTier2] += e.Requests
	case TierNone:
	}
	d.counts[DataTransferIn] += e.BytesIn
	d.counts[DataTransferOut] += e.BytesOut
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
		if d.counts == [len(d.counts)]int64{} {
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
		for t, n := range d.counts {
			l.add(sum, UsageType(t), count(n))
		}
		d.counts = [len(d.counts)]int64{}
		if crowded {
			delete(s.sums, k)
		}
	}
	return all
}
