package quota

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"shoal/core/fault"
	"shoal/core/meter"
)

// month names what one bucket, or with none named one account, sends in a calendar month.
type month struct {
	account, bucket string
	number          int // 12 * year + month
}

func monthNumber(t time.Time) int {
	y, m, _ := t.UTC().Date()
	return 12*y + int(m)
}

// start is when the month begins.
func (m month) start() time.Time {
	return time.Date((m.number-1)/12, time.Month((m.number-1)%12+1), 1, 0, 0, 0, 0, time.UTC)
}

// sent counts the bytes of a month.
type sent struct {
	loading sync.Mutex // held while before is read
	loaded  atomic.Bool
	before  atomic.Int64 // as the meter had it
	since   atomic.Int64 // recorded since the meter was asked
	spent   atomic.Bool  // it was logged that the quota is used up
}

// Record implements meter.Recorder.
func (k *Keeper) Record(e meter.Event) {
	if counts := *k.sent.Load(); len(counts) > 0 && e.BytesOut > 0 {
		at := e.At
		if at.IsZero() {
			at = k.o.Now()
		}
		n := monthNumber(at)
		for _, bucket := range []string{e.Bucket, ""} {
			if s := counts[month{e.Account, bucket, n}]; s != nil {
				s.since.Add(e.BytesOut)
			}
			if bucket == "" {
				break
			}
		}
	}
	k.recorder.Record(e)
}

// MaySend returns QuotaExceeded once the bucket or its account has sent what it may in this month. What is on its way is
// not cut off.
func (k *Keeper) MaySend(ctx context.Context, b Bucket) error {
	account := k.account(b.Account)
	if b.Limits.Egress == 0 && account.Egress == 0 {
		return nil
	}
	now := monthNumber(k.o.Now())
	for _, bound := range []struct {
		limit int64
		of    month
		what  string
	}{
		{b.Limits.Egress, month{b.Account, b.Name, now}, "bucket " + b.Name},
		{account.Egress, month{b.Account, "", now}, "account " + b.Account},
	} {
		if bound.limit == 0 {
			continue
		}
		s := k.count(bound.of)
		if err := s.load(ctx, k.source, bound.of); err != nil {
			return err
		}
		spent := s.before.Load()+s.since.Load() >= bound.limit
		if spent != s.spent.Swap(spent) && spent {
			k.o.Logger.Warn("an egress quota is used up for this month", "account", bound.of.account, "bucket", bound.of.bucket, "bytes", bound.limit)
		}
		if spent {
			return fault.New("send", b.Name, fault.QuotaExceeded, fmt.Errorf("the quota of %d bytes a month of %s", bound.limit, bound.what))
		}
	}
	return nil
}

// count returns the counter of m, from now on told of what is recorded.
func (k *Keeper) count(m month) *sent {
	if s := (*k.sent.Load())[m]; s != nil {
		return s
	}
	k.sentMu.Lock()
	defer k.sentMu.Unlock()
	old := *k.sent.Load()
	if s := old[m]; s != nil {
		return s
	}
	next := maps.Clone(old) // readers take no lock
	s := &sent{}
	next[m] = s
	k.sent.Store(&next)
	return s
}

// load asks the meter what was sent before, once. What is recorded while it flushes counts twice: some milliseconds of the
// first request of a process and a month.
func (s *sent) load(ctx context.Context, source Source, m month) error {
	if s.loaded.Load() {
		return nil
	}
	s.loading.Lock()
	defer s.loading.Unlock()
	if s.loaded.Load() {
		return nil
	}
	s.since.Store(0)
	before, err := source.Sent(ctx, m.account, m.bucket, m.start())
	if err != nil {
		return err
	}
	s.before.Store(before)
	s.loaded.Store(true)
	return nil
}

// forgetSent drops the counters of months that are over.
func (k *Keeper) forgetSent(now time.Time) {
	current := monthNumber(now)
	past := func(m month, _ *sent) bool { return m.number < current }
	k.sentMu.Lock()
	defer k.sentMu.Unlock()
	old := *k.sent.Load()
	next := maps.Clone(old)
	maps.DeleteFunc(next, past)
	if len(next) != len(old) {
		k.sent.Store(&next)
	}
}
