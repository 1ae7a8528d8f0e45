package swarm

import "slices"

// lateShare: who has less than that part of what the best quarter of those who download have, is late, once that is lateFrom
// pieces: before, it is chance.
const (
	lateShare = 0.6
	lateFrom  = 16
)

// findLate finds out who is late. They began after the others, or get little from them, and are the last to be complete:
// Transmission says ten seconds after it came that it is interested, has nothing then that others want, and is choked for that.
func (g *Governor) findLate() {
	g.counts = g.counts[:0]
	for _, x := range g.peers {
		if x != nil && !x.complete && !x.asleep {
			g.counts = append(g.counts, x.count)
		}
	}
	if len(g.counts) == 0 {
		return
	}
	slices.Sort(g.counts)
	most := g.counts[len(g.counts)*3/4]
	for _, x := range g.peers {
		if x == nil {
			continue
		}
		was := x.late
		x.late = most >= lateFrom && float64(x.count) < lateShare*float64(most)
		if x.late && !was && g.queued[x.id] { // in the other queue
			g.late.push(x.id)
		}
	}
}
