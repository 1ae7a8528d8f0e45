package swarm

import (
	"math"
	"time"
)

const (
	// paceShare is in what part of the time that the crowd needs for everything the first copy is to leave. Sooner, it takes
	// room in the downlinks of members from what they get from each other, and their uplinks stand idle for it; later,
	// the last pieces have no time left to go round.
	paceShare = 0.8
	// paceLeast: it is not held back while members move less than that part of what the origin sends: their links would
	// have nothing else to carry.
	paceLeast = 0.2
	// paceAhead: nor while what is out and what members lack of it lasts them for less than that.
	paceAhead = 2 * time.Second
	// paceLag is for how long what was not offered in time may be made up for.
	paceLag = time.Second
)

// pace returns how many first copies may be offered a second; +Inf is as many as are taken.
func (g *Governor) pace(now time.Duration) float64 {
	if g.awake < 2 {
		return math.Inf(1)
	}
	sent, moved := g.sent.at(now)/float64(g.t.PieceLength), g.moving.at(now)
	ahead := float64(g.missing - int64(g.awake)*int64(len(g.pool)))
	if moved <= paceLeast*sent || ahead <= moved*paceAhead.Seconds() {
		return math.Inf(1)
	}
	return (sent + moved) / float64(g.awake) / paceShare
}

// paced reports whether the next first copy has to wait.
func (g *Governor) paced(now time.Duration) bool { return now < g.due }

// spend notes that a first copy was offered.
func (g *Governor) spend(now time.Duration) {
	if p := g.pace(now); !math.IsInf(p, 1) {
		g.due = max(g.due, now-paceLag) + time.Duration(float64(time.Second)/p)
	}
}

// next takes out of the queue who is offered the next first copy: one of the two who have waited the longest.
func (g *Governor) next(now time.Duration) *recipient {
	x := g.popReady(now)
	if x == nil {
		return nil
	}
	if y := g.popReady(now); y != nil {
		if y.before(x) {
			x, y = y, x
		}
		g.enqueue(y, now)
	}
	return x
}

// before reports whether x is offered a piece rather than y: who passes pieces on, then who has fewer, because its
// downlink has more room.
func (x *recipient) before(y *recipient) bool {
	if p := x.passesOn(); p != y.passesOn() {
		return p
	}
	return x.count < y.count
}

// popReady returns who has waited the longest of those who still have room for an offer, nil when there is none.
func (g *Governor) popReady(now time.Duration) *recipient {
	for {
		id, ok := g.ready.pop()
		if !ok {
			return nil
		}
		g.queued[id] = false
		if x := g.peers[id]; x != nil && g.eligible(x, now) {
			return x
		}
	}
}
