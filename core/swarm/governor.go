package swarm

import (
	"math/rand/v2"
	"time"
)

// Terms are what a Governor decides for.
type Terms struct {
	Length, PieceLength int64 // bytes
	Policy              Policy
	Seed                uint64 // of the order of pieces
}

// Governor decides which piece the origin offers to whom, so that about one copy of a torrent leaves it: a
// piece that no member has goes to one of them, whose next ones depend on whether it passes on what it got.
//
// It is a state machine: every method is told the time since an epoch of the caller's, which never goes back,
// and the same calls give the same decisions. It is not safe for concurrent use. No call costs more than O(1)
// but Join, Leave and Tick.
type Governor struct {
	t      Terms
	rng    *rand.Rand
	pieces []pieceState
	pool   []uint32 // to be offered as first copies; the last one is next

	peers  []*recipient // by id; nil is free
	free   []int
	ready  queue  // of ids: who may have room for an offer
	late   queue  // the same, of those who are late: they come first
	queued []bool // by id: it stands in one of them, whoever has the id by now; who became late while in ready stands in both
	counts []int  // reused
	woken  []int

	came       int // members ever
	begun      time.Duration
	mostMoving float64 // pieces a second that members were seen to get from each other

	awake     int        // members that download
	alone     *recipient // the only one of them, when no seed is known either
	crowdedAt time.Duration
	seeds     int // complete peers that are not members

	inFlight int  // offers not delivered
	dealt    int  // first copies that each who has begun has had, if as many may lie for who has not; see setAside
	aside    int  // offers that lie so
	sent     rate // bytes of payload
	bytes    int64
	moved    int64 // bytes of the pieces that members have got from each other
	moving   rate
	missing  int64 // pieces that the awake lack, together

	delivery   mean // from an offer to its delivery
	spreadTime mean // from a delivery to the next holder
	around     int  // pieces that are spread
	proven     bool // a downloader has passed something on
	slack      int  // by how much recipients may hold more, because the origin stood idle

	due time.Duration // of the next first copy to who has a full downlink

	spent  int64   // extra copies of pieces sent to end sooner
	tokens float64 // extra copies of pieces that may be sent to who cannot get them
	round  round
	still  standstill
}

// stage is how far the first copy of a piece is.
type stage uint8

const (
	waiting   stage = iota // in the pool
	offered                // to its holder
	delivered              // its holder has it, and nobody else
	spread                 // out of the origin's hands
)

type pieceState struct {
	replicas int32
	holder   int32 // id, while offered or delivered
	place    int32 // in the pool, while waiting
	again    bool  // it was offered before, to no avail
	stage    stage
	since    time.Duration // of the stage
}

// NewGovernor returns a Governor without members.
func NewGovernor(t Terms) *Governor {
	g := &Governor{t: t, round: round{long: roundMost}, rng: rand.New(rand.NewPCG(t.Seed, t.Seed))}
	n := int((t.Length + t.PieceLength - 1) / max(t.PieceLength, 1))
	g.pieces = make([]pieceState, n)
	g.pool = make([]uint32, n)
	for i := range g.pool {
		g.pool[i] = uint32(i)
	}
	g.rng.Shuffle(n, func(i, j int) { g.pool[i], g.pool[j] = g.pool[j], g.pool[i] })
	for i, p := range g.pool {
		g.pieces[p] = pieceState{holder: -1, place: int32(i)}
	}
	return g
}

// Join adds a member without pieces and returns its id, which is used again after it left.
func (g *Governor) Join(now time.Duration, t Traits) (id int) {
	id = len(g.peers)
	if n := len(g.free); n > 0 {
		id, g.free = g.free[n-1], g.free[:n-1]
	} else {
		g.peers, g.queued = append(g.peers, nil), append(g.queued, false)
	}
	x := &recipient{
		id: id, traits: t, joined: now, lastSent: now, lastGain: now, reached: -patience,
		has: newBitset(len(g.pieces)), told: newBitset(len(g.pieces)),
	}
	if len(g.pieces) > 0 {
		x.cursor = g.rng.Uint32N(uint32(len(g.pieces)))
	}
	if g.t.Policy == Speed {
		x.cursor = uint32(len(g.pieces)) // it is greeted with all of them: see tellAll
	}
	g.peers[id] = x
	if g.came++; g.came == 1 {
		g.begun = now
	}
	if g.awake == 0 {
		g.round.start = now
	}
	g.missing += int64(len(g.pieces))
	g.recount(now)
	g.serve(x, now)
	return id
}

// SetTraits says what a member can do.
func (g *Governor) SetTraits(id int, t Traits) { g.peers[id].traits = t }

