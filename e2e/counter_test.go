package e2e

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"testing"
)

// counter stands between a seeder and its peers and counts what the seeder sends: bytes of block data,
// and distinct pairs of connection and piece. It is also the tracker that leads peers to it.
type counter struct {
	t        testing.TB
	seeder   string // HOST:PORT
	peers    net.Listener
	tracker  net.Listener
	conns    sync.WaitGroup
	mu       sync.Mutex
	payload  int64 // bytes; guarded by mu
	requests int64 // pairs; guarded by mu
	links    int   // connections; guarded by mu
}

// newCounter listens on host until the test ends.
func newCounter(t testing.TB, host, seeder string) *counter {
	t.Helper()
	c := &counter{t: t, seeder: seeder, peers: listen(t, host), tracker: listen(t, host)}
	srv := &http.Server{Handler: http.HandlerFunc(c.announce)}
	var accepting sync.WaitGroup
	accepting.Go(c.accept)
	accepting.Go(func() { _ = srv.Serve(c.tracker) })
	t.Cleanup(func() {
		_ = c.peers.Close()
		_ = srv.Close()
		accepting.Wait()
		c.conns.Wait()
	})
	return c
}

func listen(t testing.TB, host string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (c *counter) announceURL() string { return "http://" + c.tracker.Addr().String() + "/announce" }

// announce answers every announce with the counter itself as the only peer (BEP 3, BEP 23).
func (c *counter) announce(w http.ResponseWriter, _ *http.Request) {
	a := netip.MustParseAddrPort(c.peers.Addr().String())
	ip := a.Addr().Unmap().As4()
	peer := binary.BigEndian.AppendUint16(ip[:], a.Port())
	fmt.Fprintf(w, "d8:completei1e10:incompletei0e8:intervali1800e5:peers6:%se", peer)
}

func (c *counter) accept() {
	for {
		peer, err := c.peers.Accept()
		if err != nil {
			return
		}
		c.conns.Go(func() { c.relay(peer.(*net.TCPConn)) })
	}
}

// relay copies both ways. When the peer leaves, the rest of what the seeder has sent is still counted.
func (c *counter) relay(peer *net.TCPConn) {
	defer peer.Close()
	conn, err := net.Dial("tcp", c.seeder)
	if err != nil {
		c.t.Errorf("dial the seeder: %v", err)
		return
	}
	seeder := conn.(*net.TCPConn)
	defer seeder.Close()
	var upstream sync.WaitGroup
	upstream.Go(func() {
		_, _ = io.Copy(seeder, peer)
		_ = seeder.CloseWrite()
	})
	frames := &frameCounter{pieces: make(map[uint32]bool)}
	_, _ = io.Copy(io.MultiWriter(frames, &whileOpen{w: peer}), struct{ io.Reader }{seeder})
	_ = peer.Close()
	upstream.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.links++
	c.payload += frames.payload
	c.requests += int64(len(frames.pieces))
}

// sent waits until every connection has ended and returns what the seeder has sent over all of them.
func (c *counter) sent() (payload, requests int64) {
	c.conns.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.payload, c.requests
}

// whileOpen forwards to w until that fails, and swallows the rest.
type whileOpen struct {
	w      io.Writer
	closed bool
}

// Write implements io.Writer; it never fails.
func (o *whileOpen) Write(b []byte) (int, error) {
	if !o.closed {
		_, err := o.w.Write(b)
		o.closed = err != nil
	}
	return len(b), nil
}

// frameCounter reads one direction of a peer connection (BEP 3): a handshake of 68 bytes, then frames of a
// length and that many bytes. A piece frame is the type 7, index, begin, data.
type frameCounter struct {
	offset  int64 // bytes of the handshake or of the current frame seen
	head    [13]byte
	length  int64 // of the current frame, its prefix included; 0 until known
	shaken  bool
	payload int64
	pieces  map[uint32]bool
}

const (
	handshakeBytes   = 68
	lengthBytes      = 4
	pieceHeaderBytes = lengthBytes + 9
	pieceType        = 7
)

// Write implements io.Writer; it never fails.
func (f *frameCounter) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		b = b[f.step(b):]
	}
	return n, nil
}

// step takes some of b and returns how much.
func (f *frameCounter) step(b []byte) int {
	if !f.shaken {
		n := min(int64(len(b)), handshakeBytes-f.offset)
		if f.offset += n; f.offset == handshakeBytes {
			f.shaken, f.offset = true, 0
		}
		return int(n)
	}
	if f.offset < lengthBytes || f.offset < min(f.length, pieceHeaderBytes) {
		f.head[f.offset] = b[0]
		f.offset++
		if f.offset == lengthBytes {
			f.length = lengthBytes + int64(binary.BigEndian.Uint32(f.head[:]))
		}
		f.endFrame()
		return 1
	}
	n := min(int64(len(b)), f.length-f.offset)
	if f.head[lengthBytes] == pieceType {
		f.payload += n
		f.pieces[binary.BigEndian.Uint32(f.head[lengthBytes+1:])] = true
	}
	f.offset += n
	f.endFrame()
	return int(n)
}

func (f *frameCounter) endFrame() {
	if f.offset >= lengthBytes && f.offset == f.length {
		f.offset, f.length = 0, 0
	}
}
