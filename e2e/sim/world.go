package main

import (
	"math"
	"math/rand/v2"
)

// step is the time between two states, in seconds.
const step = 0.05

const (
	rechokeEvery  = 10.0 // seconds
	haveLag       = 0.25 // seconds until others know of a piece
	dialled       = 20   // neighbours that a peer connects to itself
	maxNeighbours = 80
)

// scenario is one crowd. Rates are in pieces a second.
type scenario struct {
	name        string
	peers       int
	pieces      int
	up, down    float64
	origin      float64
	freeRiders  float64 // share of the peers
	spread      float64 // seconds over which they arrive
	stay        bool    // when complete
	slots       int     // upload slots of a peer
	runs, halts float64 // seconds for which a connection of two peers works and stands still, on average; 0: it never does
	seed        uint64
}

// world is a crowd at a moment.
type world struct {
	sc       scenario
	rng      *rand.Rand
	now      float64
	peers    []*peer
	links    []*link // that carry something
	lag      []have
	org      origin
	self     *peer               // the origin as a sender
	sent     float64             // pieces by the origin
	left     int                 // peers that are not complete
	seeds    int                 // complete peers that stayed
	standing map[[2]int]standing // by the ids of two neighbours
}

// have is a piece that others are about to know of.
type have struct {
	at    float64
	peer  *peer
	piece int
}

// result is what a run shows.
type result struct {
	copies float64
	last   float64 // seconds to the last completion, from its arrival when they are spread
	bound  float64
}

func (r result) ratio() float64 { return r.last / r.bound }

func newWorld(sc scenario, o origin) *world {
	w := &world{sc: sc, rng: rand.New(rand.NewPCG(sc.seed, 1)), org: o, left: sc.peers, self: &peer{}, standing: make(map[[2]int]standing)}
	for i := range sc.peers {
		p := &peer{id: i, up: sc.up, down: sc.down, has: newSet(sc.pieces), known: newSet(sc.pieces), fetching: newSet(sc.pieces), rarity: make([]int, sc.pieces), got: make(map[*peer]float64), partial: make(map[int]float64)}
		p.arrives = sc.spread * float64(i) / float64(sc.peers)
		if float64(i) < sc.freeRiders*float64(sc.peers) {
			p.up = 0
		}
		w.peers = append(w.peers, p)
	}
	// Free riders come among the others.
	w.rng.Shuffle(len(w.peers), func(i, j int) { w.peers[i].up, w.peers[j].up = w.peers[j].up, w.peers[i].up })
	return w
}

// run lets the crowd go until everyone is complete, or gives up.
func (w *world) run() result {
	bound := w.bound()
	worst := 0.0
	for limit := w.sc.spread + 40*bound; w.left > 0 && w.now < limit; w.now += step {
		w.arrivals()
		w.announce()
		w.org.tick(w)
		w.choke()
		w.transfer()
	}
	for _, p := range w.peers {
		end := p.done
		if end == 0 {
			end = math.Inf(1)
		}
		worst = max(worst, end-p.arrives)
	}
	return result{copies: w.sent / float64(w.sc.pieces), last: worst, bound: bound}
}

// bound is the least time to the last completion with fluid pieces: max(F/us, F/d, N F/(us + sum u)).
func (w *world) bound() float64 {
	f, up := float64(w.sc.pieces), 0.0
	for _, p := range w.peers {
		up += p.up
	}
	return max(f/w.sc.origin, f/w.sc.down, float64(w.sc.peers)*f/(w.sc.origin+up))
}

// arrivals lets those come whose time it is.
func (w *world) arrivals() {
	var came []*peer
	for _, p := range w.peers {
		if !p.here && !p.gone && p.arrives <= w.now {
			p.here = true
			came = append(came, p)
		}
	}
	for _, p := range came {
		w.connect(p)
		p.nextChoke = w.now + w.rng.Float64()
		w.org.join(w, p)
	}
}

// connect gives p neighbours among those who are here.
func (w *world) connect(p *peer) {
	for _, i := range w.rng.Perm(len(w.peers)) {
		q := w.peers[i]
		if len(p.near) >= dialled {
			return
		}
		if q == p || !q.here || len(q.near) >= maxNeighbours || p.knows(q) {
			continue
		}
		p.meet(q)
		q.meet(p)
	}
}

