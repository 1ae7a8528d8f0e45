package seeder

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"shoal/core/access"
	"shoal/core/object"
	"shoal/wire/peer"
	"shoal/wire/torrent"
)

// What is not a handshake for a public torrent is closed without a byte in answer, in the same way.
func TestRefusedOpenings(t *testing.T) {
	w := newWorld(t, worldOptions{seeder: Options{HandshakeTimeout: 100 * time.Millisecond, Encryption: EncryptionOff}})
	private := w.put(t, "private", []byte("private content"))
	if err := w.store.SetACL(t.Context(), w.bucket, "private", object.VersionRef{}, acl(t, access.CannedPrivate), object.Requester{}); err != nil {
		t.Fatal(err)
	}
	gone := w.put(t, "gone", []byte("deleted content"))
	if _, err := w.store.Delete(t.Context(), object.DeleteRequest{Bucket: w.bucket, Key: "gone"}); err != nil {
		t.Fatal(err)
	}
	public := w.put(t, "public", []byte("content"))
	hello := func(h torrent.InfoHash, id peer.PeerID) []byte {
		return peer.AppendHandshake(nil, peer.Handshake{Reserved: allReserved, InfoHash: h, PeerID: id})
	}
	other := peer.PeerID([]byte("-XX0001-abcdefghijkl"))
	for _, c := range []struct {
		name    string
		opening []byte
		want    Reason
	}{
		{"unknown", hello(torrent.InfoHash{1}, other), UnknownTorrent},
		{"private", hello(private.InfoHash, other), UnknownTorrent},
		{"private by v2", hello(private.InfoHashV2.Truncate(), other), UnknownTorrent},
		{"deleted", hello(gone.InfoHash, other), UnknownTorrent},
		{"ourselves", hello(public.InfoHash, w.seeder.id), SelfConnection},
		{"encrypted", random(9, 96+200), NotBitTorrent},
		{"http", []byte("GET / HTTP/1.1\r\n\r\n"), NotBitTorrent},
		{"one wrong byte", []byte{18}, NotBitTorrent},
		{"nothing", nil, HandshakeTimeout},
		{"half", hello(public.InfoHash, other)[:48], HandshakeTimeout},
		{"all but a byte", hello(public.InfoHash, other)[:67], HandshakeTimeout},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := w.seeder.Stats().Closed[c.want]
			nc, err := net.Dial("tcp", w.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			if err := nc.SetDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			if _, err := nc.Write(c.opening); err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(nc); len(got) != 0 || err != nil && !isNetwork(err) {
				t.Errorf("answer %x, %v", got, err)
			}
			eventually(t, c.want.String(), func() bool { return w.seeder.Stats().Closed[c.want] == before+1 })
		})
	}
	if n := w.swarms.Stats().Members; n != 0 {
		t.Errorf("%d members are left", n)
	}
}