// Leave removes a member. What only it had is offered again.
func (g *Governor) Leave(id int, now time.Duration) {
	x := g.peers[id]
	g.forget(x, now)
	g.peers[id] = nil
	g.free = append(g.free, id)
	if !x.complete && !x.asleep {
		g.missing -= int64(len(g.pieces) - x.count)
	}
	g.recount(now)
	g.fill(now)
}

// forget takes back all that x has and was offered.
func (g *Governor) forget(x *recipient, now time.Duration) {
	for len(x.offers) > 0 {
		g.drop(x, len(x.offers)-1, now)
	}
	for i := range g.pieces {
		p := uint32(i)
		if !x.has.has(p) {
			continue
		}
		s := &g.pieces[p]
		s.replicas--
		if s.stage == delivered && int(s.holder) == x.id {
			x.holds--
			g.move(s, spread, now)
		}
		if s.replicas == 0 && s.stage == spread {
			g.putBack(p, now)
		}
	}
}

// SetSeeds says how many complete peers there are beside the members.
func (g *Governor) SetSeeds(n int, now time.Duration) {
	if g.seeds == n {
		return
	}
	g.seeds = n
	g.recount(now)
	g.fill(now)
}

// seeded reports whether there are seeds beside the members, and downloaders get something from them.
func (g *Governor) seeded() bool { return g.seeds > 0 && !g.round.stuck }

// Have says that a member has these pieces. fresh are those it got just now.
func (g *Governor) Have(id int, p uint32, fresh bool, now time.Duration) {
	x := g.peers[id]
	if int(p) >= len(g.pieces) {
		return
	}
	g.gain(x, p, now, fresh, false)
	g.serve(x, now)
}

// Complete says that a member has every piece.
func (g *Governor) Complete(id int, now time.Duration) {
	for p := range g.pieces {
		g.gain(g.peers[id], uint32(p), now, false, false)
	}
	g.fill(now)
}

// Lost says that a member has no piece.
func (g *Governor) Lost(id int, now time.Duration) {
	x := g.peers[id]
	if x.count == 0 {
		return
	}
	traits, cursor := x.traits, x.cursor
	g.came-- // it is the same member
	g.Leave(id, now)
	for g.Join(now, traits) != id { // the last id that became free is the first to be used again
	}
	g.peers[id].cursor = cursor
}

// Requested says that a member asked for a block of a piece that it may have.
func (g *Governor) Requested(id int, p uint32, now time.Duration) {
	x := g.peers[id]
	if x.asleep {
		g.wakeUp(x, now)
	}
	i := x.find(p)
	if i < 0 || x.offers[i].requested {
		return
	}
	x.offers[i].requested = true
	x.waiting--
	if g.alone == x {
		g.fill(now)
	}
}

// Sent says that the socket of a member took bytes of a piece. A piece that went out whole counts as one that
// it has: libtorrent can be told not to announce pieces to who has offered them.
func (g *Governor) Sent(id int, p uint32, bytes int64, now time.Duration) {
	x := g.peers[id]
	x.lastSent = now
	x.sent.add(now, float64(bytes))
	g.sent.add(now, float64(bytes))
	g.bytes += bytes
	i := x.find(p)
	if i < 0 {
		return
	}
	o := &x.offers[i]
	if o.sent += bytes; o.sent < g.size(p) {
		return
	}
	g.delivery.add(now - o.since)
	g.gain(x, p, now, true, true)
	g.serve(x, now)
}

// MayHave reports whether a member was told of a piece.
func (g *Governor) MayHave(id int, p uint32) bool {
	return g.t.Policy == Speed || g.peers[id].told.has(p)
}

// Orders fills o with what is to be told to a member since the last call, and reports whether there is any.
func (g *Governor) Orders(id int, o *Orders) bool {
	x := g.peers[id]
	*o = Orders{Have: append(o.Have[:0], x.orders.have...), DontHave: append(o.DontHave[:0], x.orders.dontHave...)}
	if x.trickle {
		o.BlockEvery = trickleEvery
	}
	any := len(o.Have)+len(o.DontHave) > 0 || x.orders.paced
	x.orders = orders{have: x.orders.have[:0], dontHave: x.orders.dontHave[:0]}
	return any
}

// Woken returns the members for whom there are orders since the last call; valid until the next call.
func (g *Governor) Woken() []int {
	list := g.woken
	g.woken = g.woken[:0]
	return list
}

