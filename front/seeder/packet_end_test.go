package seeder

import (
	"io"
	"net"
	"sync"
	"testing"

	"shoal/wire/mse"
	"shoal/wire/peer"
)

// packetConn is a connection whose packets can be ended, as uTP.
type packetConn struct {
	net.Conn
	mu     sync.Mutex
	ended  bool   // EndPacketAfter was called; guarded by mu
	bytes  int    // of the packet; guarded by mu
	behind []byte // all that was written after the call; guarded by mu
}

func (c *packetConn) EndPacketAfter(bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended, c.bytes = true, bytes
}

func (c *packetConn) Write(b []byte) (int, error) {
	c.mu.Lock()
	if c.ended {
		c.behind = append(c.behind, b...)
	}
	c.mu.Unlock()
	return c.Conn.Write(b)
}

// TestPacketEndsAfterHandshake: plain or behind an encrypted opening, the handshake ends a packet.
func TestPacketEndsAfterHandshake(t *testing.T) {
	w := newWorld(t, worldOptions{})
	to := w.put(t, "object", []byte("content"))
	for name, open := range map[string]func(net.Conn) (net.Conn, error){
		"plain": func(nc net.Conn) (net.Conn, error) {
			_, err := nc.Write(hello(to.InfoHash))
			return nc, err
		},
		"encrypted": func(nc net.Conn) (net.Conn, error) {
			s, err := mse.Initiate(nc, to.InfoHash, mse.Plaintext, hello(to.InfoHash))
			if err != nil {
				return nil, err
			}
			return behind(s.Initial, s.Conn), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			dialled, err := (&net.Dialer{LocalAddr: elsewhere()}).Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer dialled.Close()
			accepted, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			c := &packetConn{Conn: accepted}
			w.seeder.conns.Go(func() { w.seeder.admit(t.Context(), c) })
			nc, err := open(dialled)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(nc, make([]byte, peer.HandshakeLen)); err != nil {
				t.Fatal(err)
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.bytes != peer.HandshakeLen || len(c.behind) < c.bytes {
				t.Fatalf("a packet ends after %d of %d bytes, want %d", c.bytes, len(c.behind), peer.HandshakeLen)
			}
			if _, err := peer.ParseHandshake(c.behind[:c.bytes]); err != nil {
				t.Errorf("the packet begins with %q: %v", c.behind[:c.bytes], err)
			}
		})
	}
}