func TestHostileMessages(t *testing.T) {
	w := newWorld(t, worldOptions{})
	to := w.put(t, "object", random(1, 2*256*kib+100)) // 3 pieces
	request := func(piece, begin, length uint32) []byte {
		return peer.AppendRequest(nil, peer.Block{Piece: piece, Begin: begin, Length: length})
	}
	frame := func(length uint32, id peer.ID, body ...byte) []byte {
		return append(append(binary.BigEndian.AppendUint32(nil, length), byte(id)), body...)
	}
	for _, c := range []struct {
		name     string
		reserved peer.Reserved
		frames   []byte
		want     Reason
	}{
		{"no bytes", allReserved, request(0, 0, 0), BadRequest},
		{"over 128 KiB", allReserved, request(0, 0, 128*kib+1), BadRequest},
		{"largest length", allReserved, request(0, 0, 1<<32-1), BadRequest},
		{"over its piece", allReserved, request(0, 256*kib-1, 2), BadRequest},
		{"overflow of begin", allReserved, request(0, 1<<32-1, 2), BadRequest},
		{"over the end", allReserved, request(2, 99, 2), BadRequest},
		{"no such piece", allReserved, request(3, 0, 1), BadRequest},
		{"largest piece", allReserved, request(1<<32-1, 0, 1), BadRequest},
		{"short request", allReserved, frame(12, peer.MsgRequest), BadMessage},
		{"have out of range", allReserved, peer.AppendHave(nil, 3), BadMessage},
		{"long bitfield", allReserved, frame(3, peer.MsgBitfield, 0, 0), BadMessage},
		{"empty bitfield", allReserved, frame(1, peer.MsgBitfield), BadMessage},
		{"spare bits", allReserved, frame(2, peer.MsgBitfield, 0x1f), BadMessage},
		{"have all without fast", 0, peer.AppendHaveAll(nil), BadMessage},
		{"frame of 256 KiB and more", allReserved, frame(256*kib+1, 99), BadMessage},
		{"largest frame", allReserved, frame(1<<32-1, peer.MsgBitfield), BadMessage},
		{"unwanted piece", allReserved, frame(10, peer.MsgPiece), BadMessage},
		{"extended handshake of garbage", allReserved, frame(4, peer.MsgExtended, 0, 'x', 'x'), BadMessage},
		{"deep extended handshake", allReserved, append(frame(10_002, peer.MsgExtended, 0), bytes.Repeat([]byte("l"), 10_000)...), BadMessage},
		{"ut_metadata of garbage", allReserved, frame(4, peer.MsgExtended, byte(ourMetadataID), 'd', 'd'), BadMessage},
		{"has everything", allReserved, peer.AppendHaveAll(nil), PeerComplete},
		{"full bitfield", 0, frame(2, peer.MsgBitfield, 0xe0), PeerComplete},
		{"haves of everything", 0, append(append(peer.AppendHave(nil, 0), peer.AppendHave(nil, 2)...), peer.AppendHave(nil, 1)...), PeerComplete},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := w.seeder.Stats().Closed[c.want]
			p := open(t, w, to.InfoHash, c.reserved)
			p.send(c.frames)
			p.drain()
			eventually(t, c.want.String(), func() bool { return w.seeder.Stats().Closed[c.want] == before+1 })
			if p.got != 0 {
				t.Errorf("%d payload bytes came", p.got)
			}
		})
	}
	if _, payload := w.meter.sums(); payload != 0 {
		t.Errorf("%d payload bytes recorded", payload)
	}
}

// What a seeder has no use for, and what it does not know, changes nothing.
func TestIgnoredMessages(t *testing.T) {
	w := newWorld(t, worldOptions{})
	data := random(1, 300*kib)
	to := w.put(t, "object", data)
	c := open(t, w, to.InfoHash, allReserved)
	var frames []byte
	for _, f := range [][]byte{
		peer.AppendKeepAlive(nil), peer.AppendChoke(nil), peer.AppendUnchoke(nil), peer.AppendInterested(nil),
		peer.AppendNotInterested(nil), peer.AppendHaveNone(nil), peer.AppendSuggest(nil, 9), peer.AppendAllowedFast(nil, 9),
		peer.AppendReject(nil, peer.Block{Piece: 7}), peer.AppendPort(nil, 1), peer.AppendDontHave(nil, 99, 1),
		peer.AppendHave(nil, 0), peer.AppendHave(nil, 0),
		{0, 0, 0, 2, 250, 1},
		peer.AppendPEX(nil, ourPEXID, peer.PEX{}),
		peer.AppendCancel(nil, peer.Block{Piece: 0, Begin: 0, Length: 1}),
	} {
		frames = append(frames, f...)
	}
	c.send(frames)
	c.download(to, data, 16*kib, 8)
}

