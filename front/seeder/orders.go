package seeder

import (
	"slices"
	"time"

	"shoal/core/swarm"
	"shoal/wire/peer"
)

// maxUnoffered is how many more blocks a peer may ask for in vain than it was granted: all that can be on the way
// when pieces are taken back, twice.
const maxUnoffered = 2 * requestQueue

// traits are what is known of the peer.
func (c *conn) traits() swarm.Traits {
	return swarm.Traits{Fast: c.fast, DontHave: c.dontHaveID.Load() != 0}
}

// obey queues what the swarm wants the peer to be told.
func (c *conn) obey(now time.Time) {
	w := &c.writing
	o := &w.orders
	any := c.member.Orders(now, o)
	w.held = slices.DeleteFunc(w.held, func(piece uint32) bool { return slices.Contains(o.DontHave, piece) })
	w.ordersAt = time.Time{}
	if o.Again > 0 {
		w.ordersAt = now.Add(o.Again)
	}
	c.setWindow(o.Window)
	if !any {
		return
	}
	id := peer.ExtensionID(c.dontHaveID.Load())
	c.out.frame(func(dst []byte) []byte {
		if o.Choke || o.Unchoke {
			c.welcome = false
			c.choked.Store(!o.Unchoke)
		}
		if o.Choke {
			dst = peer.AppendChoke(dst)
		}
		if o.Unchoke {
			dst = peer.AppendUnchoke(dst)
		}
		for _, piece := range o.Have {
			dst = c.appendHave(dst, piece)
		}
		for _, piece := range o.DontHave {
			if id != 0 && w.told.Has(piece) {
				w.told.Clear(piece)
				dst = peer.AppendDontHave(dst, id, piece)
			}
		}
		return dst
	})
	// BEP 6: what a choked peer has asked for is rejected; BEP 3 has it forgotten. So is what was taken back.
	switch {
	case o.Choke:
		c.out.refuse(func(peer.Block) bool { return true }, c.refusal)
	case len(o.DontHave) > 0:
		c.out.refuse(func(k peer.Block) bool { return slices.Contains(o.DontHave, k.Piece) }, c.refusal)
	}
}

// appendHave tells of a piece. The one with which we had everything is held back until the peer is interested:
// libtorrent takes who has everything for one that only uploads, and drops it unless it is interested by then; it is
// not while it has no info dictionary or checks its files.
func (c *conn) appendHave(dst []byte, piece uint32) []byte {
	w := &c.writing
	if !c.interested.Load() && w.told.Count()+1 >= c.pieces {
		w.held = append(w.held, piece)
		return dst
	}
	w.told.Set(piece)
	return peer.AppendHave(dst, piece)
}

// tellHeld tells an interested peer of what was held back.
func (c *conn) tellHeld() {
	w := &c.writing
	if len(w.held) == 0 || !c.interested.Load() {
		return
	}
	c.out.frame(func(dst []byte) []byte {
		for _, piece := range w.held {
			dst = c.appendHave(dst, piece)
		}
		return dst
	})
	w.held = nil
}

// refusal appends the answer to a request that is not served: a reject, to a peer that knows of them.
func (c *conn) refusal(dst []byte, k peer.Block) []byte {
	if c.fast {
		dst = peer.AppendReject(dst, k)
	}
	return dst
}
