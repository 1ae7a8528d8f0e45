package seeder

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"shoal/core/access"
	"shoal/core/object"
	"shoal/core/swarm"
	"shoal/wire/peer"
	"shoal/wire/torrent"
)

const kib, mib = 1 << 10, 1 << 20

func TestDownload(t *testing.T) {
	w := newWorld(t, worldOptions{seeder: Options{ListenPort: 6881, Version: "1.2.3"}})
	for _, c := range []struct {
		name  string
		parts []int // bytes; one is a single PUT
	}{
		{"one byte", []int{1}},
		{"inline", []int{8 * kib}},
		{"one block", []int{16 * kib}},
		{"exactly one piece", []int{256 * kib}},
		{"one piece and a byte", []int{256*kib + 1}},
		{"many pieces", []int{3*mib + 12345}},
		{"extents of odd sizes", []int{5*mib + 1, 5*mib + 16383, 77}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var parts [][]byte
			for i, n := range c.parts {
				parts = append(parts, random(uint64(i+1), n))
			}
			data := bytes.Join(parts, nil)
			var to *object.Torrent
			if len(parts) == 1 {
				to = w.put(t, c.name, data)
			} else {
				to = w.putParts(t, c.name, parts...)
			}
			for _, way := range []struct {
				name        string
				to          *object.Torrent
				hash        torrent.InfoHash
				reserved    peer.Reserved
				block       int64
				outstanding int
			}{
				{"v1 one at a time", to, to.InfoHash, allReserved, 16 * kib, 1},
				{"v1 without extensions", to, to.InfoHash, 0, 16 * kib, 10},
				{"v2 many", to, to.InfoHashV2.Truncate(), allReserved, 16 * kib, requestQueue},
				{"over reqq", to, to.InfoHash, allReserved, 16 * kib, 4 * requestQueue},
				{"large blocks", to, to.InfoHash, peer.ReservedFast, 128 * kib, 4},
				{"odd blocks", to, to.InfoHash, peer.ReservedFast, 9999, 300},
				{"v1 only", to.As(torrent.V1), to.As(torrent.V1).InfoHash, allReserved, 16 * kib, 10},
				{"v2 only", to.As(torrent.V2), to.As(torrent.V2).InfoHash, allReserved, 16 * kib, 10},
			} {
				t.Run(way.name, func(t *testing.T) {
					checkDownload(t, w, way.to, data, way.hash, way.reserved, way.block, way.outstanding)
				})
			}
		})
	}
}

// checkDownload downloads everything and holds what was recorded against what came.
func checkDownload(t *testing.T, w *world, to *object.Torrent, data []byte, h torrent.InfoHash, reserved peer.Reserved, block int64, outstanding int) {
	t.Helper()
	requests, payload := w.meter.sums()
	c := open(t, w, h, reserved)
	upgrade, answer := reserved.Has(peer.ReservedV2) && to.Kind == torrent.Hybrid && h == to.InfoHash, h
	if upgrade { // BEP 52
		answer = to.InfoHashV2.Truncate()
	}
	if c.theirs.InfoHash != answer || c.have != 1 {
		t.Errorf("answered for %v, want %v; %d announcements of pieces", c.theirs.InfoHash, answer, c.have)
	}
	if got := c.theirs.Reserved.Has(peer.ReservedV2); got != upgrade {
		t.Errorf("v2 bit in the answer is %v, want %v", got, upgrade)
	}
	if reserved.Has(peer.ReservedExtensions) {
		if i := c.info; i.Client != "Shoal/1.2.3" || i.Port != 6881 || i.RequestQueue != requestQueue ||
			i.MetadataSize != to.InfoSize || !i.YourIP.IsLoopback() || i.Extensions.Metadata == 0 || i.Extensions.PEX == 0 {
			t.Errorf("extended handshake %+v", i)
		}
	}
	c.download(to, data, block, outstanding)
	if c.got != to.Length {
		t.Errorf("%d payload bytes came, want %d", c.got, to.Length)
	}
	eventually(t, "the download is recorded", func() bool {
		r, p := w.meter.sums()
		return r == requests+to.NumPieces() && p == payload+c.got
	})
}

func TestEmptyObject(t *testing.T) {
	w := newWorld(t, worldOptions{})
	to := w.put(t, "empty", nil)
	for _, reserved := range []peer.Reserved{allReserved, peer.ReservedExtensions, 0} {
		c := open(t, w, to.InfoHash, reserved)
		c.send(peer.AppendRequest(nil, peer.Block{Length: 1}))
		c.drain()
	}
	w.closedFor(t, BadRequest)
	if r, p := w.meter.sums(); r != 0 || p != 0 {
		t.Errorf("recorded %d requests, %d bytes", r, p)
	}
}

// Every piece of which a block was sent is one request, however often it is asked for on the connection.
func TestRequestsOfAConnection(t *testing.T) {
	w := newWorld(t, worldOptions{})
	to := w.put(t, "object", random(1, 4*256*kib))
	c := open(t, w, to.InfoHash, allReserved)
	again := []peer.Block{
		{Piece: 2, Begin: 100, Length: 5},
		{Piece: 2, Begin: 100, Length: 5},
		{Piece: 0, Begin: 0, Length: 16 * kib},
		{Piece: 2, Begin: 16 * kib, Length: 16 * kib},
	}
	c.fetch(to, again, 1)
	open(t, w, to.InfoHash, allReserved).fetch(to, again[:1], 1)
	eventually(t, "both connections are recorded", func() bool {
		r, p := w.meter.sums()
		return r == 3 && p == 3*5+32*kib
	})
	if st := w.seeder.Stats(); st.Pieces != 3 || st.Blocks != 5 || st.SentBytes != 3*5+32*kib {
		t.Errorf("stats %+v", st)
	}
}

