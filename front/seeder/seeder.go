package seeder

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"shoal/core/meter"
	"shoal/core/object"
	"shoal/core/savings"
	"shoal/core/swarm"
	"shoal/wire/peer"
)

// Defaults of Options.
const (
	defaultMaxConns         = 20_000
	defaultMaxConnsPerIP    = 64 // a NAT full of clients fits, one machine cannot take the node
	defaultHandshakeTimeout = 5 * time.Second
	defaultIdleTimeout      = 5 * time.Minute // peers send a keep-alive every two
	defaultWriteStall       = 30 * time.Second
)

// defaultVersion is 0.0.0.1 in a peer id.
const defaultVersion = "0001"

// Rates are the most payload that is sent, in bytes a second; 0 is no limit.
type Rates struct {
	Peer   int64 // to one connection
	Swarm  int64 // of one torrent
	Bucket int64 // of one bucket's torrents, if it has no rate of its own (object.Seeding)
	Server int64 // in all
}

// Options are the optional parts of a Seeder; the zero value works.
type Options struct {
	MaxConns         int           // connections held; 0 is 20,000
	MaxConnsPerIP    int           // of one IPv4 address or IPv6 /64; 0 is 64
	HandshakeTimeout time.Duration // from accept to the whole handshake; 0 is 5 s
	IdleTimeout      time.Duration // without a message from the peer or a block to it; 0 is 5 min
	WriteStall       time.Duration // over which a peer takes at least 4 KiB/s of what is sent; 0 is 30 s
	Rates            Rates         // bytes a second of payload
	// Count is told what was metered, for which torrent and when; nil tells nobody. It does not block.
	Count      func(*object.Torrent, time.Time, savings.Counts)
	Busy       func() bool      // more important requests are being served: peers wait a little; nil is never
	Encryption Encryption       // which openings are taken; "" is EncryptionAccept
	ListenPort uint16           // told to peers (BEP 10 p); 0 is not told
	Version    string           // in the client name; the first four letters or digits also in the peer id
	Now        func() time.Time // when usage is recorded; nil is time.Now
	Logger     *slog.Logger     // nil discards
}

func (o Options) withDefaults() Options {
	if o.MaxConns <= 0 {
		o.MaxConns = defaultMaxConns
	}
	if o.MaxConnsPerIP <= 0 {
		o.MaxConnsPerIP = defaultMaxConnsPerIP
	}
	if o.HandshakeTimeout <= 0 {
		o.HandshakeTimeout = defaultHandshakeTimeout
	}
	if o.IdleTimeout <= 0 {
		o.IdleTimeout = defaultIdleTimeout
	}
	if o.WriteStall <= 0 {
		o.WriteStall = defaultWriteStall
	}
	if o.Count == nil {
		o.Count = func(*object.Torrent, time.Time, savings.Counts) {}
	}
	if o.Busy == nil {
		o.Busy = func() bool { return false }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Seeder serves the torrents of a swarm.Registry. Make it with New.
type Seeder struct {
	swarms *swarm.Registry
	meter  meter.Recorder
	o      Options
	id     peer.PeerID
	client string // our name in the extended handshake

	limit     limiter // of everything
	seeds     seeds
	buffers   bufferPool
	hashing   chan struct{} // tokens of those who read leaves
	doors     doors
	exchanges exchanges
	counts    counters
	logLines  sync.Pool // of *[]byte, for the access log
	conns     sync.WaitGroup
}

// New returns a Seeder that reads the content of objects and records what it sends in recorder.
func New(swarms *swarm.Registry, objects *object.Store, recorder meter.Recorder, o Options) *Seeder {
	return newSeeder(swarms, stored{objects}, recorder, o)
}

func newSeeder(swarms *swarm.Registry, c content, recorder meter.Recorder, o Options) *Seeder {
	s := &Seeder{swarms: swarms, meter: recorder, o: o.withDefaults(), client: "Shoal"}
	if o.Version != "" {
		s.client += "/" + o.Version
	}
	s.id = peer.NewPeerID(versionCode(o.Version))
	s.seeds.content, s.seeds.byID = c, make(map[seedID]*seed)
	s.seeds.buckets.byName = make(map[string]*bucketLimit)
	s.hashing = make(chan struct{}, maxHashing)
	s.doors.init(s.o.MaxConns, s.o.MaxConnsPerIP)
	return s
}

// versionCode is the part of a version that a peer id carries: its first four letters and digits.
func versionCode(version string) (code [4]byte) {
	copy(code[:], defaultVersion)
	n := 0
	for i := 0; i < len(version) && n < len(code); i++ {
		if c := version[i]; c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			code[n] = c
			n++
		}
	}
	return code
}

// Serve accepts peers on all listeners until ctx is done or one of them fails; then it closes them and every
// connection and waits for them. It returns nil when ctx ended it.
func (s *Seeder) Serve(ctx context.Context, listeners ...net.Listener) error {
	g, ctx := errgroup.WithContext(ctx)
	stop := context.AfterFunc(ctx, func() {
		for _, l := range listeners {
			l.Close() // only to end Accept
		}
		s.doors.closeAll()
	})
	for _, l := range listeners {
		g.Go(func() error { return s.accept(ctx, l) })
	}
	err := g.Wait()
	stop()
	s.doors.closeAll()
	s.conns.Wait()
	return err
}
