package object

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// DefaultEventQueue is how many events wait for a target when Options do not say; about 50 MB of rows.
const DefaultEventQueue = 100_000

// dropLogEvery is how often it is logged that events of a target are dropped.
const dropLogEvery = time.Minute

// eventQueue is what is known in memory of the events that wait. Only changes in buckets that have a notification
// configuration come here.
type eventQueue struct {
	limit int

	mu      sync.Mutex // guards what follows
	last    uint64     // the last sequence given
	targets map[string]*eventTarget
}

type eventTarget struct {
	pending  int
	dropped  int64
	loggedAt time.Time
	wake     [EventLanes]chan struct{} // has a token when there may be something new
}

// target returns the state of a target. q.mu is held.
func (q *eventQueue) target(name string) *eventTarget {
	t := q.targets[name]
	if t == nil {
		t = &eventTarget{}
		for i := range t.wake {
			t.wake[i] = make(chan struct{}, 1)
		}
		if q.targets == nil {
			q.targets = make(map[string]*eventTarget)
		}
		q.targets[name] = t
	}
	return t
}

// next returns a sequence greater than each one before, also when the clock was set back.
func (q *eventQueue) next(now time.Time) uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.last = max(q.last+1, uint64(now.UnixNano()))
	return q.last
}

// found counts an event that waits since before the start.
func (q *eventQueue) found(target string, sequence uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.target(target).pending++
	q.last = max(q.last, sequence)
}

// full reports whether a target's queue takes no more. Commits of the same moment may pass it by one each.
func (q *eventQueue) full(target string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.target(target).pending >= q.limit
}

// note counts an event whose change is committed, and wakes who delivers it. One without a row found no room: once in a
// while it is then time to log the state of the queue.
func (q *eventQueue) note(e *Event) (stats EventStats, log bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	t := q.target(e.Target)
	if e.row != nil {
		t.pending++
		select {
		case t.wake[laneOf(e.Bucket, e.Key)] <- struct{}{}:
		default:
		}
		return stats, false
	}
	t.dropped++
	if log = e.Time.Sub(t.loggedAt).Abs() >= dropLogEvery; log {
		t.loggedAt = e.Time
	}
	return EventStats{e.Target, t.pending, t.dropped}, log
}

func (q *eventQueue) removed(target string, n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	t := q.target(target)
	t.pending = max(0, t.pending-n)
}

// EventStats is the state of one target's queue.
type EventStats struct {
	Target  string
	Pending int   // events that wait
	Dropped int64 // since the start, as the queue was full
}

// EventStats returns the queues by name of the target: those that had an event or a waiter since the start.
func (s *Store) EventStats() []EventStats {
	q := &s.events
	q.mu.Lock()
	defer q.mu.Unlock()
	var stats []EventStats
	for _, name := range slices.Sorted(maps.Keys(q.targets)) {
		t := q.targets[name]
		stats = append(stats, EventStats{name, t.pending, t.dropped})
	}
	return stats
}

// EventsAdded returns the channel that gets a token when events were added to a lane of a target. One at a time may
// wait for it.
func (s *Store) EventsAdded(target string, lane int) <-chan struct{} {
	s.events.mu.Lock()
	defer s.events.mu.Unlock()
	return s.events.target(target).wake[lane]
}
