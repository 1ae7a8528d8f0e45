package swarm

import (
	"slices"
	"time"
)

const (
	// stillFor: when nobody has got anything for so long, and for as long as the crowd takes on average to pass
	// roundPieces on, those who lack pieces do not reach those who have them.
	stillFor = 5 * time.Second
	// stillHalved is how often that time is halved at most: once for each time in a row that it came to that.
	stillHalved = 2
)

// standstill is for how long nothing has moved though members lack pieces. It is counted in ticks, not in time: while this
// process was stopped, it could not see what moved.
type standstill struct {
	ticks  int
	bridge int           // how often in a row pieces went out once more for it
	last   time.Duration // when they last did
}

// bridge offers pieces once more that members have and others lack, when the crowd stands still: it is in parts that do not
// reach each other, as of those behind one address libtorrent keeps a connection to a single one. Each piece goes to one
// of those who lack it, who passes it on in its part.
func (g *Governor) bridge(now time.Duration) {
	if g.awake < 2 || g.missing == 0 || g.passedOn() < roundPieces || g.busy() {
		g.still.ticks = 0
		return
	}
	if now-g.still.last >= patience {
		g.still.bridge = 0
	}
	g.still.ticks++
	if time.Duration(g.still.ticks)*tickEvery < g.stillAfter() {
		return
	}
	g.still.ticks, g.still.last = 0, now
	g.still.bridge++
	if g.seeded() { // they are trusted no more
		g.round.stuck, g.round.start = true, now
		g.recount(now)
	}
	g.offerOnceMore(now)
}

// stillAfter is after what time a crowd in which nothing moves stands still.
func (g *Governor) stillAfter() time.Duration {
	pace := (g.moving.last - g.moving.first) / time.Duration(g.passedOn())
	return max(stillFor, roundPieces*pace) >> min(g.still.bridge, stillHalved)
}

// passedOn returns how many pieces members have got from each other.
func (g *Governor) passedOn() int64 { return g.moved / g.t.PieceLength }

// busy reports whether anything is on offer but what keeps a connection.
func (g *Governor) busy() bool {
	return slices.ContainsFunc(g.peers, func(x *recipient) bool { return x != nil && len(x.offers) > 0 && !x.trickle })
}

// offerOnceMore puts what is spread and still lacked into the pool, and takes out what is no longer lacked.
func (g *Governor) offerOnceMore(now time.Duration) {
	for i := range g.pieces {
		p, s := uint32(i), &g.pieces[i]
		switch {
		case s.stage == spread && g.lacked(p):
			s.again = false
			g.putBack(p, now)
		case s.stage == waiting && s.replicas > 0 && !g.lacked(p):
			g.takeOut(p)
			g.move(s, spread, now)
		}
	}
}

// lacked reports whether someone who downloads lacks p.
func (g *Governor) lacked(p uint32) bool {
	return slices.ContainsFunc(g.peers, func(x *recipient) bool { return x != nil && !x.complete && !x.asleep && !x.has.has(p) })
}