func TestRevocation(t *testing.T) {
	data := random(1, 8*mib)
	for _, c := range []struct {
		name   string
		revoke func(t *testing.T, w *world)
	}{
		{"made private", func(t *testing.T, w *world) {
			if err := w.store.SetACL(t.Context(), w.bucket, "object", object.VersionRef{}, acl(t, access.CannedPrivate), object.Requester{}); err != nil {
				t.Fatal(err)
			}
		}},
		{"deleted", func(t *testing.T, w *world) {
			if _, err := w.store.Delete(t.Context(), object.DeleteRequest{Bucket: w.bucket, Key: "object"}); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			// Without a limit, the busy one soon has had more than anyone needs, and is choked.
			w := newWorld(t, worldOptions{seeder: Options{Rates: Rates{Peer: 8 * mib}}})
			to := w.put(t, "object", data)
			idle, stuck := open(t, w, to.InfoHash, allReserved), open(t, w, to.InfoHash, allReserved)
			// One peer waits, one reads nothing of what it asked for, one downloads without end.
			var frames []byte
			for _, k := range blocks(to, 16*kib) {
				frames = peer.AppendRequest(frames, k)
			}
			stuck.send(frames)
			busy := open(t, w, to.InfoHash, allReserved)
			busy.fetch(to, blocks(to, 16*kib)[:32], 8)
			c.revoke(t, w)
			begin := time.Now()
			busy.requestForever(frames)
			idle.drain()
			eventually(t, "everyone is let go", func() bool { return w.seeder.Stats().Closed[Revoked] == 3 && w.seeder.Stats().Conns == 0 })
			if took := time.Since(begin); took > time.Second {
				t.Errorf("closed after %v, want within a second", took)
			}
			_, payload := w.meter.sums()
			if payload < busy.got {
				t.Errorf("recorded %d bytes, one peer alone got %d", payload, busy.got)
			}
			late := dial(t, w, to.InfoHash, allReserved)
			late.drain()
			w.closedFor(t, UnknownTorrent)
			if _, p := w.meter.sums(); p != payload {
				t.Errorf("%d bytes recorded after the end", p-payload)
			}
		})
	}
}

// requestForever keeps asking for everything until the connection ends.
func (c *client) requestForever(frames []byte) {
	var asking sync.WaitGroup
	asking.Go(func() {
		for {
			if _, err := c.nc.Write(frames); err != nil {
				return
			}
		}
	})
	c.drain()
	c.nc.Close()
	asking.Wait()
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name string
		o    worldOptions
		want Reason
	}{
		{"all", worldOptions{seeder: Options{MaxConns: 2}}, TooManyConns},
		{"one address", worldOptions{seeder: Options{MaxConnsPerIP: 2}}, TooManyFromIP},
		{"one swarm", worldOptions{swarm: swarm.Options{MaxMembers: 2}}, SwarmFull},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, c.o)
			to := w.put(t, "object", []byte("content"))
			from := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}
			first := openFrom(t, from, w, to.InfoHash, allReserved)
			openFrom(t, from, w, to.InfoHash, allReserved)
			refused, err := net.Dial("tcp", w.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer refused.Close()
			// The refusal may be there before the handshake is.
			_, _ = refused.Write(peer.AppendHandshake(nil, peer.Handshake{InfoHash: to.InfoHash}))
			w.closedFor(t, c.want)
			first.nc.Close()
			w.closedFor(t, PeerLeft)
			openFrom(t, from, w, to.InfoHash, allReserved).download(to, []byte("content"), 16*kib, 1)
		})
	}
}

func TestServeStops(t *testing.T) {
	w := newWorld(t, worldOptions{})
	to := w.put(t, "object", []byte("content"))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newSeeder(w.swarms, stored{w.store}, w.meter, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error)
	go func() { served <- s.Serve(ctx, l) }()
	c := open(t, &world{addr: l.Addr().String()}, to.InfoHash, allReserved)
	cancel()
	if err := <-served; err != nil {
		t.Errorf("Serve = %v", err)
	}
	c.drain()
	if got := s.Stats().Closed[Shutdown]; got != 1 {
		t.Errorf("%d connections closed for shutdown, want 1", got)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the listener still accepts")
	}
}

func TestServeReportsListener(t *testing.T) {
	w := newWorld(t, worldOptions{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := newSeeder(w.swarms, stored{w.store}, w.meter, Options{}).Serve(t.Context(), l); err == nil {
		t.Error("Serve of a closed listener returned nil")
	}
}

func TestVersionCode(t *testing.T) {
	for version, want := range map[string]string{"": "0001", "1.2.3": "1231", "v1.10.0": "v110", "dev-ü!": "dev1", "12345": "1234"} {
		if got := fmt.Sprintf("%s", versionCode(version)); got != want {
			t.Errorf("%q: got %s, want %s", version, got, want)
		}
	}
}
