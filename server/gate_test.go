package server

import (
	"io"
	"net"
	"net/http"
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
	g := closing{newGate(l, max(1, descriptors()))} // one connection
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
