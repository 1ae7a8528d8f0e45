package seeder

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"

	"shoal/wire/peer"
	"shoal/wire/torrent"
)

// fuzzPipe is one end of a net.Pipe with an address, since what a network may have is counted.
type fuzzPipe struct {
	net.Conn
	remote *net.TCPAddr
}

func (p fuzzPipe) RemoteAddr() net.Addr { return p.remote }

// FuzzConnection plays whole connections, governed and not: whatever a peer sends, the connection ends when the
// peer goes and its goroutines with it, what waits for it stays bounded, what is recorded is the payload that it was
// sent, and no payload is of a piece that it was not told of.
func FuzzConnection(f *testing.F) {
	plain, governed := newWorld(f, worldOptions{}), newWorld(f, worldOptions{governed: true})
	data := random(1, 20*256*kib+100)
	to := plain.put(f, "object", data)
	governed.put(f, "object", data)
	hello := func(h torrent.InfoHash) []byte {
		return peer.AppendHandshake(nil, peer.Handshake{Reserved: allReserved, InfoHash: h, PeerID: peer.PeerID{1}})
	}
	for _, frames := range fuzzFrames(to.Root) {
		f.Add(false, append(hello(to.InfoHash), frames...))
		f.Add(true, append(hello(to.InfoHash), frames...))
		f.Add(true, append(hello(to.InfoHashV2.Truncate()), frames...))
	}
	f.Add(false, []byte("GET / HTTP/1.1\r\n\r\n"))
	f.Fuzz(func(t *testing.T, offered bool, said []byte) {
		w := plain
		if offered {
			w = governed
		}
		playConnection(t, w, said)
	})
}

// FuzzConversation is FuzzConnection with messages that are mostly valid, in any order: each byte of said chooses one.
func FuzzConversation(f *testing.F) {
	plain, governed := newWorld(f, worldOptions{}), newWorld(f, worldOptions{governed: true})
	data := random(1, 20*256*kib+100)
	to := plain.put(f, "object", data)
	governed.put(f, "object", data)
	frames := fuzzFrames(to.Root)
	for i := range frames {
		f.Add(true, uint8(0xff), []byte{byte(i), 2, byte(2 * i), 7})
	}
	f.Fuzz(func(t *testing.T, offered bool, reserved uint8, choices []byte) {
		h := peer.Handshake{InfoHash: to.InfoHash, PeerID: peer.PeerID{1}}
		for i, bit := range []peer.Reserved{peer.ReservedFast, peer.ReservedExtensions, peer.ReservedV2} {
			if reserved>>i&1 == 1 {
				h.Reserved |= bit
			}
		}
		said := peer.AppendHandshake(nil, h)
		for i, choice := range choices[:min(len(choices), 512)] {
			frame := frames[int(choice)%len(frames)]
			if i%3 == 0 {
				frame = peer.AppendRequest(nil, peer.Block{Piece: uint32(choice) % 21, Begin: uint32(i%16) * peer.BlockSize, Length: 100})
			}
			said = append(said, frame...)
		}
		w := plain
		if offered {
			w = governed
		}
		playConnection(t, w, said)
	})
}

