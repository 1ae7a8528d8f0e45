package seeder

import (
	"bytes"
	"net"
	"net/netip"
	"testing"

	"shoal/core/object"
	"shoal/wire/peer"
	"shoal/wire/torrent"
)

// clientMetadataID and clientPEXID are the ids by which the test's client wants to be sent extensions.
const (
	clientMetadataID peer.ExtensionID = 7
	clientPEXID      peer.ExtensionID = 8
)

func (c *client) extend(port uint16) {
	c.t.Helper()
	c.send(peer.AppendExtendedHandshake(nil, peer.ExtendedHandshake{
		Extensions: peer.Extensions{Metadata: clientMetadataID, PEX: clientPEXID}, Port: port,
	}))
}

// metadata asks for a piece of the info dictionary.
func (c *client) metadata(piece uint32) peer.Metadata {
	c.t.Helper()
	c.send(peer.AppendMetadata(nil, ourMetadataID, peer.Metadata{Type: peer.MetadataRequest, Piece: piece}))
	for {
		m := c.until(peer.MsgExtended)
		if m.Extension != clientMetadataID {
			continue
		}
		md, err := peer.ParseMetadata(m.Payload)
		if err != nil {
			c.t.Fatal(err)
		}
		md.Data = bytes.Clone(md.Data)
		return md
	}
}

// A client with nothing but a magnet link gets the info dictionary of its torrent, a bounded number of times.
func TestMetadata(t *testing.T) {
	w := newWorld(t, worldOptions{})
	for _, c := range []struct {
		name string
		size int
	}{{"empty", 0}, {"one piece", 1}, {"two metadata pieces", 1000 * 256 * kib / 4}} {
		hybrid := w.put(t, c.name, random(1, c.size))
		for _, kind := range []torrent.Kind{torrent.V1, torrent.Hybrid, torrent.V2} {
			t.Run(c.name+", "+kind.String(), func(t *testing.T) { checkMetadata(t, w, hybrid.As(kind)) })
		}
	}
	if _, payload := w.meter.sums(); payload != 0 {
		t.Errorf("metadata recorded as %d payload bytes", payload)
	}
}

func checkMetadata(t *testing.T, w *world, to *object.Torrent) {
	t.Helper()
	want, err := w.store.Info(t.Context(), to)
	if err != nil {
		t.Fatal(err)
	}
	p := open(t, w, to.InfoHash, allReserved)
	p.extend(0)
	pieces := uint32(pieceCount(to.InfoSize, peer.MetadataPiece))
	for range metadataShare {
		var got []byte
		for piece := range pieces {
			m := p.metadata(piece)
			if m.Type != peer.MetadataData || m.Piece != piece || m.TotalSize != to.InfoSize {
				t.Fatalf("piece %d: got %+v", piece, m)
			}
			got = append(got, m.Data...)
		}
		hash := torrent.HashInfo(got)
		if to.Kind == torrent.V2 {
			hash = torrent.HashInfoV2(got).Truncate()
		}
		if !bytes.Equal(got, want) || hash != to.InfoHash {
			t.Error("info dictionary differs")
		}
	}
	if m := p.metadata(0); m.Type != peer.MetadataReject {
		t.Errorf("beyond the budget: got type %d", m.Type)
	}
	fresh := open(t, w, to.InfoHash, allReserved)
	fresh.extend(0)
	if m := fresh.metadata(pieces); m.Type != peer.MetadataReject || m.Piece != pieces {
		t.Errorf("piece out of range: got %+v", m)
	}
}

