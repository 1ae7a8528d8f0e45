package swarm

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"shoal/core/object"
)

// seededBy is the torrent of the test in a bucket that has a policy of its own.
func seededBy(t *testing.T, policy string) *object.Torrent {
	t.Helper()
	tor := testTorrent(t, 1, everyone)
	tor.Bucket.Config.Seeding.Policy = policy
	return tor
}

// TestPolicyOfBucket: a live swarm is seeded by the policy of its bucket within a second after it changed.
func TestPolicyOfBucket(t *testing.T) {
	for _, tt := range []struct {
		before, after string
		want          Policy
		told          int  // pieces that the member is told of afterwards
		closed        bool // the member
	}{
		{"", "", Balanced, 2, false}, // the registry's; as many as one of two is offered at first
		{"", "nonesuch", Balanced, 2, false},
		{"", "egress", Egress, 2, false},
		{"egress", "balanced", Balanced, 2, false},
		{"speed", "", Balanced, 0, true},
		{"egress", "speed", Speed, testPieces, false},
	} {
		t.Run(tt.before+" to "+tt.after, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, src := newTestRegistry(t, everyone, Options{Policy: Balanced})
				src.set(seededBy(t, tt.before))
				running(t, r)
				m, conn := join(t, r, "203.0.113.1:1000")
				join(t, r, "198.51.100.1:1000")
				m.Greeting()
				src.set(seededBy(t, tt.after))
				time.Sleep(2 * time.Second)
				if got := m.s.Progress().Policy; got != tt.want {
					t.Errorf("policy %v, want %v", got, tt.want)
				}
				if got := conn.closed(); errors.Is(got, ErrPolicyChanged) != tt.closed || got != nil && !tt.closed {
					t.Errorf("closed for %v, want it closed: %v", got, tt.closed)
				}
				var o Orders
				if m.Orders(time.Now(), &o); len(o.Have) < tt.told || tt.told < testPieces && len(o.Have) == testPieces {
					t.Errorf("told of %v, want about %d pieces", o.Have, tt.told)
				}
				if again, _ := join(t, r, "203.0.113.1:1001"); again.Greeting().AllPieces != (tt.want == Speed) {
					t.Error("who comes now is not greeted by the new policy")
				}
			})
		})
	}
}

// TestGovernedNoMore: whoever was offered pieces one by one is told of all the others, each once, a bounded number at a
// time, and is no longer held to a trickle.
func TestGovernedNoMore(t *testing.T) {
	const pieces = tellAtOnce + 10
	c := newCrowd(t, pieces, Egress, 2)
	c.peers[0].trickle = true
	told := map[uint32]int{}
	hear := func() (n int) {
		var o Orders
		c.Orders(0, &o)
		for _, p := range o.Have {
			told[p]++
		}
		if c.t.Policy == Speed && o.BlockEvery != 0 {
			t.Error("one that may have everything is held to a trickle")
		}
		return len(o.Have)
	}
	hear()
	c.SetPolicy(Speed)
	for range 3 {
		c.pass(tickEvery)
		if n := hear(); n > tellAtOnce {
			t.Errorf("told of %d pieces at once", n)
		}
	}
	for p := range uint32(pieces) {
		if told[p] != 1 {
			t.Fatalf("told %d times of piece %d", told[p], p)
		}
	}
	late := c.Join(c.now, Traits{})
	c.pass(2 * tickEvery)
	if n := len(c.offered(late)); n != 0 {
		t.Errorf("one that is greeted with everything is told of %d pieces", n)
	}
}
