package server

import (
	"net"
	"net/http"
	"sync"
)

// How the process's descriptors are shared, so that a flood at one front leaves the others and the files
// theirs: peers take half of them at most, S3 a quarter, the tracker an eighth, redirects to TLS a sixteenth. A
// connection of HTTP over the share waits in the kernel's queue, a peer is closed.
const (
	peerShare     = 2
	s3Share       = 4
	trackerShare  = 8
	redirectShare = 16

	assumedDescriptors = 1024    // where the system does not tell
	maxDescriptors     = 1 << 20 // more are never shared out: a gate has a place for each connection
)

// peerConns returns how many peers are held when so many are asked for.
func peerConns(asked, descriptors int) int { return min(asked, max(1, descriptors/peerShare)) }

// gate is a listener that accepts only while fewer than its number of connections are open. The HTTP server
// tells it of each that ends (connState); so connections stay *net.TCPConn, which sendfile needs.
type gate struct {
	net.Listener
	places chan struct{}
	closed chan struct{}
	once   sync.Once
}

// newGate returns l with at most one in n of the process's descriptors open at the same time.
func newGate(l net.Listener, n int) *gate {
	return &gate{Listener: l, places: make(chan struct{}, max(1, descriptors()/n)), closed: make(chan struct{})}
}

// Accept implements net.Listener.
func (g *gate) Accept() (net.Conn, error) {
	select {
	case g.places <- struct{}{}:
	case <-g.closed:
		return nil, net.ErrClosed
	}
	c, err := g.Listener.Accept()
	if err != nil {
		<-g.places
	}
	return c, err
}

// Close implements net.Listener.
func (g *gate) Close() error {
	g.once.Do(func() { close(g.closed) })
	return g.Listener.Close()
}

// connState is an http.Server's ConnState.
func (g *gate) connState(_ net.Conn, s http.ConnState) {
	if s == http.StateClosed || s == http.StateHijacked {
		<-g.places
	}
}
