package seeder

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"shoal/core/object"
	"shoal/wire/peer"
	"shoal/wire/torrent"
)

const allReserved = peer.ReservedFast | peer.ReservedExtensions | peer.ReservedV2

// client is the other side of a connection.
type client struct {
	t      testing.TB
	nc     net.Conn
	in     *peer.Reader
	theirs peer.Handshake
	info   peer.ExtendedHandshake
	got    int64    // payload bytes
	have   int      // have all, or a full bitfield, came
	offers []uint32 // pieces told of one by one
}

// networks counts the networks that clients come from: one that was sent the same again and again is choked.
var networks atomic.Uint32

// elsewhere returns a loopback address in a /24 of its own.
func elsewhere() *net.TCPAddr {
	n := networks.Add(1)
	return &net.TCPAddr{IP: net.IPv4(127, byte(2+n>>8%100), byte(n), 1)}
}

// dial connects and sends a handshake.
func dial(t testing.TB, w *world, h torrent.InfoHash, reserved peer.Reserved) *client {
	t.Helper()
	return dialFrom(t, elsewhere(), w, h, reserved)
}

func dialFrom(t testing.TB, from *net.TCPAddr, w *world, h torrent.InfoHash, reserved peer.Reserved) *client {
	t.Helper()
	d := net.Dialer{LocalAddr: from}
	nc, err := d.Dial("tcp", w.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	if err := nc.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, nc: nc}
	c.in = peer.NewReader(nc, make([]byte, 64<<10), peer.ReaderOptions{MaxBlock: peer.MaxRequest})
	c.send(peer.AppendHandshake(nil, peer.Handshake{Reserved: reserved, InfoHash: h, PeerID: peer.PeerID([]byte("-XX0001-abcdefghijkl"))}))
	return c
}

// open is dial and everything up to the unchoke.
func open(t testing.TB, w *world, h torrent.InfoHash, reserved peer.Reserved) *client {
	t.Helper()
	return openFrom(t, elsewhere(), w, h, reserved)
}

func openFrom(t testing.TB, from *net.TCPAddr, w *world, h torrent.InfoHash, reserved peer.Reserved) *client {
	t.Helper()
	c := dialFrom(t, from, w, h, reserved)
	c.handshake()
	c.send(peer.AppendInterested(nil))
	for c.next().ID != peer.MsgUnchoke {
	}
	return c
}

func (c *client) handshake() {
	c.t.Helper()
	var b [peer.HandshakeLen]byte
	if _, err := io.ReadFull(c.nc, b[:]); err != nil {
		c.t.Fatalf("handshake: %v", err)
	}
	var err error
	if c.theirs, err = peer.ParseHandshake(b[:]); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) send(frames []byte) {
	c.t.Helper()
	if _, err := c.nc.Write(frames); err != nil {
		c.t.Fatalf("send: %v", err)
	}
}

// next reads a message and takes note of it.
func (c *client) next() peer.Message {
	c.t.Helper()
	m, err := c.in.Read()
	if err != nil {
		c.t.Fatalf("read: %v", err)
	}
	switch {
	case m.ID == peer.MsgPiece:
		c.got += int64(len(m.Payload))
	case m.ID == peer.MsgHave:
		c.offers = append(c.offers, m.Block.Piece)
	case m.ID == peer.MsgHaveAll, m.ID == peer.MsgBitfield:
		c.have++
	case m.ID == peer.MsgExtended && m.Extension == peer.ExtendedHandshakeID:
		if err := c.info.Update(m.Payload); err != nil {
			c.t.Fatal(err)
		}
	}
	return m
}

// until reads on to a message of that type.
func (c *client) until(id peer.ID) peer.Message {
	c.t.Helper()
	for {
		if m := c.next(); m.ID == id {
			return m
		}
	}
}

// drain reads to the end of the connection; what came stands in got.
func (c *client) drain() {
	c.t.Helper()
	for {
		m, err := c.in.Read()
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || isNetwork(err) {
				return
			}
			c.t.Fatalf("the connection did not end: %v", err)
		}
		if m.ID == peer.MsgPiece {
			c.got += int64(len(m.Payload))
		}
	}
}

// blocks lists the requests for a whole torrent.
func blocks(t *object.Torrent, size int64) (all []peer.Block) {
	for off := int64(0); off < t.Length; {
		piece := off / t.PieceLength
		end := min((piece+1)*t.PieceLength, t.Length)
		n := min(size, end-off)
		all = append(all, peer.Block{Piece: uint32(piece), Begin: uint32(off - piece*t.PieceLength), Length: uint32(n)})
		off += n
	}
	return all
}

// fetch requests blocks with so many outstanding and returns what came, at its place in the content.
func (c *client) fetch(t *object.Torrent, want []peer.Block, outstanding int) []byte {
	c.t.Helper()
	data := make([]byte, t.Length)
	asked := 0
	for came := 0; came < len(want); {
		var frames []byte
		for ; asked < len(want) && asked-came < outstanding; asked++ {
			frames = peer.AppendRequest(frames, want[asked])
		}
		if len(frames) > 0 {
			c.send(frames)
		}
		m := c.until(peer.MsgPiece)
		copy(data[offset(m.Block, t.PieceLength):], m.Payload)
		came++
	}
	return data
}

// download fetches all of a torrent and compares it.
func (c *client) download(t *object.Torrent, want []byte, block int64, outstanding int) {
	c.t.Helper()
	if got := c.fetch(t, blocks(t, block), outstanding); !bytes.Equal(got, want) {
		c.t.Errorf("content of %v differs", t.InfoHash)
	}
}
