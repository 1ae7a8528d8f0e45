package swarm

import "time"

// The bytes on their way to all of several recipients together: windowFor at the rate of late, and no less than
// leastWindow. What is more waits in the queues before links that the recipients need for each other, and is lost
// there: without a bound, a sixth of what the origin sent had to be sent again.
const (
	windowFor      = 50 * time.Millisecond
	leastWindow    = 256 << 10
	leastOneWindow = 32 << 10 // to each of them
)

// bytesAhead returns how many bytes may be on their way to one recipient, 0 for no bound: a lone one and plain
// seeding have none.
func (g *Governor) bytesAhead(now time.Duration) int64 {
	if g.awake < 2 || g.t.Policy == Speed {
		return 0
	}
	all := max(leastWindow, int64(g.sent.at(now)*windowFor.Seconds()))
	return max(all/int64(g.awake), leastOneWindow)
}
