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

// FuzzConnection plays whole connections: whatever a peer sends, the connection ends when the peer goes, what
// waits for it stays bounded, and what is recorded is the payload that it was sent.
func FuzzConnection(f *testing.F) {
	w := newWorld(f, worldOptions{})
	to := w.put(f, "object", random(1, 256*kib+100))
	hello := func(h torrent.InfoHash) []byte {
		return peer.AppendHandshake(nil, peer.Handshake{Reserved: allReserved, InfoHash: h, PeerID: peer.PeerID{1}})
	}
	for _, frames := range [][]byte{
		nil,
		peer.AppendRequest(peer.AppendInterested(nil), peer.Block{Length: 16 * kib}),
		peer.AppendCancel(peer.AppendRequest(nil, peer.Block{Piece: 1, Length: 100}), peer.Block{Piece: 1, Length: 100}),
		peer.AppendHaveAll(nil),
		peer.AppendBitfield(nil, peer.NewBitfield(2)),
		peer.AppendHave(peer.AppendHave(nil, 0), 1),
		peer.AppendMetadata(
			peer.AppendExtendedHandshake(nil, peer.ExtendedHandshake{Extensions: peer.Extensions{Metadata: 3, PEX: 4}, Port: 5}),
			ourMetadataID, peer.Metadata{Type: peer.MetadataRequest}),
		peer.AppendHashRequest(nil, peer.HashRequest{Root: to.Root, HashRange: torrent.HashRange{Length: 2, ProofLayers: 3}}),
		peer.AppendHashRequest(nil, peer.HashRequest{Root: to.Root, HashRange: torrent.HashRange{BaseLayer: 4, Length: 2}}),
		{0, 0, 0, 0, 0, 0, 0, 1, 99},
	} {
		f.Add(append(hello(to.InfoHash), frames...))
		f.Add(append(hello(to.InfoHashV2.Truncate()), frames...))
	}
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Fuzz(func(t *testing.T, said []byte) {
		_, before := w.meter.sums()
		near, far := net.Pipe()
		c := newConn(w.seeder, near)
		var all sync.WaitGroup
		all.Go(func() { c.end(c.run(t.Context())) })
		var heard bytes.Buffer
		all.Go(func() { _, _ = io.Copy(&heard, far) }) // ends with the connection
		_, _ = far.Write(said)                         // fails when the seeder has enough
		checkBounds(t, &c.out)
		far.Close()
		all.Wait()
		_, after := w.meter.sums()
		if got, want := after-before, payloadIn(heard.Bytes()); got != want {
			t.Errorf("recorded %d payload bytes, %d were sent", got, want)
		}
	})
}

// checkBounds holds what waits against its bounds; each may be passed by one message.
func checkBounds(t *testing.T, o *outbox) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.control) > maxControl+kib || o.blocks.len() > maxBlocks || o.queued > maxQueuedBytes+mib ||
		o.queued < 0 || len(o.metadata) > maxMetadata || len(o.hashes) > maxHashes {
		t.Errorf("waiting: %d bytes of control, %d blocks, %d bytes, %d and %d requests",
			len(o.control), o.blocks.len(), o.queued, len(o.metadata), len(o.hashes))
	}
}

// payloadIn returns the payload bytes of blocks in what a seeder sent, the last frame cut off anywhere.
func payloadIn(stream []byte) (payload int64) {
	for stream = stream[min(len(stream), peer.HandshakeLen):]; len(stream) > 4; {
		frame := stream[4:min(int64(len(stream)), 4+int64(binary.BigEndian.Uint32(stream)))]
		if len(frame) > peer.PieceHeaderLen-4 && peer.ID(frame[0]) == peer.MsgPiece {
			payload += int64(len(frame) - (peer.PieceHeaderLen - 4))
		}
		stream = stream[4+len(frame):]
	}
	return payload
}
