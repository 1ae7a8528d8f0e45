package swarm

import "testing"

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
