package swarm

import (
	"math"
	"math/bits"
	"time"

	"shoal/core/savings"
	"shoal/wire/tracker"
)

// claim is what an announced peer may still say that it received, in units of 1<<claimShift bytes. What it says counts as
// far as both its downloaded counter grew and what it has left shrank, so never more than it lacked when it was first heard of.
type claim struct {
	counted uint32 // its downloaded counter, as far as it is counted
	lacks   uint32 // what it has left, as far as it is counted
}

// claimShift is the bits that a claim of a torrent of that length does without, so that it fits a claim.
func claimShift(length int64) int { return max(0, bits.Len64(uint64(length))-32) }

// newClaim is that of a peer that is heard of for the first time: what it received before, from whomever, is not known to be
// of this store.
func (s *Swarm) newClaim(a *Announce) claim {
	length := s.Torrent().Length
	left := length
	// aria2 with a magnet link alone says left=0 when it starts: see wantsNoSeed. Of a seed, downloaded does not grow.
	if known, ok := leftOf(a, length); ok && !(known == 0 && a.Event == tracker.Started) {
		left = known
	}
	shift := claimShift(length)
	return claim{counted: units(a.Downloaded, shift), lacks: units(left, shift)}
}

// claimed counts what a says that the peer of c received since its last announce, and reports whether that was all that it
// lacked. s.mu is held.
func (s *Swarm) claimed(c *claim, a *Announce) (whole bool) {
	length := s.Torrent().Length
	left, ok := leftOf(a, length)
	if !ok {
		return false
	}
	shift := claimShift(length)
	downloaded := units(a.Downloaded, shift)
	c.counted = min(c.counted, downloaded) // a session began anew
	// Rounded up, for what is not whole is not received.
	lacks := units(left+1<<shift-1, shift)
	n := min(downloaded-c.counted, c.lacks-min(lacks, c.lacks))
	if n == 0 {
		return false
	}
	c.counted += n
	c.lacks -= n
	s.count(a.Now, savings.Counts{ClaimedBytes: int64(n) << shift})
	return left == 0
}

// leftOf returns the bytes that a peer lacks, at most length; not ok while it does not say.
func leftOf(a *Announce, length int64) (left int64, ok bool) {
	switch {
	case a.Left != tracker.LeftUnknown:
		return min(a.Left, length), true
	case a.Event == tracker.Completed:
		return 0, true
	}
	return 0, false
}

// units returns bytes in units of 1<<shift bytes, rounded down, at most what fits.
func units(bytes int64, shift int) uint32 { return uint32(min(bytes>>shift, math.MaxUint32)) }

// observed counts bytes that m announced as received and that it had not from us. A network is believed as many copies as
// it may have (account.copies), so that who comes again and again, or takes back what it has, counts no more. s.mu is held.
func (m *Member) observed(bytes int64) {
	l := &m.s.ledger
	n := min(bytes, l.size*int64(max(m.account.copies, 1))-m.account.moved)
	if n <= 0 {
		return
	}
	m.account.moved += n
	m.s.count(m.s.r.o.Now(), savings.Counts{ObservedBytes: n})
}

// count counts c for the torrent as it was last read: for who pays for it now.
func (s *Swarm) count(at time.Time, c savings.Counts) { s.r.o.Count(s.Torrent(), at, c) }
