package swarm

import (
	"testing"
	"time"
)

// crowd is a governor with peers that take what they are offered.
type crowd struct {
	*Governor
	tb  testing.TB
	now time.Duration
}

const testPieceLength = 1 << 18

func newCrowd(tb testing.TB, pieces int, p Policy, members int) *crowd {
	g := NewGovernor(Terms{Length: int64(pieces) * testPieceLength, PieceLength: testPieceLength, Policy: p, Seed: 1})
	c := &crowd{Governor: g, tb: tb}
	for range members {
		g.Join(c.now, Traits{Fast: true, DontHave: true})
	}
	return c
}

// offered returns what a member is told anew.
func (c *crowd) offered(id int) []uint32 {
	var o Orders
	c.Orders(id, &o)
	return o.Have
}

// take lets a member fetch pieces from the origin.
func (c *crowd) take(id int, pieces ...uint32) {
	for _, p := range pieces {
		c.Requested(id, p, c.now)
		c.Sent(id, p, c.size(p), c.now)
	}
}

// pass lets time go by in ticks.
func (c *crowd) pass(d time.Duration) {
	for end := c.now + d; c.now < end; c.now += tickEvery {
		c.Tick(c.now)
	}
}

func TestOffersAreDisjoint(t *testing.T) {
	c := newCrowd(t, 64, Egress, 4)
	seen := make(map[uint32]int)
	for range 20 {
		for id := range 4 {
			for _, p := range c.offered(id) {
				if was, ok := seen[p]; ok {
					t.Errorf("piece %d was offered to %d and to %d", p, was, id)
				}
				seen[p] = id
				c.take(id, p)
			}
		}
	}
	if len(seen) == 0 || len(seen) > 4*(firstHolds+minWindow)+maxLone {
		t.Errorf("%d pieces on offer before any was passed on", len(seen))
	}
}

func TestWhoPassesOnGetsMore(t *testing.T) {
	c := newCrowd(t, 40000, Egress, 2)
	var given [2]int
	for range 100 {
		c.pass(100 * time.Millisecond)
		for id := range 2 {
			for _, p := range c.offered(id) {
				c.take(id, p)
				if id == 0 {
					c.Have(1, p, true, c.now) // only 0 passes on
				}
				if c.now > 2*suspectAfter {
					given[id]++
				}
			}
		}
	}
	if given[0] < 3*given[1] {
		t.Errorf("who passes on was given %d pieces, who does not %d", given[0], given[1])
	}
}

// TestFirstCopiesLeaveAtOnce: until somebody has shown that he keeps pieces to himself, all take their share as fast as
// they can, though nobody has passed anything on yet.
func TestFirstCopiesLeaveAtOnce(t *testing.T) {
	const members, pieces = 8, 256
	c := newCrowd(t, pieces, Egress, members)
	sent := make([]int, members)
	for c.now < 5*time.Second {
		c.pass(tickEvery)
		for id := range members {
			for _, p := range c.offered(id) {
				sent[id]++
				c.take(id, p)
			}
		}
	}
	if c.spent != 0 || len(c.pool) > pieces/10 {
		t.Errorf("%d pieces were not out after %v, %d were sent again", len(c.pool), c.now, c.spent)
	}
	for id, n := range sent {
		if n > pieces/members+firstHolds+maxWindow {
			t.Errorf("member %d was given %d of %d pieces", id, n, pieces)
		}
	}
}

// TestTellsInOrder: a piece that is taken back and offered again before either is said is not lost.
func TestTellsInOrder(t *testing.T) {
	for _, c := range []struct {
		name           string
		calls          func(o *orders)
		have, dontHave int
	}{
		{"offered, taken back", func(o *orders) { o.tell(7); o.takeBack(7) }, 0, 0},
		{"known, taken back, offered", func(o *orders) { o.takeBack(7); o.tell(7) }, 0, 0},
		{"known, taken back", func(o *orders) { o.takeBack(7) }, 0, 1},
		{"others", func(o *orders) { o.takeBack(7); o.tell(8) }, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var o orders
			c.calls(&o)
			if len(o.have) != c.have || len(o.dontHave) != c.dontHave {
				t.Errorf("got %d to announce and %d to take back, want %d and %d", len(o.have), len(o.dontHave), c.have, c.dontHave)
			}
		})
	}
}

