package tracker

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"time"

	"shoal/core/swarm"
)

const (
	// publicHostEvery is how often the name of this host is resolved again.
	publicHostEvery   = 5 * time.Minute
	publicHostTimeout = 10 * time.Second
	// maxPublic bounds the addresses that a name may stand for: each takes the place of a peer.
	maxPublic = 4
)

// appendOrigins appends where the caller reaches our seeder: under the public host, and under the address
// it has reached us by just now, as far as these mean anything to it.
func (t *Tracker) appendOrigins(dst []netip.AddrPort, c caller) []netip.AddrPort {
	if t.o.PeerPort == 0 {
		return dst
	}
	dst = originsFor(dst, c, *t.public.Load(), t.o.PeerPort)
	if len(dst) == 0 {
		t.warnUnreachable.Do(func() {
			t.o.Logger.Warn("peers cannot be told where the seeder is: set public-host to a name or address that they reach",
				"local", c.local, "peer", c.addr.Addr())
		})
	}
	return dst
}

// originsFor is the decision of appendOrigins.
func originsFor(dst []netip.AddrPort, c caller, public []netip.Addr, port uint16) []netip.AddrPort {
	add := func(a netip.Addr) bool {
		at := netip.AddrPortFrom(a, port)
		ok := a.IsValid() && swarm.Nameable(a, c.addr.Addr())
		if ok && !slices.Contains(dst, at) {
			dst = append(dst, at)
		}
		return ok
	}
	if c.local.IsLoopback() { // nothing is nearer
		add(c.local)
	}
	for _, a := range public {
		add(a)
	}
	// Behind a port mapping the local address is one that the client has never seen; what it calls us by is
	// better. It can only misdirect itself.
	if !add(c.host) {
		add(c.local)
	}
	return dst
}

// keepPublicHost resolves the public host now and then until ctx is done.
func (t *Tracker) keepPublicHost(ctx context.Context) {
	if t.o.PublicHost == "" || net.ParseIP(t.o.PublicHost) != nil {
		return
	}
	tick := time.NewTicker(publicHostEvery)
	defer tick.Stop()
	for {
		t.lookupPublicHost(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// lookupPublicHost keeps the last answer when there is no new one.
func (t *Tracker) lookupPublicHost(ctx context.Context) {
	look, cancel := context.WithTimeout(ctx, publicHostTimeout)
	defer cancel()
	addrs, err := t.o.Lookup(look, t.o.PublicHost)
	if err != nil {
		if ctx.Err() == nil {
			t.o.Logger.LogAttrs(ctx, slog.LevelWarn, "resolve public host", slog.Any("error", err))
		}
		return
	}
	public := make([]netip.Addr, 0, maxPublic)
	for _, a := range addrs[:min(len(addrs), maxPublic)] {
		public = append(public, a.Unmap())
	}
	t.public.Store(&public)
}
