package swarm

import (
	"math"
	"slices"
	"time"
)

// How much is on offer. Seconds stand for pieces by the rate at which they are taken.
const (
	// pipeline is how long one recipient is kept busy: a round trip and the second that clients plan ahead.
	pipeline = 1200 * time.Millisecond
	// minWindow and maxWindow bound the pieces on offer to one of several.
	minWindow, maxWindow = 2, 16

	// firstWindow bounds them until it is known what its downlink carries: from then on the first copy may be paced.
	firstWindow = 4

	// minInFlight and inFlightFor bound the offers to all: pieces that go out one after the other can be passed
	// on sooner than as many that go out at once. At first, two for each of a small crowd.
	minInFlight = 4
	inFlightFor = 3 * time.Second

	// firstHolds are the pieces that who does not pass any on may hold alone, and holdsFor how many more by the
	// rate at which they are passed on: who uploads quickly gets more of the first copies.
	firstHolds = 3
	holdsFor   = 8 * time.Second

	// shareFor bounds the share of the pieces that who has not yet failed to pass one on may hold alone, by the
	// rate at which it takes them.
	shareFor = 30 * time.Second
	// suspectAfter is the least time in which the first piece of a recipient is passed on, where others pass theirs on.
	suspectAfter = 3 * time.Second

	// A lone peer has a window that grows with its rate, and is wide once it has been alone for loneSettled.
	minLone     = 4
	maxLone     = 1024
	loneYoung   = 1500 * time.Millisecond
	loneOld     = 4 * time.Second
	loneAhead   = 16
	loneSettled = 5 * time.Second

	// looked is how many pieces a search for a rare one compares.
	looked = 64
)

// queue is a first-in-first-out of ids.
type queue struct {
	ids  []int
	head int
}

func (q *queue) push(id int) { q.ids = append(q.ids, id) }

func (q *queue) pop() (id int, ok bool) {
	if q.head == len(q.ids) {
		q.ids, q.head = q.ids[:0], 0
		return 0, false
	}
	id = q.ids[q.head]
	if q.head++; q.head > 1024 && 2*q.head > len(q.ids) {
		q.ids, q.head = append(q.ids[:0], q.ids[q.head:]...), 0
	}
	return id, true
}

// perSecond returns bytes a second as pieces in a time.
func (g *Governor) piecesIn(bytesPerSecond float64, d time.Duration) int {
	return int(math.Ceil(bytesPerSecond * d.Seconds() / float64(g.t.PieceLength)))
}

// serve gives x what it may have after something happened to it, and others what became free.
func (g *Governor) serve(x *recipient, now time.Duration) {
	if x.open || g.helps(x) {
		g.feed(x, now)
	}
	g.enqueue(x, now)
	g.fill(now)
}

// enqueue lets x wait for a first copy, if it has room for one.
func (g *Governor) enqueue(x *recipient, now time.Duration) {
	if g.queued[x.id] || !g.eligible(x, now) {
		return
	}
	g.queued[x.id] = true
	if x.late {
		g.late.push(x.id)
		return
	}
	g.ready.push(x.id)
}

// eligible reports whether x may be offered a first copy now.
func (g *Governor) eligible(x *recipient, now time.Duration) bool {
	return !x.complete && !x.asleep && (now >= g.due || !x.full(now)) && len(x.offers) < g.window(x, now) &&
		len(x.offers)+x.holds < g.holdable(x, now)
}

// window is how many pieces may be on offer to x: what it takes while it is kept busy, or its part of what is offered
// when that is paced.
func (g *Governor) window(x *recipient, now time.Duration) int {
	if n := g.awaits(x); n > 0 {
		return n
	}
	n := g.piecesIn(x.sent.at(now), pipeline) + 1
	switch {
	case x.full(now):
		n = min(n, int(math.Ceil(g.pace(now)*pipeline.Seconds()/float64(g.awake)))+1)
	case x.mostGains == 0:
		n = min(n, firstWindow)
	}
	return min(max(n, minWindow), maxWindow)
}

// holdable is how many pieces x may have on offer or for itself alone: its share of all that it can take in shareFor,
// so that the first copy leaves as fast as the links carry it; less once it is known to keep pieces to itself.
func (g *Governor) holdable(x *recipient, now time.Duration) int {
	if x.faults >= maxFaults {
		return 0
	}
	if n := g.awaits(x); n > 0 {
		return n
	}
	holds := max(firstHolds-x.faults, 1) + int(math.Ceil(x.spread.at(now)*holdsFor.Seconds()))
	if g.suspect(x, now) {
		return holds
	}
	if x.faults == 0 {
		holds = max(holds, min(len(g.pieces)/max(g.awake, 1), firstHolds+g.piecesIn(x.sent.at(now), shareFor)))
	}
	return holds + g.slack
}

// passesOn reports whether x has passed on half of what it has got from us.
func (x *recipient) passesOn() bool { return x.passed > 0 && 2*x.passed >= x.given }

// suspect reports whether x has passed nothing on for so long that others had.
func (g *Governor) suspect(x *recipient, now time.Duration) bool {
	return x.passed == 0 && x.given > 0 && g.proven && now-x.firstGiven >= max(suspectAfter, 2*g.spreadTime.value)
}

// room is how many offers there may be in all.
func (g *Governor) room(now time.Duration) int {
	return min(max(minInFlight, 2*g.awake), maxWindow) + g.piecesIn(g.sent.at(now), inFlightFor) + g.aside
}

