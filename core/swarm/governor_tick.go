package swarm

import (
	"math"
	"slices"
	"time"
)

const (
	// tickEvery is the least time between two ticks that do something.
	tickEvery = 500 * time.Millisecond

	// patience is how long a recipient may hold a piece alone, and patientMeans the same in means of what the
	// swarm needs for it.
	patience     = 30 * time.Second
	patientMeans = 4
	// unproven is the least patience with who has passed nothing on yet.
	unproven = 10 * time.Second
	// hasteEnd is the least patience once every piece is out, when one slow holder keeps everyone waiting.
	hasteEnd = 5 * time.Second
	// maxFaults end the first copies to a recipient until it passes something on.
	maxFaults = 3
	// unasked is after what time an offer that is not requested is given up.
	unasked = 15 * time.Second

	// roundLeast and roundMost: who gets how much from others is compared after the median has got
	// roundPieces, and not before and after these times.
	roundLeast  = 10 * time.Second
	roundMost   = time.Minute
	roundPieces = 8
	// poorShare: who gets less than one in poorShare of what the median gets cannot reach the others.
	poorShare = 4

	// newcomerWait is after what time someone who has got nothing at all is given a piece to begin with.
	newcomerWait = 5 * time.Second

	// spareShare of the pieces may go out twice to end sooner: with the headers of packets, 6 %, less than a tenth of a copy.
	spareShare = 0.03

	// trickleEvery and idleFor keep connections that wait for others: aria2 closes one without a block for 60 s.
	trickleEvery = 15 * time.Second
	idleFor      = 15 * time.Second
)

// tokenShare is how many pieces may go out once more for each that members get from each other; a third of that is a
// quarter of all.
var tokenShare = [numPolicies]float64{Egress: 0.03, Balanced: 1.0 / 3}

// round is a time in which gains are compared.
type round struct {
	start, ticked time.Duration
	long          time.Duration // in which roundPieces are usual
	stuck         bool          // in the last one, members got nothing
	apart         bool          // in the last one, members got nothing from each other
	all, others   []int
}

// Tick does what is due by time; twice a second is often enough.
func (g *Governor) Tick(now time.Duration) {
	if now-g.round.ticked < tickEvery {
		return
	}
	g.round.ticked = now
	if g.t.Policy == Speed {
		g.tellAll()
		return
	}
	g.mostMoving = max(g.mostMoving, g.moving.at(now))
	g.doze(now)
	g.starve(now)
	g.proven = slices.ContainsFunc(g.peers, func(x *recipient) bool {
		return x != nil && !x.complete && !x.asleep && x.passesOn()
	})
	if g.alone == nil {
		g.expire(now)
	}
	g.straggle(now)
	g.compare(now)
	g.bridge(now)
	g.findLate()
	g.setAside()
	for _, x := range g.peers {
		if x == nil || x.complete || x.asleep {
			continue
		}
		x.observe(now)
		if x.open || g.ending() || g.helps(x) {
			g.feed(x, now)
		}
		g.keep(x, now)
		g.enqueue(x, now)
	}
	g.fill(now)
}

// doze gives up offers that nobody asks for.
func (g *Governor) doze(now time.Duration) {
	for _, x := range g.peers {
		if x == nil || x.asleep || x.complete || x.waiting == 0 || x.waiting < len(x.offers) {
			continue
		}
		oldest := x.offers[0].since
		if now-oldest < unasked || now-x.lastGain < unasked || now-x.lastSent < unasked {
			continue
		}
		for i := len(x.offers) - 1; i >= 0; i-- {
			if x.traits.DontHave { // so that the next offer is heard again
				g.withdraw(x, i, now)
			} else {
				g.drop(x, i, now)
			}
		}
		g.sleep(x, now)
	}
}

// starve lets recipients hold more while the origin stands idle with pieces that nobody has.
func (g *Governor) starve(now time.Duration) {
	switch {
	case len(g.pool) == 0 || g.awake < 2 || g.seeded():
		g.slack = 0
	case now < g.due:
	case 4*g.inFlight < g.room(now) && 2*g.slack < len(g.pieces):
		// Up to their share of the pieces at twice the pace each time: until members have found each other, their links
		// have nothing else to carry. Beyond it slowly.
		g.slack += max(1, min(g.slack, len(g.pieces)/g.awake-g.slack))
	case g.slack > 0 && g.inFlight >= g.room(now):
		g.slack--
	}
}

// straggle trusts seeds no more from whom the only downloader gets nothing.
func (g *Governor) straggle(now time.Duration) {
	if g.awake != 1 || !g.seeded() {
		return
	}
	for _, x := range g.peers {
		if x != nil && !x.complete && !x.asleep && now-x.lastGain >= newcomerWait {
			g.round.stuck, g.round.start = true, now
			g.recount(now)
			return
		}
	}
}

// expire takes first copies from recipients that do not finish or pass them on.
func (g *Governor) expire(now time.Duration) {
	for i := range g.pieces {
		s := &g.pieces[i]
		if s.stage != offered && s.stage != delivered {
			continue
		}
		x, p := g.peers[s.holder], uint32(i)
		age := now - max(s.since, g.crowdedAt)
		switch {
		case s.stage == offered && age >= patience && now-x.lastSent >= patience:
			x.faults++
			g.drop(x, x.find(p), now)
		case s.stage == delivered && age >= g.patience(x):
			x.faults++
			g.takeAway(x, p, now)
		case s.stage == delivered && g.hasty(s, now):
			g.spent++
			g.takeAway(x, p, now)
		}
	}
}

// takeAway lets p be offered to another than x, who has it and does not pass it on.
func (g *Governor) takeAway(x *recipient, p uint32, now time.Duration) {
	x.holds--
	g.pieces[p].again = true
	g.putBack(p, now)
}

