package utp

import "time"

// delays is the history of one direction's one-way delays, in microseconds between two clocks that were never set
// alike: only differences mean something.
type delays struct {
	least  [baseMinutes]uint32 // of each of the last minutes
	base   uint32              // the least of them
	minute int                 // the current one
	turned time.Duration       // when it began
	known  bool
}

// add takes a sample and returns by how much it is over the base.
func (d *delays) add(sample uint32, now time.Duration) uint32 {
	if !d.known {
		d.known, d.turned, d.base = true, now, sample
		for i := range d.least {
			d.least[i] = sample
		}
	}
	if now-d.turned >= time.Minute {
		d.turned, d.minute = now, (d.minute+1)%baseMinutes
		d.least[d.minute] = sample
		d.base = d.least[0]
		for _, l := range d.least[1:] {
			d.base = earlier(d.base, l)
		}
	}
	d.least[d.minute] = earlier(d.least[d.minute], sample)
	d.base = earlier(d.base, sample)
	return sample - d.base
}

// shift moves the base by what the clocks were found to have drifted.
func (d *delays) shift(by uint32) {
	d.base += by
	for i := range d.least {
		d.least[i] += by
	}
}

// earlier returns the lesser of two times in a circle of 32 bits.
func earlier(a, b uint32) uint32 {
	if int32(a-b) < 0 {
		return a
	}
	return b
}

// congestion decides how many bytes may be on their way.
type congestion struct {
	window    int // bytes
	threshold int // where slow start ends; 0 is at the first delay or loss
	slowStart bool

	ours, theirs delays    // of what we send, as the peer tells; of what it sends
	recent       [3]uint32 // delays over the base, the current one may be an outlier
	next         int
}

func newCongestion() congestion { return congestion{window: initialWindow, slowStart: true} }

// heard notes how long a packet of the peer's took, as the two clocks have it, and corrects for the drift that
// shows when that gets less.
func (c *congestion) heard(delay uint32, now time.Duration) {
	known, base := c.theirs.known, c.theirs.base
	c.theirs.add(delay, now)
	if drift := base - c.theirs.base; known && drift > 0 && drift <= maxDrift && c.ours.known {
		c.ours.shift(drift)
	}
}

// grow takes bytes that arrived out of flight that were on the way, with the delay that the peer saw (0 if it
// says none) and the round trip.
func (c *congestion) grow(bytes, flight int, delay uint32, rtt, now time.Duration) {
	if delay == 0 || bytes == 0 {
		return
	}
	c.recent[c.next] = c.ours.add(delay, now)
	c.next = (c.next + 1) % len(c.recent)
	queued := time.Duration(min(c.recent[0], c.recent[1], c.recent[2])) * time.Microsecond
	queued = min(queued, rtt) // a way is no longer than there and back
	if queued >= targetDelay && c.slowStart {
		c.slowStart, c.threshold = false, c.window/2
	}
	if flight+maxPayload <= c.window {
		return // BEP 29 by RFC 6817: a window that is not used does not grow
	}
	gain := int(maxGain * int64(bytes) / int64(flight) * int64(targetDelay-queued) / int64(targetDelay))
	if c.slowStart {
		if c.threshold != 0 && c.window+bytes > c.threshold {
			c.slowStart = false
		} else {
			gain = max(gain, bytes)
		}
	}
	c.window = min(max(c.window+gain, minWindow), maxWindow)
}

// shrink answers the loss of packets that others have overtaken.
func (c *congestion) shrink() {
	c.window = max(c.window/2, minWindow)
	c.threshold, c.slowStart = c.window, false
}

// timedOut answers that nothing comes back any more.
func (c *congestion) timedOut() {
	c.threshold = max(c.window/2, minWindow)
	c.window, c.slowStart = minWindow, true
}

// roundTrip is the estimate of BEP 29.
type roundTrip struct{ mean, deviation time.Duration }

func (r *roundTrip) add(sample time.Duration) {
	if r.mean == 0 {
		r.mean, r.deviation = sample, sample/2
		return
	}
	delta := r.mean - sample
	r.deviation += (delta.Abs() - r.deviation) / 4
	r.mean -= delta / 8
}

// timeout returns how long to wait for an acknowledgement after so many waits in vain.
func (r *roundTrip) timeout(failed int) time.Duration {
	t := firstTimeout
	if r.mean != 0 {
		t = max(r.mean+4*r.deviation, minTimeout)
	}
	return min(t<<min(failed, maxTimeouts), maxTimeout)
}
