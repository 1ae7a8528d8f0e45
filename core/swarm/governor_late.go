package swarm

import "slices"

// lateShare: who has less than that part of what the best quarter of those who download have, is late, once that is lateFrom
// pieces: before, it is chance.
const (
	lateShare = 0.6
	lateFrom  = 16

	// helpWindow is how many pieces may be on offer to who is late, by Balanced. Clients ask far ahead for what they can have: of a
	// few pieces, most would have been asked for at others by then.
	helpWindow = 16
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

// helps reports whether x, who is late, is served directly from what may go out once more, now that all first copies are out.
// By Egress there is too little of that: it helps those who cannot get pieces from others.
func (g *Governor) helps(x *recipient) bool {
	return g.t.Policy == Balanced && x.late && x.begun() && len(g.pool) == 0 && !g.lonely() && !g.seeded()
}

// setAside finds out, by Balanced, how many first copies those who have begun have had: as many may lie for each who has not, until
// it does. Transmission looks for whom it wants something from ten seconds after it came, by when all would have gone to others.
func (g *Governor) setAside() {
	g.dealt, g.aside = 0, 0
	if g.t.Policy != Balanced {
		return
	}
	given, begun, offers := 0, 0, 0
	for _, x := range g.peers {
		switch {
		case x == nil || x.complete || x.asleep:
		case x.begun():
			given += x.given
			begun++
		default:
			offers += len(x.offers)
		}
	}
	if mean := given / max(begun, 1); mean > firstWindow {
		g.dealt, g.aside = mean, offers
	}
}

// awaits returns how many first copies may lie for x until it begins; 0 when that is no more than for others.
func (g *Governor) awaits(x *recipient) int {
	if x.begun() {
		return 0
	}
	return g.dealt
}

// begun reports whether x has got anything.
func (x *recipient) begun() bool { return x.sent.started || x.count > 0 }