// TestKindsAtOnce: connections of all kinds to one version are each served their own torrent, at the same time,
// and v2 hashes where there are any.
func TestKindsAtOnce(t *testing.T) {
	w := newWorld(t, worldOptions{})
	to := w.put(t, "object", random(1, 1*mib))
	var clients []*client
	kinds := []torrent.Kind{torrent.V1, torrent.Hybrid, torrent.V2}
	for _, kind := range kinds {
		clients = append(clients, open(t, w, to.As(kind).InfoHash, allReserved))
	}
	for i, kind := range kinds {
		c := clients[i]
		c.extend(0)
		info := c.metadata(0).Data
		if h, of := torrent.HashInfo(info), to.As(kind); h != of.InfoHash && torrent.HashInfoV2(info) != of.InfoHashV2 {
			t.Errorf("kind %v: got an info dictionary of %s", kind, h)
		}
		if got, want := c.theirs.Reserved.Has(peer.ReservedV2), kind == torrent.Hybrid; got != want {
			t.Errorf("kind %v: v2 bit is %v, want %v", kind, got, want)
		}
		for _, root := range []torrent.Hash{to.Root, {}} {
			q := peer.HashRequest{Root: root, HashRange: torrent.HashRange{BaseLayer: 4, Length: 2, ProofLayers: 1}}
			c.send(peer.AppendHashRequest(nil, q))
			want := peer.MsgHashReject
			if kind.HasV2() && root == to.Root {
				want = peer.MsgHashes
			}
			if got := c.next(); got.ID != want {
				t.Errorf("kind %v, root %x: got message %v, want %v", kind, root[:2], got.ID, want)
			}
		}
	}
}

// TestLastBlockInFull: libtorrent asks for all 16 KiB of the last block of a V2 torrent; what is beyond the
// content is zeros, and no more than that block can be had.
func TestLastBlockInFull(t *testing.T) {
	w := newWorld(t, worldOptions{})
	const size = 256*kib + 16*kib + 2880
	data := random(1, size)
	hybrid := w.put(t, "object", data)
	last := peer.Block{Piece: 1, Begin: 16 * kib, Length: 16 * kib}
	want := append(bytes.Clone(data[size-2880:]), make([]byte, 16*kib-2880)...)
	for _, kind := range []torrent.Kind{torrent.V1, torrent.Hybrid, torrent.V2} {
		c := open(t, w, hybrid.As(kind).InfoHash, allReserved)
		c.send(peer.AppendRequest(nil, last))
		if kind != torrent.V2 {
			c.drain()
			if c.got != 0 {
				t.Errorf("kind %v: got %d bytes of a block that ends beyond the content", kind, c.got)
			}
			continue
		}
		if got := c.until(peer.MsgPiece); got.Block != last || !bytes.Equal(got.Payload, want) {
			t.Errorf("kind %v: got block %+v, %d bytes", kind, got.Block, len(got.Payload))
		}
		c.send(peer.AppendRequest(nil, peer.Block{Piece: 1, Begin: 16*kib + 2000, Length: 880}))
		if got := c.until(peer.MsgPiece); !bytes.Equal(got.Payload, data[size-880:]) {
			t.Error("the end of the content differs")
		}
		c.send(peer.AppendRequest(nil, peer.Block{Piece: 1, Begin: 32 * kib, Length: 1}))
		c.drain()
	}
}

// listensAt is what others are told of a client that listens on a port.
func (c *client) listensAt(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(c.nc.LocalAddr().(*net.TCPAddr).AddrPort().Addr(), port)
}

func TestPEX(t *testing.T) {
	w := newWorld(t, worldOptions{})
	to := w.put(t, "object", []byte("content"))
	first := open(t, w, to.InfoHash, allReserved)
	first.extend(1001)
	// The answer to a request that follows the extended handshake says that it was read.
	first.metadata(0)
	second := open(t, w, to.InfoHash, allReserved)
	second.extend(1002)
	for {
		m := second.until(peer.MsgExtended)
		if m.Extension != clientPEXID {
			continue
		}
		got, err := peer.ParsePEX(m.Payload)
		if err != nil {
			t.Fatal(err)
		}
		if want := first.listensAt(1001); len(got.Added) != 1 || got.Added[0].Addr != want || len(got.Dropped) != 0 {
			t.Errorf("got %+v, want %v added", got, want)
		}
		return
	}
}

