package seeder

import (
	"io"
	"maps"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shoal/core/access"
	"shoal/core/object"
	"shoal/core/swarm"
	"shoal/wire/peer"
	"shoal/wire/torrent"
)

func TestLimiter(t *testing.T) {
	const rate = 1000
	var l limiter
	now := time.Unix(1000, 0)
	after := func(d time.Duration) time.Time { return now.Add(d) }
	for i, c := range []struct {
		bytes int64
		at    time.Duration // of the request
		want  time.Duration // when it may go, at most
	}{
		{100, 0, -100 * time.Millisecond}, // the burst
		{500, 0, 0},
		{500, 0, 500 * time.Millisecond},
		{100, 700 * time.Millisecond, time.Second},
		{100, time.Minute, time.Minute - 100*time.Millisecond}, // no more is saved up than the burst
	} {
		if got := l.reserve(c.bytes, rate, after(c.at)); !got.Equal(after(c.want)) {
			t.Errorf("%d: may go at %v, want %v", i, got.Sub(now), c.want)
		}
	}
	free := l.free
	l.refund(50)
	if got := free.Sub(l.free); got != 50*time.Millisecond {
		t.Errorf("a refund of 50 bytes gives back %v", got)
	}
	var none limiter
	if at := none.reserve(1<<40, 0, now); !at.IsZero() {
		t.Errorf("without a limit: %v", at)
	}
}

// pipes is a seeder of one torrent in memory, whose peers are pipes: time can be faked.
type pipes struct {
	s   *Seeder
	one oneTorrent
}

func newPipes(t *testing.T, data []byte, policy swarm.Policy, o Options) *pipes {
	p := &pipes{one: oneTorrent{data: data, t: &object.Torrent{
		Bucket:  &object.Bucket{Name: "public", Owner: string(testOwner.ID)},
		Version: &object.Version{Key: "object", Owner: testOwner, ACL: acl(t, access.CannedPublicRead)},
		Length:  int64(len(data)), PieceLength: 256 * kib, InfoHash: torrent.InfoHash{1}, InfoHashV2: torrent.InfoHashV2{2},
	}}}
	p.s = newSeeder(swarm.New(p.one, swarm.Options{Policy: policy}), p.one, new(ledger), o)
	return p
}

// dial connects a peer.
func (p *pipes) dial(t *testing.T) *client { return p.dialFor(t, p.one.t.InfoHash) }

func (p *pipes) dialFor(t *testing.T, h torrent.InfoHash) *client {
	near, far := net.Pipe()
	p.s.conns.Go(func() { p.s.admit(t.Context(), near) })
	c := &client{t: t, nc: far, in: peer.NewReader(far, nil, peer.ReaderOptions{MaxBlock: peer.MaxRequest})}
	c.send(peer.AppendHandshake(nil, peer.Handshake{Reserved: allReserved, InfoHash: h}))
	c.handshake()
	c.send(peer.AppendInterested(nil))
	c.until(peer.MsgUnchoke)
	return c
}

// ask requests every block at once, while the answers are read.
func (c *client) ask(t *object.Torrent) {
	var frames []byte
	for _, k := range blocks(t, peer.BlockSize) {
		frames = peer.AppendRequest(frames, k)
	}
	go c.nc.Write(frames) // fails when the connection ends, as some are to
}

// Every limit is kept to, and used up; those who share one get as much as each other.
func TestRates(t *testing.T) {
	const size, rate = 2 * mib, 256 * kib
	for _, c := range []struct {
		name   string
		rates  Rates
		peers  int
		shared bool
	}{
		{"none", Rates{}, 2, false},
		{"peer", Rates{Peer: rate}, 2, false},
		{"swarm", Rates{Swarm: rate}, 2, true},
		{"bucket", Rates{Bucket: rate}, 2, true},
		{"server", Rates{Server: rate}, 3, true},
		{"the tightest", Rates{Peer: 8 * rate, Swarm: 4 * rate, Bucket: 2 * rate, Server: rate}, 1, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPipes(t, random(1, size), swarm.Speed, Options{Rates: c.rates})
				begin := time.Now()
				took := make([]time.Duration, c.peers)
				var all sync.WaitGroup
				for i := range c.peers {
					peer := p.dial(t)
					all.Go(func() {
						peer.ask(p.one.t)
						for peer.got < size {
							peer.next()
						}
						took[i] = time.Since(begin)
						peer.nc.Close()
					})
				}
				all.Wait()
				p.s.conns.Wait()
				want := 8 * time.Second
				if c.shared {
					want *= time.Duration(c.peers)
				}
				if c.rates == (Rates{}) {
					want = 0
				}
				for i, got := range took {
					if got < want*9/10 || got > want {
						t.Errorf("peer %d had all after %v, want %v", i, got, want)
					}
				}
				if n := len(p.s.seeds.buckets.byName); n != 0 {
					t.Errorf("%d limits of buckets are left", n)
				}
			})
		})
	}
}

