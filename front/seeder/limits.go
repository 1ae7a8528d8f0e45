package seeder

import (
	"sync"
	"sync/atomic"
	"time"

	"shoal/core/object"
)

const (
	// rateBurst is what may go at once after a silence, as time at the limit.
	rateBurst = 100 * time.Millisecond
	// grantsPerSecond is into how many parts the tightest limit is cut, so that those who share it take turns.
	grantsPerSecond = 16
	// rateCheck is how long who waits for its turn does not look whether the rates are others now.
	rateCheck = 500 * time.Millisecond
)

// limiter is a rate that those who share it take turns at. The zero value is ready.
type limiter struct {
	rate atomic.Int64 // bytes a second that was last kept to, 0 is no limit; changed under mu

	mu   sync.Mutex
	free time.Time // when all that was granted will have gone; guarded by mu
}

// reserve grants so many bytes at a rate, in bytes a second or 0 for no limit, and returns when they may go: the zero
// time is now. Grants are served in the order they were asked for. A rate that is another one than before is that of
// all that was granted and has not gone, too.
func (l *limiter) reserve(bytes, rate int64, now time.Time) time.Time {
	if rate <= 0 && l.rate.Load() <= 0 {
		return time.Time{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.change(rate, now)
	if rate <= 0 {
		return time.Time{}
	}
	if earliest := now.Add(-rateBurst); l.free.Before(earliest) {
		l.free = earliest
	}
	at := l.free
	l.free = at.Add(l.time(bytes))
	return at
}

// change keeps to a rate from now on. l.mu is held.
func (l *limiter) change(rate int64, now time.Time) {
	old := l.rate.Swap(rate)
	if rate == old {
		return
	}
	switch left := l.free.Sub(now); {
	case old <= 0 || rate <= 0:
		l.free = time.Time{}
	case left > 0:
		l.free = now.Add(l.time(int64(left.Seconds() * float64(old))))
	}
}

// refund takes back a grant that was not used up; negative bytes were sent beyond it.
func (l *limiter) refund(bytes int64) {
	if bytes == 0 || l.rate.Load() <= 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.free.IsZero() && l.rate.Load() > 0 {
		l.free = l.free.Add(-l.time(bytes))
	}
}

// time returns how long bytes take. l.mu is held, and there is a rate.
func (l *limiter) time(bytes int64) time.Duration {
	return time.Duration(float64(bytes) / float64(l.rate.Load()) * float64(time.Second))
}

// limit is a limiter with the rate that is to be kept to, in bytes a second; 0 is none.
type limit struct {
	*limiter
	rate int64
}

// limits are those that a connection keeps to: its own, and those of swarm, bucket and server.
type limits [numLimits]limit

const (
	peerLimited = iota
	swarmLimited
	bucketLimited
	serverLimited

	numLimits
)

// grant is what a connection may send of blocks, and when.
type grant struct {
	bytes  int64 // 0 is none
	at     time.Time
	bucket int64 // the rate of the bucket, by which that was granted
}

// reserve grants up to want bytes, at least a block of first bytes.
func (l limits) reserve(want, first int64, now time.Time) grant {
	for _, one := range l {
		if one.rate > 0 {
			want = min(want, one.rate/grantsPerSecond)
		}
	}
	g := grant{bytes: max(want, first), bucket: l[bucketLimited].rate}
	for _, one := range l {
		if at := one.reserve(g.bytes, one.rate, now); at.After(g.at) {
			g.at = at
		}
	}
	return g
}

// settle ends a grant of which so many bytes were sent.
func (l limits) settle(g grant, sent int64) {
	for _, one := range l {
		one.refund(g.bytes - sent)
	}
}

// bucketLimits are the limiters of the buckets that are seeded from now.
type bucketLimits struct {
	mu     sync.Mutex
	byName map[string]*bucketLimit // guarded by mu
}

type bucketLimit struct {
	limiter
	users int // guarded by bucketLimits.mu
}

// acquire returns the limiter of a bucket; the caller releases it.
func (b *bucketLimits) acquire(of *object.Bucket) *bucketLimit {
	b.mu.Lock()
	defer b.mu.Unlock()
	l, ok := b.byName[of.Name]
	if !ok {
		l = new(bucketLimit)
		b.byName[of.Name] = l
	}
	l.users++
	return l
}

// release gives a limiter back.
func (b *bucketLimits) release(of *object.Bucket, l *bucketLimit) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l.users--; l.users == 0 {
		delete(b.byName, of.Name)
	}
}
