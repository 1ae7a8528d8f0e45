package e2e

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"shoal/wire/peer"
	"shoal/wire/torrent"
)

const peerTimeout = 10 * time.Second

// testPeer downloads blocks of a torrent from one seeder without end, round and round, a few at a time.
type testPeer struct {
	conn    net.Conn
	payload atomic.Int64  // bytes of blocks received
	ended   chan struct{} // closed when the connection is over
	at      time.Time     // of the end; read it after ended
	err     error         // likewise
}

// dialPeer connects to the seeder at addr and shakes hands. An error means that the seeder hung up.
func dialPeer(t testing.TB, addr string, hash torrent.InfoHash) (net.Conn, error) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, peerTimeout)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(peerTimeout)); err != nil {
		t.Fatal(err)
	}
	if err := shakeHands(conn, hash); err != nil {
		return nil, err
	}
	return conn, conn.SetDeadline(time.Time{})
}

// shakeHands shakes hands as the one who dialled.
func shakeHands(conn net.Conn, hash torrent.InfoHash) error {
	hello := peer.Handshake{Reserved: peer.ReservedFast | peer.ReservedExtensions, InfoHash: hash, PeerID: peer.PeerID([]byte("-TT0001-000000000000"))}
	if _, err := conn.Write(peer.AppendHandshake(nil, hello)); err != nil {
		return err
	}
	buf := make([]byte, peer.HandshakeLen)
	if _, err := io.ReadFull(conn, buf); err != nil {
		return err
	}
	got, err := peer.ParseHandshake(buf)
	if err != nil {
		return err
	}
	if got.InfoHash != hash {
		return fmt.Errorf("handshake with infohash %s, want %s", got.InfoHash, hash)
	}
	return nil
}

// startPeer dials the seeder and downloads until the connection ends.
func startPeer(t testing.TB, addr string, m *torrent.Metainfo) *testPeer {
	t.Helper()
	conn, err := dialPeer(t, addr, m.InfoHash())
	if err != nil {
		t.Fatal(err)
	}
	p := &testPeer{conn: conn, ended: make(chan struct{})}
	go func() {
		p.err = p.run(m.Info)
		p.at = time.Now()
		close(p.ended)
	}()
	t.Cleanup(func() { _ = conn.Close(); <-p.ended })
	return p
}

// run asks for the next block whenever one arrives.
func (p *testPeer) run(info torrent.Info) error {
	const inFlight = 4
	if _, err := p.conn.Write(peer.AppendInterested(nil)); err != nil {
		return err
	}
	blocks := cycle{length: info.Length, pieceLength: info.PieceLength}
	r := peer.NewReader(p.conn, make([]byte, 32<<10), peer.ReaderOptions{Pieces: uint32(info.NumPieces()), MaxBlock: peer.BlockSize})
	for {
		m, err := r.Read()
		if err != nil {
			return err
		}
		ask := 0
		switch m.ID {
		case peer.MsgUnchoke:
			ask = inFlight
		case peer.MsgPiece:
			p.payload.Add(int64(len(m.Payload)))
			ask = 1
		case peer.MsgReject:
			return errors.New("request rejected")
		}
		for range ask {
			if _, err := p.conn.Write(peer.AppendRequest(nil, blocks.next())); err != nil {
				return err
			}
		}
	}
}

// cycle names the blocks of a torrent in order, again and again.
type cycle struct{ length, pieceLength, offset int64 }

func (c *cycle) next() peer.Block {
	b := peer.Block{
		Piece: uint32(c.offset / c.pieceLength), Begin: uint32(c.offset % c.pieceLength),
		Length: uint32(min(peer.BlockSize, c.length-c.offset)),
	}
	if c.offset += int64(b.Length); c.offset == c.length {
		c.offset = 0
	}
	return b
}