// fuzzFrames are messages of every kind to a torrent of 21 pieces.
func fuzzFrames(root torrent.Hash) [][]byte {
	return [][]byte{
		nil,
		peer.AppendKeepAlive(nil), peer.AppendChoke(nil), peer.AppendUnchoke(nil),
		peer.AppendInterested(nil), peer.AppendNotInterested(nil),
		peer.AppendRequest(peer.AppendInterested(nil), peer.Block{Length: 16 * kib}),
		peer.AppendRequest(nil, peer.Block{Piece: 20, Length: 100}),
		peer.AppendCancel(peer.AppendRequest(nil, peer.Block{Piece: 1, Length: 100}), peer.Block{Piece: 1, Length: 100}),
		peer.AppendHaveAll(nil), peer.AppendHaveNone(nil),
		peer.AppendBitfield(nil, peer.NewBitfield(21)),
		peer.AppendHave(peer.AppendHave(nil, 0), 1), peer.AppendHave(nil, 20),
		peer.AppendMetadata(
			peer.AppendExtendedHandshake(nil, peer.ExtendedHandshake{
				Extensions: peer.Extensions{Metadata: 3, PEX: 4, DontHave: 5, HolePunch: 6}, Port: 5,
			}),
			ourMetadataID, peer.Metadata{Type: peer.MetadataRequest}),
		peer.AppendExtendedHandshake(nil, peer.ExtendedHandshake{UploadOnly: true}),
		peer.AppendDontHave(nil, ourDontHaveID, 0),
		peer.AppendHolePunch(nil, ourHolePunchID, peer.HolePunch{Addr: elsewhere().AddrPort()}),
		peer.AppendHashRequest(nil, peer.HashRequest{Root: root, HashRange: torrent.HashRange{Length: 2, ProofLayers: 3}}),
		peer.AppendHashRequest(nil, peer.HashRequest{Root: root, HashRange: torrent.HashRange{BaseLayer: 4, Length: 2}}),
		{0, 0, 0, 0, 0, 0, 0, 1, 99},
	}
}

// playConnection says all that at once, and hangs up.
func playConnection(t *testing.T, w *world, said []byte) {
	t.Helper()
	_, before := w.meter.sums()
	near, far := net.Pipe()
	c := newConn(w.seeder, fuzzPipe{near, elsewhere()})
	if err := w.seeder.doors.enter(c); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		if err := c.open(t.Context()); err != nil {
			w.seeder.doors.leave(c)
			c.end(err)
			return
		}
		c.serve(t.Context()) // waits for the writer
	})
	var heard bytes.Buffer
	all.Go(func() { _, _ = io.Copy(&heard, far) }) // ends with the connection
	_, _ = far.Write(said)                         // fails when the seeder has enough
	checkBounds(t, &c.out)
	far.Close()
	all.Wait()
	_, after := w.meter.sums()
	if got, want := after-before, checkHeard(t, heard.Bytes()); got != want {
		t.Errorf("recorded %d payload bytes, %d were sent", got, want)
	}
}

// checkBounds holds what waits against its bounds; each may be passed by one message, and rejects of all that waits.
func checkBounds(t *testing.T, o *outbox) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	const reject = 17
	if len(o.control) > maxControl+kib+reject*maxBlocks || o.blocks.len() > maxBlocks || o.queued > maxQueuedBytes+mib ||
		o.queued < 0 || len(o.metadata) > maxMetadata || len(o.hashes) > maxHashes {
		t.Errorf("waiting: %d bytes of control, %d blocks, %d bytes, %d and %d requests",
			len(o.control), o.blocks.len(), o.queued, len(o.metadata), len(o.hashes))
	}
}

// checkHeard returns the payload bytes of blocks in what a seeder sent, the last frame cut off anywhere, and reports
// payload of pieces that it does not say it has.
func checkHeard(t *testing.T, stream []byte) (payload int64) {
	t.Helper()
	everything := false
	has, sent := map[uint32]bool{}, map[uint32]bool{}
	for stream = stream[min(len(stream), peer.HandshakeLen):]; len(stream) > 4; {
		frame := stream[4:min(int64(len(stream)), 4+int64(binary.BigEndian.Uint32(stream)))]
		stream = stream[4+len(frame):]
		if len(frame) == 0 {
			continue
		}
		switch id := peer.ID(frame[0]); {
		case id == peer.MsgHaveAll || id == peer.MsgBitfield:
			everything = true
		case id == peer.MsgHave && len(frame) == 5:
			has[binary.BigEndian.Uint32(frame[1:])] = true
		case id == peer.MsgPiece && len(frame) > peer.PieceHeaderLen-4:
			payload += int64(len(frame) - (peer.PieceHeaderLen - 4))
			sent[binary.BigEndian.Uint32(frame[1:])] = true
		}
	}
	for piece := range sent {
		if !everything && !has[piece] {
			t.Errorf("sent of piece %d, which was not offered", piece)
		}
	}
	return payload
}