func TestOffersAgain(t *testing.T) {
	for _, c := range []struct {
		name   string
		happen func(c *crowd, p uint32)
		again  bool
	}{
		{"recipient left", func(c *crowd, _ uint32) { c.Leave(0, c.now) }, true},
		{"recipient left after it had it", func(c *crowd, p uint32) { c.take(0, p); c.Leave(0, c.now) }, true},
		{"it was passed on before the recipient left", func(c *crowd, p uint32) {
			c.take(0, p)
			c.Have(1, p, true, c.now)
			c.Leave(0, c.now)
		}, false},
		{"not passed on", func(c *crowd, p uint32) { c.take(0, p); c.pass(patience + time.Second) }, true},
		{"not finished", func(c *crowd, p uint32) {
			for c.Requested(0, p, c.now); c.now <= patience+time.Second; c.pass(tickEvery) {
				c.take(1, c.offered(1)...)
				c.take(2, c.offered(2)...)
			}
		}, true},
		{"still time", func(c *crowd, p uint32) { c.take(0, p); c.pass(hasteEnd) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newCrowd(t, 400, Egress, 2)
			g.Join(0, Traits{})
			p := g.offered(0)[0]
			c.happen(g, p)
			s := g.pieces[p]
			again := s.stage == waiting || g.peers[1].told.has(p) || g.peers[2].told.has(p)
			if again != c.again {
				t.Errorf("offered again: got %v (%+v, at %v), want %v", again, s, g.now, c.again)
			}
		})
	}
}

func TestLonePeerIsNotHeldBack(t *testing.T) {
	c := newCrowd(t, 500, Egress, 1)
	got := 0
	for n := 1; n > 0; {
		c.now += 10 * time.Millisecond
		list := c.offered(0)
		if n = len(list); n > 0 {
			c.take(0, list...)
			got += n
		}
	}
	if got != 500 || !c.peers[0].complete {
		t.Errorf("got %d of 500 pieces", got)
	}
}

func TestNarrowsForTheSecond(t *testing.T) {
	for _, dontHave := range []bool{true, false} {
		c := newCrowd(t, 500, Egress, 0)
		c.Join(0, Traits{DontHave: dontHave})
		c.now = time.Minute
		c.fill(c.now)
		told := c.offered(0)
		c.Join(c.now, Traits{})
		var o Orders
		c.Orders(0, &o)
		want := 0
		if dontHave {
			want = len(told) - minWindow
		}
		if len(o.DontHave) != want {
			t.Errorf("DontHave %v: %d of %d taken back, want %d", dontHave, len(o.DontHave), len(told), want)
		}
		for _, p := range o.DontHave {
			if c.MayHave(0, p) {
				t.Errorf("piece %d was taken back and may be had", p)
			}
		}
	}
}

func TestWhoIsCutOffIsServed(t *testing.T) {
	c := newCrowd(t, 40, Egress, 2) // who never reach each other
	for range 400 {
		c.pass(tickEvery)
		for id := range 2 {
			c.take(id, c.offered(id)...)
		}
	}
	for id := range 2 {
		if !c.peers[id].complete {
			t.Errorf("member %d has %d of 40 pieces", id, c.peers[id].count)
		}
	}
}

