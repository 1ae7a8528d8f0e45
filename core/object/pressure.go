package object

import (
	"sync/atomic"
	"time"

	"shoal/core/fault"
)

const (
	// pressureLasts is how long after a write found no room the collector hurries.
	pressureLasts = time.Minute
	// pressedGrace is the grace it leaves then. A reader of one blob has its file open and goes on; only one
	// of many blobs that is slower than this meets the end of a version that was deleted.
	pressedGrace = 10 * time.Second
)

// pressure remembers when a write last found no room. The zero value is ready.
type pressure struct{ noRoom atomic.Int64 } // Unix nanoseconds; 0 is never

// note takes in the outcome of a write.
func (p *pressure) note(err error, now time.Time) {
	if err != nil && (kindOf(err) == fault.NoSpace || fault.Is(err, fault.NoSpace)) {
		p.noRoom.Store(now.UnixNano())
	}
}

// due is the time up to which queued deletions are due at now: ahead of it while space is short, so that
// what was deleted on a full disk makes room in seconds.
func (p *pressure) due(now time.Time, grace time.Duration) time.Time {
	last := p.noRoom.Load()
	if last == 0 || now.Sub(time.Unix(0, last)).Abs() > pressureLasts || grace <= pressedGrace {
		return now
	}
	return now.Add(grace - pressedGrace)
}
