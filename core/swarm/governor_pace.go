package swarm

import "time"

const (
	// paceShare is in what part of the time that the crowd needs for everything the first copy is to leave. Sooner, it takes
	// room in the downlinks of members from what they get from each other, and their uplinks stand idle for it; later,
	// the last pieces have no time left to go round.
	paceShare = 0.8
	// paceLag is for how long what was not offered in time may be made up for.
	paceLag = time.Second

	// fullShare: a member's downlink is full while it gets that part of the most that it has got so far, which is looked
	// for once it has been getting something for fullAfter.
	fullShare = 0.8
	fullAfter = 2 * time.Second
)

// pace returns how many first copies may be offered a second to members whose downlinks are full.
func (g *Governor) pace(now time.Duration) float64 {
	sent := g.sent.at(now) / float64(g.t.PieceLength)
	return (sent + g.moving.at(now)) / float64(max(g.awake, 1)) / paceShare
}

// delayNext sets when a member whose downlink is full is offered the next first copy, now that x was offered one.
func (g *Governor) delayNext(x *recipient, now time.Duration) {
	if p := g.pace(now); p > 0 && x.full(now) {
		g.due = max(g.due, now-paceLag) + time.Duration(float64(time.Second)/p)
	}
}

// full reports whether nothing more goes through the downlink of x, as far as is known of it: at first it does not.
func (x *recipient) full(now time.Duration) bool {
	return x.mostGains > 0 && x.gains.at(now) >= fullShare*x.mostGains
}

// observe keeps the most that x has got a second.
func (x *recipient) observe(now time.Duration) {
	if x.gains.started && now-x.gains.first >= fullAfter {
		x.mostGains = max(x.mostGains, x.gains.at(now))
	}
}

// next takes out of the queues who is offered the next first copy: who is late, then one of the two who have waited the
// longest.
func (g *Governor) next(now time.Duration) *recipient {
	if x := g.pop(&g.late, now); x != nil {
		return x
	}
	x := g.pop(&g.ready, now)
	if x == nil {
		return nil
	}
	if y := g.pop(&g.ready, now); y != nil {
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

// pop returns who has waited the longest of those in q who still have room for an offer, nil when there is none.
func (g *Governor) pop(q *queue, now time.Duration) *recipient {
	for {
		id, ok := q.pop()
		if !ok {
			return nil
		}
		g.queued[id] = false
		if x := g.peers[id]; x != nil && g.eligible(x, now) {
			return x
		}
	}
}
