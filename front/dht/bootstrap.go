package dht

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"time"
)

const (
	// resolveEvery bounds how often names of bootstrap nodes are resolved, resolveTimeout how long that takes.
	resolveEvery   = 5 * time.Minute
	resolveTimeout = 10 * time.Second
	// maxRouters of both families are kept.
	maxRouters = 32
)

// bootstrap holds the nodes from which a node that knows none begins.
type bootstrap struct {
	hosts []string // HOST:PORT
	log   *slog.Logger

	mu       sync.Mutex // guards all below; held while names are resolved, because all who come then need them
	resolved time.Time
	addrs    []netip.AddrPort
}

// routers returns the addresses of one family.
func (b *bootstrap) routers(ctx context.Context, ipv4 bool) (list []netip.AddrPort) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now := time.Now(); b.resolved.IsZero() || now.Sub(b.resolved) >= resolveEvery {
		b.resolved = now
		b.resolve(ctx)
	}
	for _, a := range b.addrs {
		if a.Addr().Is4() == ipv4 {
			list = append(list, a)
		}
	}
	return list
}

// resolve looks the hosts up; while none can be, the addresses of before stay. b.mu is held.
func (b *bootstrap) resolve(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	var found []netip.AddrPort
	for _, hostPort := range b.hosts {
		host, portText, _ := net.SplitHostPort(hostPort)
		port, _ := strconv.ParseUint(portText, 10, 16)
		addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		if err != nil {
			b.log.Debug("DHT bootstrap node", "host", host, "error", err)
		}
		for _, a := range addrs {
			found = append(found, netip.AddrPortFrom(a.Unmap(), uint16(port)))
		}
	}
	if len(found) == 0 {
		b.log.Warn("no DHT bootstrap node has an address")
		return
	}
	b.addrs = found[:min(len(found), maxRouters)]
}
