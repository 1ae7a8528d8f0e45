package tracker

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"shoal/core/swarm"
	"shoal/wire/tracker"
)

// Tracker is the HTTP handler and the UDP server.
type Tracker struct {
	swarms *swarm.Registry
	o      Options
	ids    *tracker.ConnectionIDs
	public atomic.Pointer[[]netip.Addr] // of Options.PublicHost
	pool   sync.Pool                    // *exchange, for HTTP

	warnUnreachable sync.Once
}

// Options of New; PeerPort must be set for the seeder to be named.
type Options struct {
	PeerPort   uint16 // of the seeder; 0 names no seeder
	PublicHost string // address or name by which clients reach this host; default: the address they came to
	Logger     *slog.Logger
	Now        func() time.Time // default time.Now
	UDPWorkers int              // goroutines that read the UDP socket; default one for each CPU, at least 2

	// Lookup resolves PublicHost; default the system's resolver.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
}

// New returns a Tracker over the swarms of reg.
func New(reg *swarm.Registry, o Options) *Tracker {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Lookup == nil {
		o.Lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	t := &Tracker{swarms: reg, o: o, ids: tracker.NewConnectionIDs()}
	t.pool.New = func() any { return new(exchange) }
	var public []netip.Addr
	if addr, err := netip.ParseAddr(o.PublicHost); err == nil {
		public = append(public, addr.Unmap())
	}
	t.public.Store(&public)
	return t
}

// URLs returns the announce URLs of a tracker on host, in the order of a .torrent's single tier.
func URLs(host string, httpPort, udpPort uint16) []string {
	at := func(port uint16) string { return net.JoinHostPort(host, strconv.Itoa(int(port))) }
	return []string{
		"http://" + at(httpPort) + announcePath,
		"udp://" + at(udpPort) + announcePath,
	}
}
