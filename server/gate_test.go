package server

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"testing"
)

// TestHalfTheDescriptors: peers leave the store and the other fronts files and sockets to open.
func TestHalfTheDescriptors(t *testing.T) {
	for _, c := range []struct{ asked, descriptors, want int }{
		{20_000, 1 << 20, 20_000},
		{20_000, 20_000, 10_000},
		{100, 200, 100},
		{100, 199, 99},
		{100, 1, 1},
	} {
		if got := peerConns(c.asked, c.descriptors); got != c.want {
			t.Errorf("%d asked for, %d descriptors: got %d, want %d", c.asked, c.descriptors, got, c.want)
		}
	}
}

// TestGateBoundsConnections holds that one front cannot take every descriptor: a connection over its share is
// served only when another has gone. Connections stay TCP connections, which the kernel can send files to.
func TestGateBoundsConnections(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := newGate(l, descriptors()) // one connection
	served := make(chan net.Conn, 2)
	srv := &http.Server{ConnState: func(c net.Conn, s http.ConnState) {
		if s == http.StateNew {
			served <- c
		}
		g.connState(c, s)
	}}
	stopped := make(chan error)
	go func() { stopped <- srv.Serve(g) }()
	var clients []net.Conn
	for range 2 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		clients = append(clients, c)
	}
	if _, ok := (<-served).(io.ReaderFrom); !ok {
		t.Error("the connection has no ReadFrom: sendfile is lost")
	}
	if len(served) != 0 {
		t.Fatal("a second connection is served beside the first")
	}
	clients[0].Close()
	<-served
	if err := srv.Close(); err != nil {
		t.Error(err)
	}
	if err := <-stopped; err != http.ErrServerClosed {
		t.Errorf("Serve = %v", err)
	}
}

// TestClosingGate holds that a connection gives its place back once, when it is closed.
func TestClosingGate(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	g := newClosing(newGate(l, max(1, descriptors())), 0) // one connection
	for range 3 {
		client, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		conn, err := g.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if len(g.places) != 1 {
			t.Errorf("%d places taken by an open connection, want 1", len(g.places))
		}
		for range 2 {
			_ = conn.Close() // the second time it is closed already
		}
		if len(g.places) != 0 {
			t.Errorf("%d places taken by a closed connection, want 0", len(g.places))
		}
	}
}

// TestClosingGatePerSite: one site has so many connections at a time, and what it opens beyond that is closed and keeps
// nobody else out. Who is on this machine may be a proxy for everybody.
func TestClosingGatePerSite(t *testing.T) {
	for _, tt := range []struct {
		from    string
		perSite int
		open    int // of four, where there are 12 places
	}{
		{"203.0.113.1", 4, 3},
		{"203.0.113.1", 2, 2},
		{"203.0.113.1", 0, 4},
		{"127.0.0.1", 2, 4},
		{"2001:db8::1", 2, 2},
		{"::ffff:203.0.113.1", 2, 2},
	} {
		addr := netip.MustParseAddr(tt.from)
		l := &pretended{}
		for i := range 4 {
			if addr.Is6() && !addr.Is4In6() { // of the same site
				addr = addr.Next()
			}
			l.come = append(l.come, netip.AddrPortFrom(addr, uint16(1000+i)))
		}
		other := netip.MustParseAddrPort("198.51.100.7:1")
		l.come = append(l.come, other)
		g := newClosing(newGate(l, max(1, descriptors()/12)), tt.perSite)
		var got []net.Conn
		for range tt.open + 1 {
			c, err := g.Accept()
			if err != nil {
				t.Fatalf("%+v: %v", tt, err)
			}
			got = append(got, c)
		}
		if last := got[tt.open].RemoteAddr().String(); last != other.String() || len(l.come) != 0 {
			t.Errorf("%+v: the last one let in is %s", tt, last)
		}
		for _, c := range got {
			_, _ = c.Close(), c.Close() // the second one changes nothing
		}
		if len(g.sites) != 0 || len(g.places) != 0 {
			t.Errorf("%+v: %d sites and %d places are taken by closed connections", tt, len(g.sites), len(g.places))
		}
	}
}

// pretended is a listener to which connections come from given addresses.
type pretended struct {
	net.Listener
	come []netip.AddrPort
}

func (l *pretended) Accept() (net.Conn, error) {
	if len(l.come) == 0 {
		return nil, net.ErrClosed
	}
	from := l.come[0]
	l.come = l.come[1:]
	near, far := net.Pipe()
	return fromAddr{near, net.TCPAddrFromAddrPort(from)}, far.Close()
}

// fromAddr is a connection from an address.
type fromAddr struct {
	net.Conn
	from net.Addr
}

func (c fromAddr) RemoteAddr() net.Addr { return c.from }
