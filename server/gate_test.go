package server

import (
	"io"
	"net"
	"net/http"
	"testing"
)

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
