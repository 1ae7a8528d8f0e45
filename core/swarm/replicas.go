package swarm

import (
	"math/bits"
	"time"
)

// pieces is what one member has. The zero value has none.
type pieces struct {
	all   bool
	bits  []byte // bit 7 of the first byte is piece 0 (BEP 3); nil when none, or all
	count int64  // set bits
}

func (p *pieces) complete() bool { return p.all }

// has reports whether a piece in range is among p.
func (p *pieces) has(piece int64) bool {
	return p.all || p.bits != nil && p.bits[piece/8]&(0x80>>(piece%8)) != 0
}

// replicas counts, for each piece, the members that have it.
type replicas struct {
	pieces int64
	whole  int64    // members that have all
	counts []uint32 // of the others, by piece; nil until one of them has a piece
}

func newReplicas(numPieces int64) replicas { return replicas{pieces: numPieces} }

// of returns how many members have piece, 0 when it is out of range.
func (r *replicas) of(piece int64) int64 {
	if piece < 0 || piece >= r.pieces {
		return 0
	}
	if r.counts == nil {
		return r.whole
	}
	return r.whole + int64(r.counts[piece])
}

// held returns how many pieces p has.
func (r *replicas) held(p *pieces) int64 {
	if p.all {
		return r.pieces
	}
	return p.count
}

// drop forgets all that p has.
func (r *replicas) drop(p *pieces) {
	if p.all {
		r.whole--
	}
	for i, b := range p.bits {
		for b != 0 {
			lead := bits.LeadingZeros8(b)
			r.counts[8*i+lead]--
			b &^= 0x80 >> lead
		}
	}
	*p = pieces{}
}

// addAll gives p every piece.
func (r *replicas) addAll(p *pieces) {
	r.drop(p)
	p.all = true
	r.whole++
}

// add gives p one piece; one that it has, or that is out of range, changes nothing.
func (r *replicas) add(p *pieces, piece int64) {
	if p.all || piece < 0 || piece >= r.pieces {
		return
	}
	if p.bits == nil {
		p.bits = make([]byte, (r.pieces+7)/8)
	}
	if r.counts == nil {
		r.counts = make([]uint32, r.pieces)
	}
	mask := byte(0x80 >> (piece % 8))
	if p.bits[piece/8]&mask != 0 {
		return
	}
	p.bits[piece/8] |= mask
	r.counts[piece]++
	if p.count++; p.count == r.pieces {
		r.addAll(p)
	}
}

// SetBitfield says that the member has these pieces and no others (BEP 3); have is not kept. Spare bits
// and bytes are ignored, missing ones are not set.
func (m *Member) SetBitfield(have []byte) {
	m.update(func(r *replicas, g *Governor, now time.Duration) {
		before := r.held(&m.have)
		r.drop(&m.have)
		for i, b := range have[:min(int64(len(have)), (r.pieces+7)/8)] {
			for b != 0 {
				lead := bits.LeadingZeros8(b)
				if p := int64(8*i + lead); p < r.pieces {
					r.add(&m.have, p)
					g.Have(m.id, uint32(p), false, now)
				}
				b &^= 0x80 >> lead
			}
		}
		m.credit(r.held(&m.have) - before)
	})
}

// HaveAll says that the member has every piece (BEP 6).
func (m *Member) HaveAll() {
	m.update(func(r *replicas, g *Governor, now time.Duration) {
		before := r.held(&m.have)
		r.addAll(&m.have)
		g.Complete(m.id, now)
		m.credit(r.held(&m.have) - before)
	})
}

// HaveNone says that the member has no piece (BEP 6).
func (m *Member) HaveNone() {
	m.update(func(r *replicas, g *Governor, now time.Duration) {
		r.drop(&m.have)
		g.Lost(m.id, now)
		m.greeted = true
	})
}

// Have says that the member has one more piece; one out of range is ignored.
func (m *Member) Have(piece int64) {
	m.update(func(r *replicas, g *Governor, now time.Duration) {
		if piece >= 0 && piece < r.pieces {
			before := r.held(&m.have)
			r.add(&m.have, piece)
			g.Have(m.id, uint32(piece), true, now)
			m.greeted = true
			m.credit(r.held(&m.have) - before)
		}
	})
}

// credit counts pieces that m says it has got since it came. s.mu is held.
func (m *Member) credit(pieces int64) {
	if m.greeted && pieces > 0 {
		m.account.got += pieces * m.s.ledger.pieceLength
	}
	m.greeted = true
}

// DontHave takes back that the member has a piece (BEP 54); one out of range is ignored. It costs O(pieces).
func (m *Member) DontHave(piece int64) {
	m.update(func(r *replicas, g *Governor, now time.Duration) {
		if piece < 0 || piece >= r.pieces {
			return
		}
		had := m.have
		r.drop(&m.have)
		g.Lost(m.id, now)
		for p := range r.pieces {
			if p != piece && had.has(p) {
				r.add(&m.have, p)
				g.Have(m.id, uint32(p), false, now)
			}
		}
	})
}

// Complete reports whether the member has every piece.
func (m *Member) Complete() bool {
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	return m.have.complete()
}

// Replicas returns how many members have a piece; the origin is not counted.
func (s *Swarm) Replicas(piece int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.replicas.of(piece)
}

// update changes what m has, unless it left.
func (m *Member) update(change func(*replicas, *Governor, time.Duration)) {
	m.govern(func(g *Governor) {
		before := g.moved
		change(&m.s.replicas, g, m.s.now())
		m.observed(g.moved - before)
	})
}