// announce tells of pieces whose lag is over.
func (w *world) announce() {
	n := 0
	for ; n < len(w.lag) && w.lag[n].at <= w.now; n++ {
		h := w.lag[n]
		if h.peer.gone {
			continue
		}
		h.peer.known.add(h.piece)
		for _, q := range h.peer.near {
			q.rarity[h.piece]++
		}
		if !h.peer.reported {
			w.org.have(w, h.peer, h.piece)
		}
		if h.peer.known.count == w.sc.pieces {
			w.finish(h.peer)
		}
	}
	w.lag = w.lag[n:]
}

// finish lets a complete peer seed or go.
func (w *world) finish(p *peer) {
	if p.reported {
		return
	}
	p.reported = true
	w.org.leave(w, p)
	if w.sc.stay {
		w.seeds++
		return
	}
	p.gone, p.here = true, false
	for _, q := range p.near {
		q.part(p)
		if len(q.near) < dialled/2 {
			w.connect(q) // the tracker names others
		}
	}
	for _, l := range p.out {
		l.end()
	}
	p.near, p.out = nil, nil
}

// gain gives p a piece that it has fetched.
func (w *world) gain(p *peer, piece int) {
	p.fetching.remove(piece)
	if !p.has.add(piece) {
		return
	}
	w.lag = append(w.lag, have{w.now + haveLag, p, piece})
	if p.has.count == w.sc.pieces {
		p.done = w.now
		w.left--
	}
}

// transfer moves one step's worth of pieces over the busy links.
func (w *world) transfer() {
	w.links = w.links[:0]
	for _, p := range w.peers {
		if !p.here {
			continue
		}
		p.busy = 0
		for _, l := range p.out {
			if w.halted(l) {
				l.release(w)
				continue
			}
			if l.want(w) {
				p.busy++
				w.links = append(w.links, l)
			}
		}
	}
	n := len(w.links)
	w.links = w.org.links(w, w.links)
	w.self.up, w.self.busy = w.sc.origin, len(w.links)-n
	for _, l := range w.links[n:] {
		l.from = w.self
	}
	w.share()
	for i, l := range w.links {
		w.carry(l, l.rate*step, i >= n)
	}
}

// carry moves an amount over a link, over the ends of pieces.
func (w *world) carry(l *link, amount float64, byOrigin bool) {
	for amount > 1e-9 && (byOrigin && w.org.carry(w, l) || !byOrigin && l.want(w)) {
		m := min(amount, l.left)
		amount -= m
		if byOrigin {
			w.sent += m
			w.org.sent(w, l, m)
		}
		l.move(w, m)
	}
}

// shares is how often what a receiver cannot take is given to others.
const shares = 3

// share sets the rates of the links: each sender's in equal parts, as far as the receivers can take them.
func (w *world) share() {
	for _, l := range w.links {
		l.rate, l.to.load, l.from.used = 0, 0, 0
	}
	for range shares {
		for _, l := range w.links {
			l.more = 0
			if l.from.busy > 0 && l.to.load < l.to.down-1e-9 {
				l.more = (l.from.up - l.from.used) / float64(l.from.busy)
			}
			l.to.asked += l.more
		}
		for _, l := range w.links {
			if free := l.to.down - l.to.load; l.to.asked > max(free, 0) {
				l.more *= max(free, 0) / l.to.asked
			}
			l.rate += l.more
		}
		for _, l := range w.links {
			l.to.asked = 0
			l.to.load += l.more
			l.from.used += l.more
		}
		for _, l := range w.links {
			l.from.busy = 0
		}
		for _, l := range w.links {
			if l.to.load < l.to.down-1e-9 {
				l.from.busy++
			}
		}
	}
}

// standing is whether a connection stands still, until a time.
type standing struct {
	still bool
	until float64
}

// halted reports whether the connection of the link stands still.
func (w *world) halted(l *link) bool {
	if w.sc.halts == 0 {
		return false
	}
	pair := [2]int{min(l.from.id, l.to.id), max(l.from.id, l.to.id)}
	c, known := w.standing[pair]
	for ; !known || w.now >= c.until; known = true {
		mean := w.sc.runs
		if c.still = known && !c.still; c.still {
			mean = w.sc.halts
		}
		c.until = w.now + w.rng.ExpFloat64()*mean
	}
	w.standing[pair] = c
	return c.still
}

// release gives up what a connection that stands still carries, once its receiver finds nothing else to fetch.
func (l *link) release(w *world) {
	if l.piece < 0 {
		return
	}
	for _, q := range l.to.near {
		if l.to.rarest(w, &q.known) >= 0 {
			return
		}
	}
	l.end()
}
