package seeder

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"time"

	"shoal/core/meter"
	"shoal/core/object"
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

// Options are the optional parts of a Seeder; the zero value works.
type Options struct {
	MaxConns         int           // connections held; 0 is 20,000; never over half of the process's descriptors
	MaxConnsPerIP    int           // of one IPv4 address or IPv6 /64; 0 is 64
	HandshakeTimeout time.Duration // from accept to the whole handshake; 0 is 5 s
	IdleTimeout      time.Duration // without a message from the peer or a block to it; 0 is 5 min
	WriteStall       time.Duration // in which a peer takes at least one block of what is sent; 0 is 30 s
	ListenPort       uint16        // told to peers (BEP 10 p); 0 is not told
	Version          string        // in the client name; the first four letters or digits also in the peer id
	Logger           *slog.Logger  // nil discards
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

	seeds   seeds
	buffers bufferPool
	hashing chan struct{} // tokens of those who read leaves
	doors   doors
	counts  counters
	conns   sync.WaitGroup
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
	s.hashing = make(chan struct{}, maxHashing)
	s.doors.init(s.maxConns(descriptors()), s.o.MaxConnsPerIP)
	return s
}

// maxConns returns Options.MaxConns, or half of the descriptors if that is less: peers cost nothing to send,
// and the store and the other fronts must be able to open files and to accept, however many come.
func (s *Seeder) maxConns(descriptors int) int {
	most := max(descriptors/2, 1)
	if descriptors == 0 || s.o.MaxConns <= most {
		return s.o.MaxConns
	}
	s.o.Logger.Info("fewer peer connections than asked for: the process may not open more files",
		"asked", s.o.MaxConns, "connections", most, "descriptors", descriptors)
	return most
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

// Serve accepts peers until ctx is done or l fails; then it closes l and every connection and waits for
// them. It returns nil when ctx ended it.
func (s *Seeder) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(ctx, func() {
		l.Close() // only to end Accept
		s.doors.closeAll()
	})
	err := s.accept(ctx, l)
	cancel()
	stop()
	s.doors.closeAll()
	s.conns.Wait()
	return err
}
