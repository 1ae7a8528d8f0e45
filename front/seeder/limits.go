package seeder

import (
	"sync"
	"time"

	"shoal/core/object"
)

const (
	// rateBurst is what may go at once after a silence, as time at the limit.
	rateBurst = 100 * time.Millisecond
	// grantsPerSecond is into how many parts the tightest limit is cut, so that those who share it take turns.
	grantsPerSecond = 16
)

// limiter is a rate that those who share it take turns at. The zero value does not limit.
type limiter struct {
	rate int64 // bytes a second; 0 is no limit

	mu   sync.Mutex
	free time.Time // when all that was granted will have gone; guarded by mu
}

// reserve grants so many bytes and returns when they may go: the zero time is now. Grants are served in the
// order they were asked for.
func (l *limiter) reserve(bytes int64, now time.Time) time.Time {
	if l.rate <= 0 {
		return time.Time{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if earliest := now.Add(-rateBurst); l.free.Before(earliest) {
		l.free = earliest
	}
	at := l.free
	l.free = at.Add(l.time(bytes))
	return at
}

// refund takes back a grant that was not used up; negative bytes were sent beyond it.
func (l *limiter) refund(bytes int64) {
	if l.rate <= 0 || bytes == 0 {
		return
	}
	l.mu.Lock()
	l.free = l.free.Add(-l.time(bytes))
	l.mu.Unlock()
}

// time returns how long bytes take.
func (l *limiter) time(bytes int64) time.Duration {
	return time.Duration(float64(bytes) / float64(l.rate) * float64(time.Second))
}

// limits are the rates that a connection keeps to: its own, and those of swarm, bucket and server.
type limits [4]*limiter

// grant is what a connection may send of blocks, and when.
type grant struct {
	bytes int64 // 0 is none
	at    time.Time
}

// reserve grants up to want bytes, at least a block of first bytes.
func (l limits) reserve(want, first int64, now time.Time) grant {
	for _, one := range l {
		if one.rate > 0 {
			want = min(want, one.rate/grantsPerSecond)
		}
	}
	g := grant{bytes: max(want, first)}
	for _, one := range l {
		if at := one.reserve(g.bytes, now); at.After(g.at) {
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
	rate int64 // bytes a second of each

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
		l = &bucketLimit{limiter: limiter{rate: b.rate}}
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
