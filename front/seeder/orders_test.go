package seeder

import (
	"bytes"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"shoal/core/object"
	"shoal/core/swarm"
	"shoal/wire/peer"
)

// Governed, the seeder looks like a peer that gets piece after piece: no bitfield, no upload_only. One who is alone
// gets everything all the same.
func TestGovernedLonePeer(t *testing.T) {
	w := newWorld(t, worldOptions{governed: true})
	data := random(1, 3*mib+5)
	to := w.put(t, "object", data)
	for _, reserved := range []peer.Reserved{allReserved, peer.ReservedExtensions, 0} {
		c := open(t, w, to.InfoHash, reserved)
		c.followOffers(to, data)
		if c.have != 0 || c.info.UploadOnly {
			t.Errorf("reserved %x: pretends to have everything: %+v", reserved, c.info)
		}
		c.nc.Close()
		eventually(t, "it has left", func() bool { return w.seeder.Stats().Conns == 0 })
	}
}

// followOffers downloads what is offered, piece by piece, and tells of each.
func (c *client) followOffers(to *object.Torrent, want []byte) {
	c.t.Helper()
	for got := int64(0); got < to.NumPieces(); got++ {
		for len(c.offers) == 0 {
			c.until(peer.MsgHave)
		}
		piece := c.offers[0]
		c.offers = c.offers[1:]
		begin := int64(piece) * to.PieceLength
		end := min(begin+to.PieceLength, to.Length)
		var frames []byte
		for off := begin; off < end; off += peer.BlockSize {
			frames = peer.AppendRequest(frames, peer.Block{Piece: piece, Begin: uint32(off - begin), Length: uint32(min(peer.BlockSize, end-off))})
		}
		c.send(frames)
		data := make([]byte, end-begin)
		for came := begin; came < end; {
			m := c.until(peer.MsgPiece)
			copy(data[m.Block.Begin:], m.Payload)
			came += int64(len(m.Payload))
		}
		if !bytes.Equal(data, want[begin:end]) {
			c.t.Errorf("piece %d differs", piece)
		}
		if got < to.NumPieces()-1 { // the last one would end the connection
			c.send(peer.AppendHave(nil, piece))
		}
	}
}

// What was not offered is not sent, and a peer that goes on asking for it is let go.
func TestUnofferedPieces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes(t, make([]byte, 40*256*kib), swarm.Egress, Options{})
		c := p.dial(t)
		offered := map[uint32]bool{}
		for _, piece := range c.offers {
			offered[piece] = true
		}
		rejects, payload := 0, 0
		var reading sync.WaitGroup
		reading.Go(func() {
			for {
				m, err := c.in.Read()
				switch {
				case err != nil:
					return
				case m.ID == peer.MsgHave:
					offered[m.Block.Piece] = true
				case m.ID == peer.MsgReject:
					rejects++
				case m.ID == peer.MsgPiece:
					payload += len(m.Payload)
				}
			}
		})
		synctest.Wait()
		var piece uint32
		for offered[piece] {
			piece++
		}
		if len(offered) == 0 || piece == 40 {
			t.Fatalf("%d pieces of 40 are offered", len(offered))
		}
		for range maxUnoffered {
			c.send(peer.AppendRequest(nil, peer.Block{Piece: piece, Length: peer.BlockSize}))
		}
		synctest.Wait()
		if rejects != maxUnoffered || payload != 0 {
			t.Errorf("%d rejects and %d bytes of payload, want %d and none", rejects, payload, maxUnoffered)
		}
		c.send(peer.AppendRequest(nil, peer.Block{Piece: piece, Length: peer.BlockSize}))
		reading.Wait()
		p.s.conns.Wait()
		if got := p.s.Stats().Closed[BadRequest]; got != 1 {
			t.Errorf("closed %v", p.s.Stats().Closed)
		}
	})
}

// far is a pipe to a peer at an address.
type far struct {
	net.Conn
	from net.TCPAddr
}

func (f far) RemoteAddr() net.Addr { return &f.from }

