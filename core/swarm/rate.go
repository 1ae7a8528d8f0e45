package swarm

import (
	"math"
	"time"
)

const (
	// rateWindow is how far back a rate looks, mostly: a few round trips, and several pieces of a usual link.
	rateWindow = 4 * time.Second
	// rateFirst is the least time that a rate is taken over, so that the first bytes do not look like a flood.
	rateFirst = 250 * time.Millisecond
)

// rate is how much a second lately, by exponential decay; from its first moments on it is the mean since then.
// The zero value is ready.
type rate struct {
	sum         float64
	first, last time.Duration
	started     bool
}

// add counts n at now.
func (r *rate) add(now time.Duration, n float64) {
	if !r.started {
		r.started, r.first, r.last = true, now, now
	}
	r.sum = r.sum*decay(now-r.last) + n
	r.last = now
}

// at returns the rate a second.
func (r *rate) at(now time.Duration) float64 {
	if !r.started {
		return 0
	}
	seen := 1 - decay(max(now-r.first, rateFirst))
	return r.sum * decay(now-r.last) / (rateWindow.Seconds() * seen)
}

func decay(d time.Duration) float64 {
	if d <= 0 {
		return 1
	}
	return math.Exp(-float64(d) / float64(rateWindow))
}

// mean is a moving average of durations. The zero value has none.
type mean struct{ value time.Duration }

func (m *mean) add(d time.Duration) {
	if m.value == 0 {
		m.value = d
		return
	}
	m.value += (d - m.value) / 8
}
