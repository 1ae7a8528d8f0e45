package swarm

import (
	"testing"
	"time"
)

// parts lets members take what they are offered, and pass it on at the next step to those of their own part alone, until
// all are complete; it returns how many pieces the origin sent. Each part is a range of ids.
func (c *crowd) parts(size int, within time.Duration) (sent int) {
	c.tb.Helper()
	const step = 100 * time.Millisecond
	news := make([][]uint32, len(c.peers)) // to be passed on
	for end := c.now + within; c.now < end && c.missing > 0; c.now += step {
		c.Tick(c.now)
		for id, list := range news {
			for other := id / size * size; other < min((id/size+1)*size, len(c.peers)); other++ {
				for _, p := range list {
					c.Have(other, p, true, c.now)
				}
			}
			news[id] = append(news[id][:0], c.offered(id)...)
			c.take(id, news[id]...)
			sent += len(news[id])
		}
	}
	return sent
}

// TestPartsAreBridged: members that reach only some of the others wait for seconds, not for the end of a round and of all
// patience, and each part costs the origin one copy.
func TestPartsAreBridged(t *testing.T) {
	const pieces = 64
	for _, tt := range []struct {
		members, size int
		within        time.Duration
	}{
		{4, 4, 10 * time.Second},
		{4, 2, 20 * time.Second},
		{8, 4, 20 * time.Second},
		{8, 2, 30 * time.Second},
	} {
		c := newCrowd(t, pieces, Egress, tt.members)
		sent := c.parts(tt.size, tt.within)
		if c.missing != 0 {
			t.Errorf("%d members in parts of %d: %d pieces are missing after %v", tt.members, tt.size, c.missing, c.now)
		}
		if most := pieces * tt.members / tt.size; sent > most+pieces/10 {
			t.Errorf("%d members in parts of %d: the origin sent %d pieces, want at most one copy for each, %d", tt.members, tt.size, sent, most)
		}
	}
}

// TestStandstill: only a crowd that was seen not to move for long stands still.
func TestStandstill(t *testing.T) {
	const slow = 2 * time.Second
	stop := func(d time.Duration) func(c *crowd) { return func(c *crowd) { c.pass(d) } }
	for _, tt := range []struct {
		name   string
		every  time.Duration // a piece was passed on
		pieces int
		happen func(c *crowd)
		want   bool
	}{
		{"nothing moves", tickEvery, 2 * roundPieces, stop(stillFor + tickEvery), true},
		{"not for long", tickEvery, 2 * roundPieces, stop(stillFor - tickEvery), false},
		{"not for long, for so slow a crowd", slow, 2 * roundPieces, stop(stillFor + tickEvery), false},
		{"long for a slow crowd", slow, 2 * roundPieces, stop(roundPieces*slow + tickEvery), true},
		{"hardly anything was passed on", tickEvery, roundPieces - 1, stop(2 * stillFor), false},
		{"the process was stopped", tickEvery, 2 * roundPieces, func(c *crowd) { c.pass(tickEvery); c.now += 3 * stillFor; c.pass(tickEvery) }, false},
		{"something moved", tickEvery, 2 * roundPieces, func(c *crowd) {
			c.pass(stillFor - tickEvery)
			c.Have(1, 20, true, c.now) // it lacked that one
			c.pass(stillFor - tickEvery)
		}, false},
		{"something is on offer", tickEvery, 2 * roundPieces, func(c *crowd) { c.offerAny(c.peers[0], c.now); c.pass(stillFor + tickEvery) }, false},
		{"there are seeds, of no use", tickEvery, 2 * roundPieces, func(c *crowd) { c.SetSeeds(1, c.now); c.pass(stillFor + tickEvery) }, true},
	} {
		c := newCrowd(t, 64, Egress, 2)
		c.SetSeeds(1, c.now) // for the time being nothing is offered
		for _, x := range c.peers {
			for len(x.offers) > 0 {
				c.drop(x, 0, c.now)
			}
		}
		for p := range uint32(64) {
			c.Have(int(p%2), p, false, c.now)
		}
		c.SetSeeds(0, c.now)
		for p := range uint32(tt.pieces) {
			c.Have(int((p+1)%2), p, true, c.now)
			c.now += tt.every
		}
		tt.happen(c)
		if got := c.still.bridge > 0; got != tt.want || got && c.seeded() {
			t.Errorf("%s: stood still %v, want %v; seeds are trusted: %v", tt.name, got, tt.want, c.seeded())
		}
	}
}

// TestOnceMoreIsTakenBack: what nobody lacks any more does not stay in the pool.
func TestOnceMoreIsTakenBack(t *testing.T) {
	c := newCrowd(t, 8, Egress, 3)
	c.pool = c.pool[:0]
	for p := range uint32(8) {
		c.pieces[p].stage = spread
		c.peers[0].has.set(p)
		c.peers[1].has.set(p)
		c.pieces[p].replicas = 2
	}
	c.around = 8
	c.offerOnceMore(c.now)
	if len(c.pool) != 8 {
		t.Fatalf("%d pieces are offered once more, want 8", len(c.pool))
	}
	c.peers[2].asleep = true
	if c.offerOnceMore(c.now); len(c.pool) != 0 || c.around != 8 {
		t.Errorf("%d pieces are still offered once more, %d are spread", len(c.pool), c.around)
	}
}

// TestWhoGetsNoExtraIsKept: a member that is served directly, but may have no extra copy, gets a block now and then, so that
// it does not leave.
func TestWhoGetsNoExtraIsKept(t *testing.T) {
	c := newCrowd(t, 64, Egress, 0)
	c.SetSeeds(1, 0) // nobody waits for first copies
	for p := range uint32(4) {
		c.Have(c.Join(0, Traits{}), p, true, 0)
	}
	c.peers[1].open = true
	c.pass(idleFor + time.Second)
	var o Orders
	if c.Orders(1, &o); o.BlockEvery != trickleEvery || len(o.Have) != 1 {
		t.Errorf("orders %+v: want a piece, block by block", o)
	}
}