// A cancelled request is answered once: with its block or with a reject.
func TestCancel(t *testing.T) {
	gate := make(chan struct{})
	w := newWorld(t, worldOptions{wrap: func(c content) content { return &gatedContent{content: c, gate: gate} }})
	to := w.put(t, "object", random(1, 64*16*kib))
	c := open(t, w, to.InfoHash, allReserved)
	all := blocks(to, 16*kib)
	c.send(peer.AppendRequest(nil, all[0]))
	w.seeder.seeds.awaitReader(t)
	var frames []byte
	for _, k := range all[1:] {
		frames = peer.AppendRequest(frames, k)
	}
	for i := 33; i < 64; i += 2 {
		frames = peer.AppendCancel(frames, all[i])
	}
	c.send(append(frames, peer.AppendHave(nil, 0)...))
	eventually(t, "the cancels are read", func() bool { return c.replicas(w, to) == 1 })
	close(gate)
	answered := map[peer.Block]peer.ID{}
	for len(answered) < len(all) {
		m := c.next()
		if m.ID != peer.MsgPiece && m.ID != peer.MsgReject {
			continue
		}
		if _, twice := answered[m.Block]; twice {
			t.Fatalf("%+v answered twice", m.Block)
		}
		answered[m.Block] = m.ID
	}
	for i, k := range all {
		want := peer.MsgPiece
		if i > 32 && i%2 == 1 {
			want = peer.MsgReject
		}
		if answered[k] != want {
			t.Errorf("block %d: answered by %v, want %v", i, answered[k], want)
		}
	}
}

// replicas is how many members of the swarm have the first piece.
func (c *client) replicas(w *world, to *object.Torrent) int64 {
	c.t.Helper()
	s, err := w.swarms.Swarm(c.t.Context(), to.InfoHash, c.nc.LocalAddr().(*net.TCPAddr).AddrPort().Addr())
	if err != nil {
		c.t.Fatal(err)
	}
	return s.Replicas(0)
}

// awaitReader waits until a reader is being read from, by a gatedContent.
func (s *seeds) awaitReader(t *testing.T) {
	t.Helper()
	eventually(t, "a read has begun", func() bool { return s.content.(*gatedContent).reads.Load() > 0 })
}

func TestSilentAndStuckPeers(t *testing.T) {
	w := newWorld(t, worldOptions{seeder: Options{IdleTimeout: 100 * time.Millisecond, WriteStall: 200 * time.Millisecond}})
	to := w.put(t, "object", random(1, 16*mib))
	silent := open(t, w, to.InfoHash, allReserved)
	stuck := open(t, w, to.InfoHash, allReserved)
	var frames []byte
	for range 4 {
		for _, k := range blocks(to, 128*kib) {
			frames = peer.AppendRequest(frames, k)
		}
	}
	stuck.send(frames)
	silent.drain()
	w.closedFor(t, Idle)
	w.closedFor(t, WriteStall)
}

// Content that cannot be read is rejected and the connection lives on; without rejects it is closed.
func TestUnreadableContent(t *testing.T) {
	data := random(1, 4*256*kib)
	bad := int64(256*kib + 5)
	for _, reserved := range []peer.Reserved{peer.ReservedFast, 0} {
		w := newWorld(t, worldOptions{wrap: func(c content) content { return &faultyContent{c, bad} }})
		to := w.put(t, "object", data)
		c := open(t, w, to.InfoHash, reserved)
		all := blocks(to, 16*kib)
		c.send(peer.AppendRequest(peer.AppendRequest(nil, all[16]), all[40]))
		if reserved == 0 {
			c.drain()
			w.closedFor(t, ReadFailed)
		} else {
			if m := c.until(peer.MsgReject); m.Block != all[16] {
				t.Errorf("rejected %+v, want %+v", m.Block, all[16])
			}
			if m := c.until(peer.MsgPiece); !bytes.Equal(m.Payload, data[40*16*kib:41*16*kib]) {
				t.Error("another block is wrong")
			}
			for range maxReadFaults - 2 {
				c.send(peer.AppendRequest(nil, all[16]))
				c.until(peer.MsgReject)
			}
			c.send(peer.AppendRequest(nil, all[16]))
			c.drain()
			w.closedFor(t, ReadFailed)
		}
		if st := w.seeder.Stats(); st.SentBytes != c.got || st.ReadErrors == 0 {
			t.Errorf("stats %+v, %d bytes came", st, c.got)
		}
	}
}
