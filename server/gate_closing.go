package server

import (
	"net"
	"net/netip"
	"sync"
)

// closing is a gate that needs no one to tell it: a connection gives its place back when it is closed. It is for a
// listener whose connections are not all of one http.Server until they end, and need no sendfile. Of one site it accepts
// a bounded number at a time, and closes others at once: they would wait for a place in vain, and hold up everybody.
type closing struct {
	*gate
	perSite int // 0 is no limit

	mu    sync.Mutex
	sites map[netip.Addr]int // connections; guarded by mu
}

// siteShare: where the process may open few files, one site has a quarter of the places at most.
const siteShare = 4

// newClosing returns g as a closing gate.
func newClosing(g *gate, perSite int) *closing {
	return &closing{gate: g, perSite: min(perSite, max(1, cap(g.places)/siteShare)), sites: make(map[netip.Addr]int)}
}

// Accept implements net.Listener.
func (g *closing) Accept() (net.Conn, error) {
	for {
		c, err := g.gate.Accept()
		if err != nil {
			return nil, err
		}
		site := siteOf(c.RemoteAddr())
		if !g.enter(site) {
			_ = c.Close() // nothing was said on it
			<-g.places
			continue
		}
		return &placed{Conn: c, leave: sync.OnceFunc(func() { g.leave(site); <-g.places })}, nil
	}
}

// enter counts a connection of a site, unless there are too many.
func (g *closing) enter(site netip.Addr) bool {
	if g.perSite == 0 || site.IsLoopback() {
		return true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.sites[site] >= g.perSite {
		return false
	}
	g.sites[site]++
	return true
}

// leave undoes an enter that counted.
func (g *closing) leave(site netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.sites[site]--; g.sites[site] <= 0 {
		delete(g.sites, site)
	}
}

// ipv6Site is the bits of an IPv6 address that one subscriber has to itself at most.
const ipv6Site = 64

// siteOf returns what stands for all of a client's addresses: an IPv4 address, or the /64 of an IPv6 one.
func siteOf(a net.Addr) netip.Addr {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	ip := tcp.AddrPort().Addr().Unmap().WithZone("")
	if p, err := ip.Prefix(ipv6Site); ip.Is6() && !ip.IsLoopback() && err == nil {
		return p.Addr()
	}
	return ip
}

// placed is a connection of a closing gate.
type placed struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (c *placed) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
