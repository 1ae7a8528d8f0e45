package seeder

import "time"

// allowance is what a peer may make us do now and then: so much at once, and one more from time to time. The zero
// value is full.
type allowance struct {
	left int
	at   time.Time // when left was last counted
}

// take reports whether there is one left, and takes it.
func (a *allowance) take(now time.Time, most int, every time.Duration) bool {
	if a.at.IsZero() {
		a.left, a.at = most, now
	}
	if n := int(now.Sub(a.at) / every); n > 0 {
		a.left = min(most, a.left+n)
		a.at = a.at.Add(time.Duration(n) * every)
	}
	if a.left == 0 {
		return false
	}
	a.left--
	return true
}
