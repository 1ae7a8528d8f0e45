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

// Tracker is the HTTP and WebSocket handler and the UDP server.
type Tracker struct {
	swarms *swarm.Registry
	o      Options
	ids    *tracker.ConnectionIDs
	public atomic.Pointer[[]netip.Addr] // of Options.PublicHost
	pool   sync.Pool                    // *exchange, for HTTP

	proven, connects *limiter
	counts           counts
	sockets          sockets

	warnUnreachable sync.Once
}

// Options of New; PeerPort must be set for the seeder to be named.
type Options struct {
	PeerPort   uint16 // of the seeder; 0 names no seeder
	PublicHost string // address or name by which clients reach this host; default: the address they came to
	Logger     *slog.Logger
	Now        func() time.Time // default time.Now

	// Rate is the requests per second that are answered to one prefix of addresses (IPv4 /24, IPv6 /56); connect
	// requests of UDP count apart. 0 limits nothing.
	Rate int

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
	now := o.Now()
	t := &Tracker{swarms: reg, o: o, ids: tracker.NewConnectionIDs(), proven: newLimiter(o.Rate, now), connects: newLimiter(o.Rate, now)}
	t.pool.New = func() any { return new(exchange) }
	var public []netip.Addr
	if addr, err := netip.ParseAddr(o.PublicHost); err == nil {
		public = append(public, addr.Unmap())
	}
	t.public.Store(&public)
	return t
}

// Place is where a tracker is reached.
type Place struct {
	Host      string
	HTTP, UDP uint16 // ports
	TLS       bool   // HTTP and WebSocket speak it
}

// URLs returns the announce URLs of the tracker at p, in the order of a .torrent's single tier.
func (p Place) URLs() []string {
	return []string{p.url(p.secure("http"), p.HTTP), p.url("udp", p.UDP)}
}

// PrivateURLs are URLs with the token of a private torrent.
func (p Place) PrivateURLs(token string) []string {
	urls := p.URLs()
	for i := range urls {
		urls[i] += "/" + token
	}
	return urls
}

// WebSocketURL returns the announce URL of the WebSocket tracker, for WebTorrent peers. Clients that do not know ws
// warn of it.
func (p Place) WebSocketURL() string { return p.url(p.secure("ws"), p.HTTP) }

// secure returns https for http, and wss for ws, with TLS.
func (p Place) secure(scheme string) string {
	if p.TLS {
		return scheme + "s"
	}
	return scheme
}

func (p Place) url(scheme string, port uint16) string {
	return scheme + "://" + net.JoinHostPort(p.Host, strconv.Itoa(int(port))) + announcePath
}
