package main

import (
	"time"

	"shoal/core/swarm"
)

// origin is who has everything: how it decides what to send.
type origin interface {
	join(w *world, p *peer)
	have(w *world, p *peer, piece int)
	leave(w *world, p *peer)
	tick(w *world)
	links(w *world, dst []*link) []*link // that it is sending on
	carry(w *world, l *link) bool        // gives the link a piece if it has none; false when there is none
	sent(w *world, l *link, amount float64)
}

// connection is what the origin and a peer share.
type connection struct {
	id      int
	offered set
	link    link
	queue   []int // requested
	owed    float64
}

func (c *connection) open(w *world, p *peer) {
	c.offered = newSet(w.sc.pieces)
	c.link = link{to: p, piece: -1}
}

// plain sends to everyone whatever is asked for.
type plain struct{}

func (plain) join(w *world, p *peer) {
	p.conn.open(w, p)
	for i := range w.sc.pieces {
		p.conn.offered.add(i)
	}
}

func (plain) have(*world, *peer, int)     {}
func (plain) leave(*world, *peer)         {}
func (plain) tick(*world)                 {}
func (plain) sent(*world, *link, float64) {}

func (plain) links(w *world, dst []*link) []*link {
	for _, p := range w.peers {
		if l := &p.conn.link; p.here && p.done == 0 && w.org.carry(w, l) {
			dst = append(dst, l)
		}
	}
	return dst
}

func (plain) carry(w *world, l *link) bool {
	if l.piece >= 0 {
		return true
	}
	if l.piece = l.to.rarest(w, &l.to.conn.offered); l.piece < 0 {
		return false
	}
	l.left = l.to.begin(l.piece)
	return true
}

// super is super-seeding: everyone is told of a few pieces that were told to the fewest, and of another one
// when one of them is seen elsewhere.
type super struct {
	plain
	told  []int // to how many
	owner map[int][]*peer
	out   map[*peer]int
}

const superWindow = 2

func newSuper(pieces int) *super {
	return &super{told: make([]int, pieces), owner: make(map[int][]*peer), out: make(map[*peer]int)}
}

func (s *super) join(w *world, p *peer) {
	p.conn.open(w, p)
	for range superWindow {
		s.tell(w, p)
	}
}

func (s *super) tell(w *world, p *peer) {
	best, piece, ties := 1<<30, -1, 0
	for i, n := range s.told {
		if p.conn.offered.contains(i) || p.has.contains(i) || n > best {
			continue
		}
		if n < best {
			best, ties = n, 0
		}
		if ties++; w.rng.IntN(ties) == 0 {
			piece = i
		}
	}
	if piece < 0 {
		return
	}
	s.told[piece]++
	p.conn.offered.add(piece)
	s.owner[piece] = append(s.owner[piece], p)
}

func (s *super) have(w *world, p *peer, piece int) {
	s.told[piece]++
	keep := s.owner[piece][:0]
	for _, o := range s.owner[piece] {
		if o == p {
			keep = append(keep, o)
			continue
		}
		if o.here {
			s.tell(w, o)
		}
	}
	s.owner[piece] = keep
}

// governed is the governor of core/swarm.
type governed struct {
	g      *swarm.Governor
	byID   []*peer
	orders swarm.Orders
}

// pieceBytes is what a piece of the model is to the governor.
const pieceBytes = 1 << 20

// ahead is how many pieces a client requests at once.
const ahead = 4

func newGoverned(sc scenario, p swarm.Policy) *governed {
	return &governed{g: swarm.NewGovernor(swarm.Terms{
		Length: int64(sc.pieces) * pieceBytes, PieceLength: pieceBytes, Policy: p, Seed: sc.seed,
	})}
}

func (o *governed) clock(w *world) time.Duration { return time.Duration(w.now * float64(time.Second)) }

func (o *governed) join(w *world, p *peer) {
	p.conn.open(w, p)
	p.conn.id = o.g.Join(o.clock(w), swarm.Traits{Fast: true, DontHave: true})
	for len(o.byID) <= p.conn.id {
		o.byID = append(o.byID, nil)
	}
	o.byID[p.conn.id] = p
}

func (o *governed) have(w *world, p *peer, piece int) {
	o.g.Have(p.conn.id, uint32(piece), true, o.clock(w))
}

func (o *governed) leave(w *world, p *peer) {
	o.byID[p.conn.id] = nil
	o.g.Leave(p.conn.id, o.clock(w))
}

func (o *governed) tick(w *world) {
	o.g.SetSeeds(w.seeds, o.clock(w))
	o.g.Tick(o.clock(w))
}

func (o *governed) sent(w *world, l *link, amount float64) {
	c := &l.to.conn
	c.owed += amount * pieceBytes
	n := int64(c.owed)
	if l.left-amount <= 1e-9 {
		n = int64(c.owed + 0.5) // the whole piece, however it was rounded
	}
	c.owed -= float64(n)
	if o.byID[c.id] == l.to {
		o.g.Sent(c.id, uint32(l.piece), n, o.clock(w))
	}
}

func (o *governed) links(w *world, dst []*link) []*link {
	for _, id := range o.g.Woken() {
		p := o.byID[id]
		if p == nil || !o.g.Orders(id, &o.orders) {
			continue
		}
		for _, i := range o.orders.Have {
			p.conn.offered.add(int(i))
		}
		for _, i := range o.orders.DontHave {
			p.conn.offered.remove(int(i))
		}
	}
	for _, p := range w.peers {
		if !p.here || p.reported {
			continue
		}
		o.request(w, p)
		if o.carry(w, &p.conn.link) {
			dst = append(dst, &p.conn.link)
		}
	}
	return dst
}

func (o *governed) carry(_ *world, l *link) bool {
	if c := &l.to.conn; l.piece < 0 && len(c.queue) > 0 {
		l.piece, c.queue = c.queue[0], c.queue[1:]
		l.left = l.to.begin(l.piece)
	}
	return l.piece >= 0
}

// request lets a client ask for what it was offered.
func (o *governed) request(w *world, p *peer) {
	for len(p.conn.queue) < ahead {
		i := p.rarest(w, &p.conn.offered)
		if i < 0 {
			return
		}
		p.fetching.add(i)
		p.conn.queue = append(p.conn.queue, i)
		o.g.Requested(p.conn.id, uint32(i), o.clock(w))
	}
}
