package seeder

import (
	"net/netip"
	"sync"
)

// ipv6Site is the bits of an IPv6 address that one subscriber has to itself at most.
const ipv6Site = 64

// doors counts who is in and lets nobody in beyond the limits.
type doors struct {
	max, maxPerIP int

	mu     sync.Mutex
	conns  map[*conn]struct{} // guarded by mu
	byIP   map[netip.Addr]int // guarded by mu
	closed bool               // guarded by mu
}

func (d *doors) init(maxConns, maxPerIP int) {
	d.max, d.maxPerIP = maxConns, maxPerIP
	d.conns, d.byIP = make(map[*conn]struct{}), make(map[netip.Addr]int)
}

// site returns the address that a limit counts by: of IPv6 the /64.
func site(addr netip.Addr) netip.Addr {
	if addr.Is6() {
		if p, err := addr.WithZone("").Prefix(ipv6Site); err == nil {
			return p.Addr()
		}
	}
	return addr
}

// enter lets c in, or says why not.
func (d *doors) enter(c *conn) error {
	ip := site(c.remote.Addr())
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.closed:
		return closing(Shutdown, nil)
	case len(d.conns) >= d.max:
		return closing(TooManyConns, nil)
	case d.byIP[ip] >= d.maxPerIP:
		return closing(TooManyFromIP, nil)
	}
	d.conns[c] = struct{}{}
	d.byIP[ip]++
	return nil
}

// leave undoes an enter that let c in.
func (d *doors) leave(c *conn) {
	ip := site(c.remote.Addr())
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.conns, c)
	if d.byIP[ip]--; d.byIP[ip] == 0 {
		delete(d.byIP, ip)
	}
}

// inside returns how many are in.
func (d *doors) inside() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.conns)
}

// closeAll ends everyone inside and lets nobody in any more.
func (d *doors) closeAll() {
	d.mu.Lock()
	d.closed = true
	all := make([]*conn, 0, len(d.conns))
	for c := range d.conns {
		all = append(all, c)
	}
	d.mu.Unlock()
	for _, c := range all {
		c.end(closing(Shutdown, nil))
	}
}
