package swarm

import (
	"testing"
	"time"
)

// TestPaced: once members move more than the origin sends, the first copy leaves over most of the time that the crowd
// needs, and not before all else.
func TestPaced(t *testing.T) {
	const members, pieces = 8, 256
	c := newCrowd(t, pieces, Egress, members)
	had := make([]time.Duration, pieces) // when the origin sent it
	var pool []uint32                    // sent, for the others to get
	next := make([]int, members)
	for c.now < 20*time.Second {
		c.now += 100 * time.Millisecond
		for id := range members {
			for _, p := range c.offered(id) {
				c.take(id, p)
				if had[p] == 0 {
					had[p] = c.now
					pool = append(pool, p)
				}
			}
			for range 2 { // 20 pieces a second each, from others
				if next[id] < len(pool) {
					c.Have(id, pool[next[id]], true, c.now)
					next[id]++
				}
			}
		}
		c.Tick(c.now)
	}
	late := 0
	for _, at := range had {
		if at > 4*time.Second {
			late++
		}
	}
	if len(pool) != pieces || late < pieces/3 {
		t.Errorf("%d of %d pieces left, %d of them after 4 s: want all, a third of them then", len(pool), pieces, late)
	}
}

func TestBefore(t *testing.T) {
	for _, c := range []struct {
		name   string
		x, y   recipient
		before bool
	}{
		{"fewer pieces", recipient{count: 3}, recipient{count: 4}, true},
		{"as many", recipient{count: 4}, recipient{count: 4}, false},
		{"keeps pieces to itself", recipient{count: 3, given: 2}, recipient{count: 4, given: 2, passed: 2}, false},
		{"both pass on, more pieces", recipient{count: 5, given: 2, passed: 1}, recipient{count: 4, given: 2, passed: 2}, false},
	} {
		if got := c.x.before(&c.y); got != c.before {
			t.Errorf("%s: got %v, want %v", c.name, got, c.before)
		}
	}
}