// patience is how long x may hold a piece alone: less when others pass theirs on and it does not.
func (g *Governor) patience(x *recipient) time.Duration {
	if !x.passesOn() && g.spreadTime.value > 0 {
		means := time.Duration(patientMeans)
		if len(g.pool) == 0 { // everyone waits for it
			means /= 2
		}
		return max(unproven, means*g.spreadTime.value)
	}
	return max(patience, patientMeans*max(x.spreadTime.value, g.spreadTime.value, g.delivery.value))
}

// hasty reports whether a first copy, when every piece is out, has been held for so long that another one is to end
// the wait.
func (g *Governor) hasty(s *pieceState, now time.Duration) bool {
	return len(g.pool) == 0 && g.spare() >= 1 && now-s.since >= max(hasteEnd, patientMeans*g.spreadTime.value)
}

// spare is how many pieces may still go out twice to end sooner.
func (g *Governor) spare() int64 {
	return max(int64(spareShare*float64(len(g.pieces))), 1) - g.spent
}

// ending reports whether what is left to move is so little that the origin sends it.
func (g *Governor) ending() bool {
	return len(g.pool) == 0 && g.awake > 0 && g.missing <= g.spare()
}

// pay takes an extra copy for x from what there is for that.
func (g *Governor) pay(x *recipient, now time.Duration) bool {
	switch {
	case g.ending():
		g.spent++
	case g.lonely():
	case x.allowed < 1 && !g.helps(x):
		return false
	case g.tokens >= 1:
		g.tokens--
		x.allowed = max(x.allowed-1, 0)
	default:
		return false
	}
	return true
}

// compare ends a round when it is time: who got hardly anything from others is served directly until it does.
func (g *Governor) compare(now time.Duration) {
	age := now - g.round.start
	if age < roundLeast {
		return
	}
	all, others := g.medians()
	if len(g.round.all) == 0 {
		g.round.start = now // they came in the middle of it
		return
	}
	if all < roundPieces && age < g.round.long {
		return
	}
	if all >= roundPieces {
		g.round.long = min(max(roundLeast, age*roundPieces/time.Duration(all)), roundMost)
	}
	g.round.apart = others == 0 && !g.connected(now)
	if stuck := all == 0; stuck != g.round.stuck {
		g.round.stuck = stuck
		g.recount(now)
	}
	for _, x := range g.peers {
		if x == nil || x.complete || x.asleep {
			continue
		}
		if x.joined <= g.round.start {
			g.judge(x, all, now)
		}
		x.gained, x.gainedHere = 0, 0
	}
	g.round.start = now
}

// connected reports whether x has got a piece from another lately.
func (x *recipient) connected(now time.Duration) bool { return now-x.reached < patience }

// connected reports whether anyone has got a piece from another lately.
func (g *Governor) connected(now time.Duration) bool {
	return slices.ContainsFunc(g.peers, func(x *recipient) bool { return x != nil && !x.complete && x.connected(now) })
}

// judge opens x when it got hardly anything from others of what is around, and closes it when it did. At first it is given what lifts it
// to poorShare of the median, so that there is room for what others send; if that changes nothing, more.
func (g *Governor) judge(x *recipient, median int, now time.Duration) {
	if poorShare*(x.gained-x.gainedHere) >= median && median > 0 || x.connected(now) && !g.seeded() && x.count >= g.around {
		x.poor, x.open, x.allowed = 0, g.t.Policy == Balanced, math.MaxInt
		return
	}
	x.poor++
	x.open = true
	switch {
	case g.lonely():
		x.allowed = math.MaxInt
	case x.reached < 0, !x.connected(now) && !g.doubts(x):
		x.allowed = max(median*min(x.poor, poorShare)/poorShare, 1)
	case !x.connected(now):
		x.allowed = 1
	case g.doubts(x):
		x.allowed = 0 // others give it as little as it gives them
	default: // the first time may be chance
		x.allowed = median * min(x.poor-1, poorShare) / poorShare
	}
}

// doubts reports whether x may be one that others choke because it gives them nothing: of what it got from us it has passed
// on little, or nothing at all where others pass theirs on. Many who came to have few pieces before them never got one.
func (g *Governor) doubts(x *recipient) bool {
	return poorShare*x.passed < x.given || x.passed == 0 && g.proven
}

// lonely reports whether nobody else is there who sends anything to a downloader.
func (g *Governor) lonely() bool { return g.awake == 1 || g.round.apart }

// medians returns the pieces that a downloader got in this round, from anyone and from others than us.
func (g *Governor) medians() (all, others int) {
	a, o := g.round.all[:0], g.round.others[:0]
	for _, x := range g.peers {
		if x != nil && !x.complete && !x.asleep && x.joined <= g.round.start {
			a, o = append(a, x.gained), append(o, x.gained-x.gainedHere)
		}
	}
	g.round.all, g.round.others = a, o
	if len(a) == 0 {
		return 0, 0
	}
	slices.Sort(a)
	slices.Sort(o)
	return a[len(a)/2], o[len(o)/2]
}

// keep gives x something when it would have nothing for long: a newcomer a piece, one that waits a block.
func (g *Governor) keep(x *recipient, now time.Duration) {
	if len(x.offers) > 0 || len(g.pool) > 0 && !g.seeded() {
		return
	}
	if x.count == 0 && now-x.joined >= newcomerWait && (g.awake == 1 || g.tokens >= 1) {
		g.tokens = max(g.tokens-1, 0)
		g.offerAny(x, now)
		return
	}
	if !x.traits.DontHave && now-x.lastSent >= idleFor && g.offerAny(x, now) {
		x.trickle, x.orders.paced = true, true
	}
}
