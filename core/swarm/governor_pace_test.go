package swarm

import (
	"testing"
	"time"
)

// TestPaced: to members whose downlinks are full the first copy leaves over most of the time that they need for
// everything; to the others as fast as they take it.
func TestPaced(t *testing.T) {
	for _, c := range []struct {
		name        string
		exchange    bool // members fill their downlinks with what they get from others
		least, most time.Duration
	}{
		{"full of what others send", true, 40 * time.Second, 102 * time.Second},
		{"nothing from others", false, 12 * time.Second, 20 * time.Second},
	} {
		if got := firstCopy(t, c.exchange); got < c.least || got > c.most {
			t.Errorf("%s: the first copy had left after %v, want %v to %v", c.name, got, c.least, c.most)
		}
	}
}

// firstCopy returns after what time every one of 1024 pieces has left to one of eight members, each of which takes ten a
// second in all.
func firstCopy(t *testing.T, exchange bool) time.Duration {
	const members, pieces, step, perStep = 8, 1024, 100 * time.Millisecond, 1
	c := newCrowd(t, pieces, Egress, members)
	var out []uint32
	queue, next, left := make([][]uint32, members), make([]int, members), newBitset(pieces)
	for ; len(out) < pieces && c.now < 5*time.Minute; c.now += step {
		c.Tick(c.now)
		for id := range members {
			queue[id] = append(queue[id], c.offered(id)...)
			n := min(perStep, len(queue[id]))
			c.take(id, queue[id][:n]...)
			for _, p := range queue[id][:n] {
				if left.set(p) {
					out = append(out, p)
				}
			}
			queue[id] = queue[id][n:]
			for ; exchange && n < perStep && next[id] < len(out); n++ {
				c.Have(id, out[next[id]], true, c.now)
				next[id]++
			}
		}
	}
	return c.now
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