// fill offers what may be offered.
func (g *Governor) fill(now time.Duration) {
	switch {
	case g.t.Policy == Speed:
	case g.alone != nil:
		g.fillAlone(g.alone, now)
	case !g.seeded():
		g.fillFirst(now)
	}
}

// fillAlone offers a lone downloader everything, as far ahead as it needs to be as fast as it can.
func (g *Governor) fillAlone(x *recipient, now time.Duration) {
	r := x.sent.at(now)
	if now-g.crowdedAt < loneSettled || now-x.joined < loneSettled {
		// Others may be about to come: what is on offer to this one is lost to them.
		for limit := max(minLone, g.piecesIn(r, loneYoung)); len(x.offers) < min(limit, maxLone); {
			if !g.offerAny(x, now) {
				return
			}
		}
		return
	}
	for limit := loneAhead + g.piecesIn(r, loneOld); x.waiting < min(limit, maxLone); {
		if !g.offerAny(x, now) {
			return
		}
	}
}

// fillFirst deals first copies out, in turns.
func (g *Governor) fillFirst(now time.Duration) {
	for room := g.room(now); len(g.pool) > 0 && g.inFlight < room; {
		x := g.next(now)
		if x == nil {
			return
		}
		if p, ok := g.pickFirst(x); ok {
			g.offer(x, p, false, now)
			g.delayNext(x, now)
			g.enqueue(x, now)
		}
	}
}

// pickFirst returns a piece of the pool for x, better one that it was not offered before. One that was offered in
// vain goes to who passes pieces on, when there is anyone who does.
func (g *Governor) pickFirst(x *recipient) (p uint32, ok bool) {
	for i := len(g.pool) - 1; i >= max(0, len(g.pool)-looked); i-- {
		q := g.pool[i]
		switch {
		case x.has.has(q), g.pieces[q].again && !x.passesOn() && g.proven:
		case !x.told.has(q):
			return q, true
		case x.find(q) < 0:
			p, ok = q, true
		}
	}
	return p, ok
}

// pickAny returns the rarest of some pieces that x lacks and was not offered. The rarest of all is not looked for.
func (g *Governor) pickAny(x *recipient) (p uint32, ok bool) {
	if p, ok = g.pickFirst(x); ok {
		return p, ok
	}
	n := uint32(len(g.pieces))
	best := int32(math.MaxInt32)
	for range n {
		i := x.cursor
		if x.cursor++; x.cursor == n {
			x.cursor = 0
		}
		if x.has.has(i) || x.told.has(i) {
			continue
		}
		if r := g.pieces[i].replicas; r < best {
			best, p, ok = r, i, true
		}
		if best <= 1 {
			break
		}
	}
	return p, ok
}

// offerAny offers x any piece, and reports whether there was one.
func (g *Governor) offerAny(x *recipient, now time.Duration) bool {
	p, ok := g.pickAny(x)
	if ok {
		g.offer(x, p, g.pieces[p].stage != waiting, now)
	}
	return ok
}

// feed serves a recipient directly, as far as there is something for that.
func (g *Governor) feed(x *recipient, now time.Duration) {
	limit := g.window(x, now)
	if g.helps(x) {
		limit = max(limit, helpWindow)
	}
	for !x.complete && len(x.offers) < limit {
		p, ok := g.pickAny(x)
		if !ok {
			return
		}
		extra := g.pieces[p].stage != waiting || g.seeded()
		if !extra && x.reached >= 0 && x.passed == 0 && g.proven { // first copies only by its turn, which bounds what it holds
			return
		}
		if extra && !g.pay(x, now) {
			return
		}
		g.offer(x, p, extra, now)
	}
}

// offer tells x of p.
func (g *Governor) offer(x *recipient, p uint32, extra bool, now time.Duration) {
	if s := &g.pieces[p]; s.stage == waiting {
		g.takeOut(p)
		g.move(s, offered, now)
		s.holder = int32(x.id)
	}
	x.offers = append(x.offers, offer{piece: p, extra: extra, since: now})
	x.waiting++
	g.inFlight++
	if x.trickle {
		x.trickle, x.orders.paced = false, true
	}
	if x.told.set(p) {
		x.orders.tell(p)
	}
	g.wake(x)
}

// wake notes that there are orders for x.
func (g *Governor) wake(x *recipient) { g.woken = append(g.woken, x.id) }

// narrow takes back what a lone downloader was offered ahead, now that it is one of several.
func (g *Governor) narrow(now time.Duration) {
	for _, x := range g.peers {
		if x == nil || !x.traits.DontHave {
			continue
		}
		for i := len(x.offers) - 1; i >= 0 && len(x.offers) > minWindow; i-- {
			if !x.offers[i].requested {
				g.withdraw(x, i, now)
			}
		}
	}
}

// withdraw takes an offer back by BEP 54.
func (g *Governor) withdraw(x *recipient, i int, now time.Duration) {
	p := x.offers[i].piece
	g.drop(x, i, now)
	x.told.clear(p)
	x.orders.takeBack(p)
	g.wake(x)
}

// tell and takeBack undo each other while neither has been said: the recipient would be left with the last of both in
// the order of Orders, not in that of the calls.
func (o *orders) tell(p uint32) {
	if i := slices.Index(o.dontHave, p); i >= 0 {
		o.dontHave = slices.Delete(o.dontHave, i, i+1)
		return
	}
	o.have = append(o.have, p)
}

func (o *orders) takeBack(p uint32) {
	if i := slices.Index(o.have, p); i >= 0 {
		o.have = slices.Delete(o.have, i, i+1)
		return
	}
	o.dontHave = append(o.dontHave, p)
}