// Peers give way while S3 is busy, for a bounded time.
func TestPeersGiveWay(t *testing.T) {
	const size = 2 * mib
	for _, busy := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := newPipes(t, random(1, size), swarm.Speed, Options{Busy: func() bool { return busy }})
			c := p.dial(t)
			begin := time.Now()
			c.ask(p.one.t)
			for c.got < size {
				c.next()
			}
			took := time.Since(begin)
			c.nc.Close()
			p.s.conns.Wait()
			least, most := time.Duration(0), time.Duration(0)
			if busy {
				least = size / time.Duration(classBytes[numClasses-1]) * maxYields * yieldPause
				most = size / time.Duration(classBytes[0]) * maxYields * yieldPause
			}
			if took < least || took > most {
				t.Errorf("busy %v: all came after %v, want %v to %v", busy, took, least, most)
			}
		})
	}
}

// A peer whose blocks wait for their turn is let go at once, and gets nothing more.
func TestRevokedWhileItWaits(t *testing.T) {
	for name, o := range map[string]Options{
		"rate": {Rates: Rates{Server: 1 << 10}}, "S3 first": {Busy: func() bool { return true }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPipes(t, random(1, mib), swarm.Speed, o)
				c := p.dial(t)
				c.ask(p.one.t)
				var reading sync.WaitGroup
				reading.Go(c.drain)
				synctest.Wait()
				before, begin := p.s.Stats(), time.Now()
				for _, waits := range slices.Collect(maps.Keys(p.s.doors.conns)) {
					waits.Close(nil)
				}
				p.s.conns.Wait()
				reading.Wait()
				after := p.s.Stats()
				if took := time.Since(begin); took != 0 || after.Closed[Revoked] != 1 || after.SentBytes != before.SentBytes {
					t.Errorf("closed after %v for %v, sent %d bytes more", took, after.Closed, after.SentBytes-before.SentBytes)
				}
			})
		})
	}
}

// A peer that takes less than leastRate is let go, a slow one is kept.
func TestSlowReaders(t *testing.T) {
	for _, c := range []struct {
		name string
		rate int // bytes a second
		kept bool
	}{
		{"stopped", 0, false}, {"half", leastRate / 2, false}, {"twice", 2 * leastRate, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPipes(t, random(1, mib), swarm.Speed, Options{})
				peer := p.dial(t)
				peer.ask(p.one.t)
				begin := time.Now()
				var err error
				for err == nil && time.Since(begin) < 100*time.Second {
					<-time.After(time.Second)
					_, err = io.CopyN(io.Discard, peer.nc, int64(c.rate))
				}
				synctest.Wait()
				stalls := p.s.Stats().Closed[WriteStall]
				peer.nc.Close()
				p.s.conns.Wait()
				if c.kept != (stalls == 0) {
					t.Errorf("closed for %d stalls, want it kept: %v", stalls, c.kept)
				}
			})
		})
	}
}

// A peer that wants nothing is let go when it has had the time to say that it is interested.
func TestUploadOnly(t *testing.T) {
	for _, interested := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := newPipes(t, random(1, mib), swarm.Speed, Options{})
			c := p.dial(t)
			c.send(peer.AppendExtendedHandshake(nil, peer.ExtendedHandshake{UploadOnly: true}))
			if !interested {
				c.send(peer.AppendNotInterested(nil))
			}
			synctest.Wait()
			if got := p.s.Stats().Conns; got != 1 {
				t.Errorf("closed at once: %v", p.s.Stats().Closed)
			}
			time.Sleep(2 * tick)
			synctest.Wait()
			if gone := p.s.Stats().Closed[PeerComplete] == 1; gone == interested {
				t.Errorf("interested %v: closed %v", interested, p.s.Stats().Closed)
			}
			c.nc.Close()
			p.s.conns.Wait()
		})
	}
}

// A large buffer is had only within the bound of them all, also for one block that needs it.
func TestBuffersAreBounded(t *testing.T) {
	var p bufferPool
	p.large.Store(maxLargeBytes - int64(classBytes[1]))
	for _, c := range []struct {
		want, least int
		class       int // -1 is none
	}{
		{1, 1, 0},
		{classBytes[2], peer.BlockSize, 1},
		{classBytes[2], peer.BlockSize, 0},
		{peer.MaxRequest, peer.MaxRequest, -1},
		{classBytes[0], classBytes[0], 0},
	} {
		got := -1
		if f := p.get(c.want, c.least); f != nil {
			got = f.class
		}
		if got != c.class {
			t.Errorf("%+v: got class %d", c, got)
		}
		if got := p.large.Load(); got > maxLargeBytes {
			t.Errorf("%+v: %d bytes are out", c, got)
		}
	}
}
