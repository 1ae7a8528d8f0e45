package dht

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"shoal/core/swarm"
	"shoal/wire/krpc"
)

const (
	// pollEvery is how often the schedule is asked: it lets through at most ten lookups a second.
	pollEvery = 50 * time.Millisecond
	// maxLookups under way at the same time; one takes some seconds.
	maxLookups = 64
)

// Schedule says what is to be announced; swarm.DHT is the one in the binary.
type Schedule interface {
	// Next returns the lookup that is to begin now; false when there is none. Family is the index of a socket of Run.
	Next(ctx context.Context) (swarm.DHTLookup, bool)
	// MayAnnounce reports whether the torrent is still open to everybody.
	MayAnnounce(ctx context.Context, l swarm.DHTLookup) bool
}

var _ Schedule = (*swarm.DHT)(nil)

// Options of New.
type Options struct {
	PeerPort  uint16       // where the seeder accepts peers, as the outside sees it
	Bootstrap []string     // HOST:PORT of nodes to begin with
	Logger    *slog.Logger // default: discard
}

// Announcer tells the DHT of torrents.
type Announcer struct {
	schedule  Schedule
	port      uint16
	bootstrap bootstrap
	log       *slog.Logger

	lookups, announces, fruitless atomic.Int64

	mu    sync.Mutex // guards nodes
	nodes []*node
}

// Stats are counts since the start, and Nodes of the moment.
type Stats struct {
	Lookups   int64 // ended
	Fruitless int64 // of which no node took an announce
	Announces int64 // nodes that took one
	Nodes     int   // known
}

// New returns an Announcer that does nothing until Run.
func New(s Schedule, o Options) *Announcer {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Announcer{schedule: s, port: o.PeerPort, log: o.Logger, bootstrap: bootstrap{hosts: o.Bootstrap, log: o.Logger}}
}

// Stats returns the counts.
func (a *Announcer) Stats() Stats {
	s := Stats{Lookups: a.lookups.Load(), Fruitless: a.fruitless.Load(), Announces: a.announces.Load()}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, n := range a.nodes {
		s.Nodes += n.size()
	}
	return s
}

// Run announces over conns, one of each address family, until ctx is done, and closes them. Without any it does
// nothing. It fails when one can be read no more.
func (a *Announcer) Run(ctx context.Context, conns ...*net.UDPConn) error {
	if len(conns) == 0 {
		<-ctx.Done()
		return nil
	}
	nodes := make([]*node, len(conns))
	for i, conn := range conns {
		nodes[i] = newNode(conn)
	}
	if len(nodes) == 2 {
		nodes[0].other, nodes[1].other = nodes[1], nodes[0]
	}
	a.mu.Lock()
	a.nodes = nodes
	a.mu.Unlock()
	g, ctx := errgroup.WithContext(ctx)
	for _, n := range nodes {
		g.Go(func() error { return n.read(ctx) })
	}
	g.Go(func() error {
		a.announceAll(ctx, nodes)
		return nil
	})
	return g.Wait()
}

// announceAll begins the lookups that the schedule names until ctx is done, and waits for them.
func (a *Announcer) announceAll(ctx context.Context, nodes []*node) {
	var lookups errgroup.Group
	lookups.SetLimit(maxLookups)
	defer func() { _ = lookups.Wait() }() // the functions return no error
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if l, ok := a.schedule.Next(ctx); ok {
			lookups.Go(func() error {
				a.announce(ctx, nodes[l.Family], l)
				return nil
			})
		}
	}
}

// announce looks for the nodes closest to an infohash, and tells them that its peer is on our port.
func (a *Announcer) announce(ctx context.Context, n *node, l swarm.DHTLookup) {
	target := krpc.ID(l.InfoHash)
	found := n.search(ctx, target, a.routersFor(ctx, n)).stores()
	// The lookup took seconds; what was made private meanwhile is not announced.
	if ctx.Err() != nil || !a.schedule.MayAnnounce(ctx, l) {
		return
	}
	var took atomic.Int64
	var g errgroup.Group
	for _, c := range found {
		g.Go(func() error {
			r, err := n.query(ctx, c.Addr, krpc.Query{Method: krpc.AnnouncePeer, Target: target, Token: c.token, Port: a.port})
			if err == nil && !r.Refused {
				took.Add(1)
			}
			return nil
		})
	}
	_ = g.Wait() // the functions return no error
	if ctx.Err() != nil {
		return
	}
	a.lookups.Add(1)
	a.announces.Add(took.Load())
	if took.Load() == 0 {
		a.fruitless.Add(1)
	}
	a.log.LogAttrs(ctx, slog.LevelDebug, "announced to the DHT", slog.String("infohash", l.InfoHash.String()),
		slog.Bool("ipv4", n.isIPv4()), slog.Int64("nodes", took.Load()))
}

// routersFor returns the bootstrap nodes for a node that knows too few others.
func (a *Announcer) routersFor(ctx context.Context, n *node) (routers []netip.AddrPort) {
	if !n.thin() {
		return nil
	}
	return a.bootstrap.routers(ctx, n.isIPv4())
}
