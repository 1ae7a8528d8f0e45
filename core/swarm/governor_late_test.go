package swarm

import (
	"slices"
	"testing"
)

// TestLateComeFirst: who is late is offered what leaves next, before those who have waited longer for it.
func TestLateComeFirst(t *testing.T) {
	const members, late = 4, 3
	c := newCrowd(t, 256, Egress, members)
	c.pool = nil // nothing leaves but what is on offer
	for id := range members {
		c.take(id, c.offered(id)...)
		c.peers[id].count += 100
	}
	c.peers[late].count = 2
	c.findLate()
	for id := range members {
		c.enqueue(c.peers[id], c.now)
	}
	if got := c.next(c.now); got == nil || got.id != late {
		t.Errorf("the next first copy goes to %+v, want member %d", got, late)
	}
}

func TestFindLate(t *testing.T) {
	for _, c := range []struct {
		name   string
		counts []int
		want   []bool
	}{
		{"nobody has anything", []int{0, 0, 0, 0}, []bool{false, false, false, false}},
		{"hardly anything", []int{8, 2, 9, 10}, []bool{false, false, false, false}},
		{"alike", []int{90, 100, 110, 100}, []bool{false, false, false, false}},
		{"one began after the others", []int{100, 100, 2, 100}, []bool{false, false, true, false}},
		{"most began after the others", []int{0, 100, 0, 100, 0}, []bool{true, false, true, false, true}},
		{"one is far before the others", []int{10, 10, 10, 10, 200}, []bool{false, false, false, false, false}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newCrowd(t, 256, Egress, len(c.counts))
			for id, n := range c.counts {
				g.peers[id].count = n
			}
			g.findLate()
			for id, want := range c.want {
				if got := g.peers[id].late; got != want {
					t.Errorf("member %d, who has %d of %v: late = %v, want %v", id, c.counts[id], c.counts, got, want)
				}
			}
		})
	}
}

// TestFirstCopiesLieForWhoHasNotBegun: by Balanced, who asks for nothing yet may have as many on offer as each of the others has
// had, which takes nothing of the room for what is offered to them.
func TestFirstCopiesLieForWhoHasNotBegun(t *testing.T) {
	const members, idle = 4, 3
	for _, policy := range []Policy{Egress, Balanced} {
		c := newCrowd(t, 256, policy, members)
		for range 6 {
			for id := range idle {
				for _, p := range c.offered(id) {
					c.take(id, p)
					for other := range idle {
						c.Have(other, p, true, c.now) // all is passed on
					}
				}
			}
			c.pass(tickEvery)
		}
		lie := len(c.peers[idle].offers)
		if policy == Egress {
			if lie > firstWindow || c.aside != 0 {
				t.Errorf("by egress %d pieces lie for who has not begun, %d of them set aside", lie, c.aside)
			}
			continue
		}
		if c.dealt <= firstWindow {
			t.Fatalf("each has had %d first copies, want more than %d", c.dealt, firstWindow)
		}
		if lie > c.dealt || lie <= firstWindow {
			t.Errorf("%d pieces lie for who has not begun, want up to the %d that each of the others has had", lie, c.dealt)
		}
		if c.aside == 0 || c.aside > lie {
			t.Errorf("%d of the offers are set aside, want up to %d", c.aside, lie)
		}
		c.take(idle, c.peers[idle].offers[0].piece)
		if c.setAside(); c.aside != 0 {
			t.Errorf("%d of the offers are set aside after everybody has begun", c.aside)
		}
	}
}

// TestWhoIsLateIsHelped: when all first copies are out, Balanced serves who is late from what may go out once more, with a wide
// window, and Egress does not.
func TestWhoIsLateIsHelped(t *testing.T) {
	const members, late, pieces, extra = 4, 3, 256, 40
	for policy, want := range map[Policy]int{Egress: 0, Balanced: extra} {
		c := newCrowd(t, pieces, policy, members)
		x := c.peers[late]
		for p := range uint32(pieces - 1) {
			for id := range late {
				c.Have(id, p, true, c.now)
			}
		}
		for _, o := range slices.Clone(x.offers) { // of its first ones
			c.take(late, o.piece)
		}
		c.pool, c.tokens = nil, extra
		c.findLate()
		most, before := 0, x.given
		for c.serve(x, c.now); len(x.offers) > 0; c.serve(x, c.now) {
			most = max(most, len(x.offers))
			for _, o := range slices.Clone(x.offers) {
				c.take(late, o.piece)
			}
		}
		if got := x.given - before; got != want || most > helpWindow {
			t.Errorf("policy %d: %d pieces were sent once more, up to %d on offer at once, want %d, up to %d", policy, got, most, want, helpWindow)
		}
	}
}