func TestSeedsSpareTheOrigin(t *testing.T) {
	c := newCrowd(t, 100, Egress, 0)
	c.SetSeeds(3, 0)
	c.Join(0, Traits{DontHave: true})
	c.pass(newcomerWait - tickEvery)
	if n := len(c.offered(0)); n != 0 {
		t.Errorf("%d pieces offered to who can have them from seeds", n)
	}
	for range 200 { // which are not there
		c.pass(tickEvery)
		c.take(0, c.offered(0)...)
	}
	if !c.peers[0].complete {
		t.Errorf("seeds gave nothing, and the origin only %d of 100 pieces", c.peers[0].count)
	}
}

func TestWhoWaitsIsKept(t *testing.T) {
	c := newCrowd(t, 40, Egress, 0)
	c.SetSeeds(1, 0)
	for p := range uint32(4) {
		c.Have(c.Join(0, Traits{}), p, true, 0)
	}
	c.pass(idleFor + time.Second)
	var o Orders
	if c.Orders(1, &o); o.BlockEvery != trickleEvery || !c.MayHave(1, o.Have[0]) {
		t.Errorf("orders %+v: want a piece, block by block", o)
	}
}

func TestPolicies(t *testing.T) {
	for p, name := range policyNames {
		got, err := ParsePolicy(name)
		if got != Policy(p) || err != nil || got.String() != name {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	if _, err := ParsePolicy("free"); err == nil {
		t.Error("a policy that is none was accepted")
	}
	c := newCrowd(t, 10, Speed, 2)
	if c.Tick(time.Second); len(c.offered(0)) != 0 || !c.MayHave(0, 9) {
		t.Error("speed: want everything to be had, and nothing announced one by one")
	}
}

// TestReadyIsBounded: who comes and goes again and again does not fill the queue of those who wait.
func TestReadyIsBounded(t *testing.T) {
	g := NewGovernor(Terms{Length: 4 << 20, PieceLength: 256 << 10})
	for i := range 3 {
		g.Join(time.Duration(i), Traits{})
	}
	for i := range 10_000 {
		now := time.Duration(i) * time.Millisecond
		id := g.Join(now, Traits{})
		g.Have(id, 0, true, now)
		g.Lost(id, now)
		g.Leave(id, now)
	}
	if n := len(g.ready.ids) - g.ready.head; n > len(g.peers) {
		t.Errorf("%d wait, of %d who were there at once", n, len(g.peers))
	}
	if g.came != 10_003 {
		t.Errorf("%d came, want %d", g.came, 10_003)
	}
}

// TestExtraCopiesOfTheDoubtful: who gets little from others is given extra copies by what is known of it, at first and when
// it happens again.
func TestExtraCopiesOfTheDoubtful(t *testing.T) {
	const median = 8
	never, long, lately := -patience, time.Duration(0), patience+time.Second
	for _, tt := range []struct {
		name          string
		reached       time.Duration
		given, passed int
		proven        bool   // others pass pieces on
		want          [2]int // extra copies allowed in its first and second poor round
	}{
		{"cannot reach anyone", never, 10, 0, true, [2]int{2, 4}},
		{"never given anything to pass on", lately, 0, 0, true, [2]int{0, 0}},
		{"the same, and nobody passes anything on", lately, 0, 0, false, [2]int{0, 2}},
		{"passes on what it gets", lately, 4, 4, true, [2]int{0, 2}},
		{"keeps what it gets", lately, 4, 0, true, [2]int{0, 0}},
		{"choked by all others", long, 0, 0, true, [2]int{1, 1}},
		{"out of reach lately, and passed pieces on", long, 4, 4, true, [2]int{2, 4}},
	} {
		c := newCrowd(t, 64, Egress, 2)
		c.now, c.proven, c.around = patience+time.Second, tt.proven, 1
		x := c.peers[0]
		x.reached, x.given, x.passed = tt.reached, tt.given, tt.passed
		for round, want := range tt.want {
			if c.judge(x, median, c.now); x.allowed != want {
				t.Errorf("%s: got %d extra copies in round %d, want %d", tt.name, x.allowed, round+1, want)
			}
		}
	}
}
