package swarm

import (
	"testing"
	"time"
)

func TestBytesAheadAreSharedByDownloaders(t *testing.T) {
	const piece = 256 << 10
	for _, c := range []struct {
		name   string
		policy Policy
		peers  int
		want   int64
	}{
		{"nobody to share with", Egress, 1, 0},
		{"plain seeding", Speed, 8, 0},
		{"two", Egress, 2, leastWindow / 2},
		{"eight", Egress, 8, leastWindow / 8},
		{"many", Egress, 100, leastOneWindow},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewGovernor(Terms{Length: 256 * piece, PieceLength: piece, Policy: c.policy, Seed: 1})
			for range c.peers {
				g.Join(0, Traits{})
			}
			if got := g.bytesAhead(time.Second); got != c.want {
				t.Errorf("bytes ahead = %d, want %d", got, c.want)
			}
		})
	}
}

func TestBytesAheadGrowWithTheRate(t *testing.T) {
	const piece = 256 << 10
	g := NewGovernor(Terms{Length: 4096 * piece, PieceLength: piece, Seed: 1})
	ids := []int{g.Join(0, Traits{}), g.Join(0, Traits{})}
	before := g.bytesAhead(time.Second)
	for i := range 400 {
		g.Sent(ids[i%2], uint32(i), piece, time.Second)
	}
	if after := g.bytesAhead(time.Second); after <= before {
		t.Errorf("bytes ahead = %d at 100 MB/s, %d at rest; want more", after, before)
	}
}
