package main

import (
	"math/bits"
	"slices"
)

// set is a set of pieces.
type set struct {
	bits  []uint64
	count int
}

func newSet(n int) set             { return set{bits: make([]uint64, (n+63)/64)} }
func (s *set) contains(i int) bool { return s.bits[i/64]&(1<<(i%64)) != 0 }

func (s *set) add(i int) bool {
	if s.contains(i) {
		return false
	}
	s.bits[i/64] |= 1 << (i % 64)
	s.count++
	return true
}

func (s *set) remove(i int) {
	if s.contains(i) {
		s.bits[i/64] &^= 1 << (i % 64)
		s.count--
	}
}

// peer is a client.
type peer struct {
	id         int
	up, down   float64 // pieces a second
	arrives    float64
	done       float64 // when it had everything; 0 is not yet
	here, gone bool
	reported   bool // complete, and out of the origin's sight

	has      set
	known    set // to others
	fetching set
	rarity   []int // of each piece among near
	near     []*peer
	out      []*link // unchoked
	got      map[*peer]float64
	partial  map[int]float64 // what is left of pieces begun

	nextChoke         float64
	busy              int
	used, load, asked float64 // pieces a second, of this step

	conn connection
}

// link is an unchoked connection.
type link struct {
	from, to   *peer
	piece      int // -1 while idle
	left       float64
	rate, more float64
}

func (p *peer) knows(q *peer) bool { return slices.Contains(p.near, q) }

// meet makes q a neighbour.
func (p *peer) meet(q *peer) {
	p.near = append(p.near, q)
	for i := range p.rarity {
		if q.known.contains(i) {
			p.rarity[i]++
		}
	}
}

// part forgets a neighbour that left.
func (p *peer) part(q *peer) {
	for i := range p.rarity {
		if q.known.contains(i) {
			p.rarity[i]--
		}
	}
	p.near = slices.DeleteFunc(p.near, func(n *peer) bool { return n == q })
	p.out = slices.DeleteFunc(p.out, func(l *link) bool {
		if l.to == q {
			l.end()
		}
		return l.to == q
	})
}

// wants reports whether q has what p lacks.
func (p *peer) wants(q *peer) bool {
	for i, b := range q.known.bits {
		if b&^p.has.bits[i] != 0 {
			return true
		}
	}
	return false
}

// rarest returns the rarest piece among those in of that p does not have or fetch, -1 when there is none; random among
// equals.
func (p *peer) rarest(w *world, of *set) int {
	best, piece, ties := 1<<30, -1, 0
	for i, b := range of.bits {
		for b &^= p.has.bits[i] | p.fetching.bits[i]; b != 0; b &= b - 1 {
			k := 64*i + bits.TrailingZeros64(b)
			switch r := p.rarity[k]; {
			case r < best:
				best, piece, ties = r, k, 1
			case r == best:
				if ties++; w.rng.IntN(ties) == 0 {
					piece = k
				}
			}
		}
	}
	return piece
}

// want gives the link a piece to carry, and reports whether it has one.
func (l *link) want(w *world) bool {
	if l.piece >= 0 {
		return true
	}
	if l.piece = l.to.rarest(w, &l.from.known); l.piece < 0 {
		return false
	}
	l.left = l.to.begin(l.piece)
	return true
}

// begin lets p fetch a piece and returns how much of it is left.
func (p *peer) begin(piece int) float64 {
	p.fetching.add(piece)
	left, ok := p.partial[piece]
	if !ok {
		return 1
	}
	delete(p.partial, piece)
	return left
}

// move carries an amount of the link's piece.
func (l *link) move(w *world, amount float64) {
	l.to.got[l.from] += amount
	if l.left -= amount; l.left > 1e-9 {
		return
	}
	w.gain(l.to, l.piece)
	l.piece = -1
}

// end gives up what the link carries.
func (l *link) end() {
	if l.piece >= 0 {
		l.to.fetching.remove(l.piece)
		l.to.partial[l.piece] = l.left
		l.piece = -1
	}
}

// choke lets peers choose whom they send to: three who gave most and one at random, anew every rechokeEvery; a place of
// who wants nothing goes to another at once.
func (w *world) choke() {
	for _, p := range w.peers {
		if !p.here || p.up == 0 {
			continue
		}
		if w.now >= p.nextChoke {
			p.nextChoke += rechokeEvery
			p.rechoke(w)
			continue
		}
		p.out = slices.DeleteFunc(p.out, func(l *link) bool { return l.piece < 0 && !l.to.wants(p) })
		for tries := 0; len(p.out) < w.sc.slots && tries < 3 && len(p.near) > 0; tries++ {
			p.unchoke(p.near[w.rng.IntN(len(p.near))])
		}
	}
}

func (p *peer) unchoke(q *peer) {
	if !q.wants(p) || slices.ContainsFunc(p.out, func(l *link) bool { return l.to == q }) {
		return
	}
	p.out = append(p.out, &link{from: p, to: q, piece: -1})
}

func (p *peer) rechoke(w *world) {
	type candidate struct {
		q    *peer
		gave float64
	}
	var list []candidate
	for _, q := range p.near {
		if q.wants(p) {
			list = append(list, candidate{q, p.got[q] + 1e-9*w.rng.Float64()})
		}
	}
	if p.done > 0 { // a seed takes turns
		w.rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	} else {
		slices.SortFunc(list, func(a, b candidate) int {
			if a.gave > b.gave {
				return -1
			}
			return 1
		})
	}
	if slots := w.sc.slots; len(list) > slots { // the last slot is optimistic
		i := slots - 1 + w.rng.IntN(len(list)-slots+1)
		list[slots-1], list[i] = list[i], list[slots-1]
		list = list[:slots]
	}
	old := p.out
	p.out = nil
	for _, c := range list {
		if i := slices.IndexFunc(old, func(l *link) bool { return l.to == c.q }); i >= 0 {
			p.out = append(p.out, old[i])
			old = slices.Delete(old, i, i+1)
			continue
		}
		p.out = append(p.out, &link{from: p, to: c.q, piece: -1})
	}
	for _, l := range old {
		l.end()
	}
	p.got = make(map[*peer]float64)
}