// gain gives x a piece; here is whether it has it from us.
func (g *Governor) gain(x *recipient, p uint32, now time.Duration, fresh, here bool) {
	if !x.has.set(p) {
		return
	}
	x.count++
	if !x.asleep {
		g.missing--
	}
	if i := x.find(p); i >= 0 {
		here = here || 2*x.offers[i].sent >= g.size(p)
		g.remove(x, i)
	}
	if here {
		if x.given++; x.given == 1 {
			x.firstGiven = now
		}
	}
	if fresh {
		g.still.ticks = 0
		x.lastGain = now
		x.gains.add(now, 1)
		x.gained++
		if here {
			x.gainedHere++
		} else {
			x.reached = now
			g.moved += g.size(p)
			g.moving.add(now, 1)
			g.tokens += tokenShare[g.t.Policy]
		}
	}
	g.advance(x, p, here, now)
	if x.count == len(g.pieces) && !x.complete {
		x.complete = true
		g.recount(now)
	}
}

// advance moves the first copy of p on, now that x has it, too; here is whether from us. Only who has it from others
// shows that it is passed on.
func (g *Governor) advance(x *recipient, p uint32, here bool, now time.Duration) {
	s := &g.pieces[p]
	s.replicas++
	switch {
	case s.stage == waiting:
		g.takeOut(p)
		g.move(s, spread, now)
		if here { // an offer that was given up
			g.hold(x, p, now)
		}
	case s.stage == offered && int(s.holder) == x.id && s.replicas > 1 && !s.again: // see bridge
		g.move(s, spread, now)
	case s.stage == offered && int(s.holder) == x.id:
		g.hold(x, p, now)
	case s.stage == offered && !here:
		g.move(s, spread, now)
	case s.stage == delivered && !here:
		holder, took := g.peers[s.holder], now-s.since
		g.move(s, spread, now)
		holder.holds--
		if s.again && s.replicas > 2 { // x may have it from who held it before
			return
		}
		holder.faults = 0
		holder.passed++
		holder.spread.add(now, 1)
		holder.spreadTime.add(took)
		g.spreadTime.add(took)
		g.serve(holder, now)
	}
}

// move sets the stage of a piece.
func (g *Governor) move(s *pieceState, to stage, now time.Duration) {
	if s.stage == spread {
		g.around--
	}
	if to == spread {
		g.around++
	}
	s.stage, s.since = to, now
}

// hold lets x be who has p and is to pass it on.
func (g *Governor) hold(x *recipient, p uint32, now time.Duration) {
	s := &g.pieces[p]
	g.move(s, delivered, now)
	s.holder = int32(x.id)
	x.holds++
}

// size returns the bytes of a piece.
func (g *Governor) size(p uint32) int64 {
	return min(g.t.PieceLength, g.t.Length-int64(p)*g.t.PieceLength)
}

// remove ends an offer that was kept or given up.
func (g *Governor) remove(x *recipient, i int) {
	if !x.offers[i].requested {
		x.waiting--
	}
	x.offers = append(x.offers[:i], x.offers[i+1:]...)
	g.inFlight--
}

// drop gives up an offer; its piece is offered again if nobody has it.
func (g *Governor) drop(x *recipient, i int, now time.Duration) {
	p := x.offers[i].piece
	g.remove(x, i)
	if s := &g.pieces[p]; s.stage == offered && int(s.holder) == x.id {
		g.move(s, spread, now)
		if s.replicas == 0 {
			g.putBack(p, now)
		}
	}
}

// putBack lets p be offered next.
func (g *Governor) putBack(p uint32, now time.Duration) {
	s := &g.pieces[p]
	g.move(s, waiting, now)
	s.holder, s.place = -1, int32(len(g.pool))
	g.pool = append(g.pool, p)
}

// takeOut takes p from the pool.
func (g *Governor) takeOut(p uint32) {
	s, last := &g.pieces[p], len(g.pool)-1
	moved := g.pool[last]
	g.pool[s.place], g.pieces[moved].place = moved, s.place
	g.pool = g.pool[:last]
}

// recount finds out who downloads, after that may have changed.
func (g *Governor) recount(now time.Duration) {
	before := g.awake
	g.awake, g.alone = 0, nil
	var last *recipient
	for _, x := range g.peers {
		if x != nil && !x.complete && !x.asleep {
			g.awake++
			last = x
		}
	}
	if g.awake == 1 && !g.seeded() {
		g.alone = last
	}
	if before < 2 && g.awake >= 2 {
		g.crowdedAt = now
		g.narrow(now)
	}
}

// sleep takes x out of the count of those who download.
func (g *Governor) sleep(x *recipient, now time.Duration) {
	x.asleep = true
	g.missing -= int64(len(g.pieces) - x.count)
	g.recount(now)
}

func (g *Governor) wakeUp(x *recipient, now time.Duration) {
	x.asleep = false
	g.missing += int64(len(g.pieces) - x.count)
	g.recount(now)
	g.serve(x, now)
}
