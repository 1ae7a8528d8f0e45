package seeder

import "time"

// leastRate is what a peer has to take of what is there for it, in bytes a second over Options.WriteStall.
const leastRate = 4 << 10

// stall watches how fast a peer takes what it asked for. Time in which nothing was written does not count.
type stall struct {
	waited time.Duration
	took   int64 // bytes
}

// slow counts a write of so many bytes, and reports whether the peer was too slow over that time.
func (s *stall) slow(bytes int64, waited, over time.Duration) bool {
	s.took += bytes
	if s.waited += waited; s.waited < over {
		return false
	}
	slow := float64(s.took) < leastRate*s.waited.Seconds()
	*s = stall{}
	return slow
}
