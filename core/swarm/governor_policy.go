package swarm

// tellAtOnce is how many pieces each member is told of at a tick when all are to be had by everybody: a torrent of 65,536
// takes 8 s, and no queue of messages holds more than 36 KiB for it.
const tellAtOnce = 4096

// SetPolicy decides by p from now on. The next ticks tell all members of every piece when it is Speed. From Speed to
// another one there must be no members: they were told of everything.
func (g *Governor) SetPolicy(p Policy) {
	g.t.Policy = p
	if p != Speed {
		return
	}
	for _, x := range g.peers {
		if x != nil {
			x.cursor = 0 // of tellAll, from now on
			if x.trickle {
				x.trickle, x.orders.paced = false, true
				g.wake(x)
			}
		}
	}
}

// tellAll tells the members of further pieces that they may have.
func (g *Governor) tellAll() {
	for _, x := range g.peers {
		if x == nil || x.complete || int(x.cursor) >= len(g.pieces) {
			continue
		}
		for left := tellAtOnce; left > 0 && int(x.cursor) < len(g.pieces); x.cursor++ {
			if !x.has.has(x.cursor) && x.told.set(x.cursor) {
				x.orders.tell(x.cursor)
				left--
			}
		}
		g.wake(x)
	}
}