func TestHashRequests(t *testing.T) {
	w := newWorld(t, worldOptions{})
	aligned := w.put(t, "aligned", random(1, 600*256*kib/8+5))
	odd := w.putParts(t, "odd", random(2, 5*mib+1), random(3, 3*mib))
	for _, to := range []*object.Torrent{aligned, odd} {
		file, _ := to.FileOf(to.Root)
		leaves, err := w.store.Leaves(t.Context(), to, file, 0, pieceCount(to.Length, torrent.BlockSize))
		if err != nil {
			t.Fatal(err)
		}
		height := uint32(0)
		for 1<<height < len(leaves) {
			height++
		}
		c := open(t, w, to.InfoHashV2.Truncate(), allReserved)
		pieceLayer := uint32(4) // 256 KiB
		for _, r := range []torrent.HashRange{
			{BaseLayer: 0, Index: 0, Length: 16, ProofLayers: height - 1},
			{BaseLayer: 0, Index: 256, Length: 256, ProofLayers: height - 1},
			{BaseLayer: pieceLayer, Index: 0, Length: 1 << (height - pieceLayer), ProofLayers: 0},
			{BaseLayer: pieceLayer, Index: 2, Length: 1, ProofLayers: height - pieceLayer - 1},
		} {
			q := peer.HashRequest{Root: to.Root, HashRange: r}
			c.send(peer.AppendHashRequest(nil, q))
			got, err := peer.ParseHashes(c.until(peer.MsgHashes).Payload)
			if err != nil {
				t.Fatal(err)
			}
			if got.Request != q || rootOf(got) != to.Root {
				t.Errorf("%+v: the answer does not lead to the root", r)
			}
		}
		for name, q := range map[string]peer.HashRequest{
			"another root": {HashRange: torrent.HashRange{Length: 2}},
			"layer":        {Root: to.Root, HashRange: torrent.HashRange{BaseLayer: 1, Length: 2}},
			"length":       {Root: to.Root, HashRange: torrent.HashRange{Length: 3}},
			"too long":     {Root: to.Root, HashRange: torrent.HashRange{Length: 1 << 31}},
			"beyond":       {Root: to.Root, HashRange: torrent.HashRange{Index: 1 << 20, Length: 2}},
			"proof":        {Root: to.Root, HashRange: torrent.HashRange{Length: 2, ProofLayers: 60}},
		} {
			c.send(peer.AppendHashRequest(nil, q))
			got, err := peer.ParseHashRequest(c.until(peer.MsgHashReject).Payload)
			if err != nil || got != q {
				t.Errorf("%s: rejected %+v, %v", name, got, err)
			}
		}
	}
}

// A peer that asks for leaves without end is rejected.
func TestHashBudget(t *testing.T) {
	w := newWorld(t, worldOptions{})
	to := w.put(t, "object", random(1, 32*256*kib))
	c := open(t, w, to.InfoHash, allReserved)
	q := peer.HashRequest{Root: to.Root, HashRange: torrent.HashRange{Length: 512}}
	for answered := 0; ; answered++ {
		c.send(peer.AppendHashRequest(nil, q))
		m := c.next()
		for m.ID != peer.MsgHashes && m.ID != peer.MsgHashReject {
			m = c.next()
		}
		if m.ID == peer.MsgHashReject {
			if want := (leafShare*512 + freeLeaves) / (2*512 + 16); answered != want {
				t.Errorf("%d answers, want %d", answered, want)
			}
			return
		}
	}
}

// rootOf computes the root that an answer leads to.
func rootOf(h peer.Hashes) torrent.Hash {
	nodes := make([]torrent.Hash, len(h.Nodes)/torrent.HashSize)
	for i := range nodes {
		nodes[i] = torrent.Hash(h.Nodes[i*torrent.HashSize:])
	}
	node := torrent.Root(nodes[:h.Request.Length], 0)
	at := h.Request.Index / h.Request.Length
	for _, uncle := range nodes[h.Request.Length:] {
		if at%2 == 0 {
			node = torrent.HashPair(node, uncle)
		} else {
			node = torrent.HashPair(uncle, node)
		}
		at /= 2
	}
	return node
}