// A peer that is choked for what its network has taken, before it is interested, stays choked.
func TestChokedBeforeInterested(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes(t, make([]byte, 2*256*kib), swarm.Speed, Options{})
		meet := func(host byte) *client {
			near, nc := net.Pipe()
			p.s.conns.Go(func() { p.s.admit(t.Context(), far{near, net.TCPAddr{IP: net.IPv4(203, 0, 113, host), Port: 1}}) })
			c := &client{t: t, nc: nc, in: peer.NewReader(nc, nil, peer.ReaderOptions{MaxBlock: peer.MaxRequest})}
			c.send(peer.AppendHandshake(nil, peer.Handshake{Reserved: allReserved, InfoHash: p.one.t.InfoHash}))
			c.handshake()
			return c
		}
		shy, greedy := meet(1), meet(2)
		block := peer.AppendRequest(nil, peer.Block{Length: peer.MaxRequest})
		greedy.send(peer.AppendInterested(nil))
		greedy.until(peer.MsgUnchoke)
		go greedy.nc.Write(bytes.Repeat(block, 100)) // more than the free megabytes and two copies for each
		greedy.until(peer.MsgChoke)
		shy.until(peer.MsgChoke)
		shy.send(append(peer.AppendInterested(nil), block...))
		if m := shy.next(); m.ID != peer.MsgReject {
			t.Errorf("got message %v, want a reject", m.ID)
		}
		shy.nc.Close()
		greedy.nc.Close()
		p.s.conns.Wait()
	})
}

// A choke, or a piece taken back, ends the requests that wait.
func TestRefuse(t *testing.T) {
	var o outbox
	o.init()
	c := &conn{fast: true}
	for i := range uint32(6) {
		o.addBlock(peer.Block{Piece: i % 2, Begin: i, Length: 10})
	}
	o.refuse(func(k peer.Block) bool { return k.Piece == 1 }, c.refusal)
	var want []byte
	for _, begin := range []uint32{1, 3, 5} {
		want = peer.AppendReject(want, peer.Block{Piece: 1, Begin: begin, Length: 10})
	}
	if !bytes.Equal(o.control, want) || o.queued != 30 {
		t.Errorf("queued %x, %d bytes, want %x, 30", o.control, o.queued, want)
	}
	c.fast = false
	o.refuse(func(peer.Block) bool { return true }, c.refusal)
	if queued, next := o.head(); queued != 0 || next != 0 || len(o.control) != len(want) {
		t.Errorf("%d bytes are left, the next block has %d", queued, next)
	}
}

// A peer can take back that it has a piece (BEP 54).
func TestDontHave(t *testing.T) {
	w := newWorld(t, worldOptions{governed: true})
	to := w.put(t, "object", random(1, 3*256*kib))
	c := open(t, w, to.InfoHash, allReserved)
	c.send(peer.AppendHave(nil, 0))
	eventually(t, "it has the piece", func() bool { return c.replicas(w, to) == 1 })
	if c.info.Extensions.DontHave != ourDontHaveID {
		t.Errorf("lt_donthave is announced as %d", c.info.Extensions.DontHave)
	}
	c.send(peer.AppendDontHave(nil, ourDontHaveID, 0))
	eventually(t, "it has lost the piece", func() bool { return c.replicas(w, to) == 0 })
	c.send(peer.AppendDontHave(nil, ourDontHaveID, 3))
	c.drain()
	w.closedFor(t, BadMessage)
}

func TestTakenBackTooOften(t *testing.T) {
	for name, frame := range map[string][]byte{
		"BEP 54": peer.AppendDontHave(nil, ourDontHaveID, 0), "BEP 6": peer.AppendHaveNone(nil),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, worldOptions{governed: true})
			c := open(t, w, w.put(t, "object", random(1, 3*256*kib)).InfoHash, allReserved)
			c.send(bytes.Repeat(frame, 2*maxLosses))
			c.drain()
			w.closedFor(t, BadMessage)
		})
	}
}

// TestLastPieceIsHeldBack: whoever is not interested is never told of everything; libtorrent would leave.
func TestLastPieceIsHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const pieces = 3
		p := newPipes(t, make([]byte, pieces*256*kib), swarm.Egress, Options{})
		near, far := net.Pipe()
		p.s.conns.Go(func() { p.s.admit(t.Context(), near) })
		c := &client{t: t, nc: far, in: peer.NewReader(far, nil, peer.ReaderOptions{MaxBlock: peer.MaxRequest})}
		c.send(peer.AppendHandshake(nil, peer.Handshake{Reserved: allReserved, InfoHash: p.one.t.InfoHash}))
		c.handshake()
		for len(c.offers) < pieces-1 {
			c.until(peer.MsgHave)
		}
		more := make(chan uint32)
		go func() { more <- c.until(peer.MsgHave).Block.Piece }()
		synctest.Wait()
		select {
		case piece := <-more:
			t.Errorf("told of piece %d before it is interested", piece)
		default:
		}
		c.send(peer.AppendInterested(nil))
		if piece := <-more; slices.Contains(c.offers[:pieces-1], piece) {
			t.Errorf("told of piece %d twice", piece)
		}
		c.nc.Close()
		p.s.conns.Wait()
	})
}
