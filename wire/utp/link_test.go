package utp

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// wire joins sockets without a kernel, so that a test can have its own time.
type wire struct {
	mu    sync.Mutex
	ports map[netip.AddrPort]*fakeSocket
	sent  map[netip.AddrPort]int // bytes, by sender
	cut   bool                   // nothing gets through
}

func newWire() *wire {
	return &wire{ports: map[netip.AddrPort]*fakeSocket{}, sent: map[netip.AddrPort]int{}}
}

type fakeSocket struct {
	w      *wire
	addr   netip.AddrPort
	in     chan datagramFrom
	closed chan struct{}
	net.PacketConn
}

type datagramFrom struct {
	from  netip.AddrPort
	bytes []byte
}

func (w *wire) socket(addr string) *fakeSocket {
	s := &fakeSocket{w: w, addr: netip.MustParseAddrPort(addr), in: make(chan datagramFrom, 4096), closed: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ports[s.addr] = s
	return s
}

func (s *fakeSocket) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case d := <-s.in:
		return copy(b, d.bytes), net.UDPAddrFromAddrPort(d.from), nil
	case <-s.closed:
		return 0, nil, net.ErrClosed
	}
}

func (s *fakeSocket) WriteTo(b []byte, to net.Addr) (int, error) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.sent[s.addr] += len(b)
	if peer := s.w.ports[to.(*net.UDPAddr).AddrPort()]; peer != nil && !s.w.cut {
		select {
		case peer.in <- datagramFrom{s.addr, append([]byte(nil), b...)}:
		default:
		}
	}
	return len(b), nil
}

func (s *fakeSocket) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(s.addr) }

func (s *fakeSocket) Close() error {
	close(s.closed)
	return nil
}

func (w *wire) setCut(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
}

func (w *wire) bytesFrom(addr string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent[netip.MustParseAddrPort(addr)]
}

const (
	serverAddr = "192.0.2.1:6881"
	clientAddr = "192.0.2.2:5000"
)

// dial opens a stream from l.
func dial(l *Listener, to netip.AddrPort, id uint16) *Conn {
	s := newStream(id, 0, 1, newPacketBudget(), l.now())
	s.dial()
	c := newConn(l, to, nil, s)
	l.mu.Lock()
	l.conns[streamKey{to, id}] = c
	l.mu.Unlock()
	l.ready(c)
	return c
}

// pair are two ends of a stream, in a bubble.
type pair struct {
	*wire
	server, client *Listener
	accepted       net.Conn
	dialled        *Conn
}

// joined runs f in a bubble with a stream over a wire; the first bytes "hello" were sent and read.
func joined(t *testing.T, f func(t *testing.T, p *pair)) {
	synctest.Test(t, func(t *testing.T) {
		p := &pair{wire: newWire()}
		p.server = Listen(p.socket(serverAddr), Options{})
		p.client = Listen(p.socket(clientAddr), Options{})
		p.dialled = dial(p.client, netip.MustParseAddrPort(serverAddr), 500)
		if _, err := p.dialled.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		var err error
		if p.accepted, err = p.server.Accept(); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 5)
		if _, err := io.ReadFull(p.accepted, b); err != nil || string(b) != "hello" {
			t.Fatalf("read %q, %v", b, err)
		}
		f(t, p)
		for _, c := range []net.Conn{p.accepted, p.dialled} {
			c.Close() // some tests did
		}
		for _, l := range []*Listener{p.server, p.client} {
			l.Close() // some tests did
			l.Wait()
		}
	})
}

func TestConnNames(t *testing.T) {
	joined(t, func(t *testing.T, p *pair) {
		if a, ok := p.accepted.RemoteAddr().(*net.UDPAddr); !ok || a.String() != clientAddr {
			t.Errorf("remote address %v, want %v", p.accepted.RemoteAddr(), clientAddr)
		}
		if got := p.accepted.LocalAddr().String(); got != serverAddr {
			t.Errorf("local address %v, want %v", got, serverAddr)
		}
	})
}

func TestDeadlines(t *testing.T) {
	joined(t, func(t *testing.T, p *pair) {
		begin := time.Now()
		p.accepted.SetReadDeadline(begin.Add(3 * time.Second))
		if _, err := p.accepted.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begin) != 3*time.Second {
			t.Errorf("read: %v after %v, want a timeout after 3s", err, time.Since(begin))
		}
		p.accepted.SetReadDeadline(time.Time{})
		go func() {
			time.Sleep(time.Second)
			p.accepted.SetReadDeadline(time.Now()) // reaches a Read under way
		}()
		if _, err := p.accepted.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read under way: %v, want a timeout", err)
		}
		p.setCut(true)
		begin = time.Now()
		p.accepted.SetWriteDeadline(begin.Add(2 * time.Second))
		n, err := p.accepted.Write(make([]byte, 10<<20))
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begin) != 2*time.Second || n == 0 || n > maxUnsent+initialWindow+maxPayload {
			t.Errorf("write: %d bytes, %v after %v, want what is kept and a timeout after 2s", n, err, time.Since(begin))
		}
		p.setCut(false)
	})
}

func TestPeerVanishes(t *testing.T) {
	joined(t, func(t *testing.T, p *pair) {
		p.setCut(true)
		begin := time.Now()
		_, err := p.accepted.Write(make([]byte, 10<<20))
		if took := time.Since(begin); !errors.Is(err, syscall.ETIMEDOUT) || took < 20*time.Second || took > time.Minute {
			t.Errorf("write: %v after %v, want that it timed out after half a minute", err, took)
		}
		if _, err := p.accepted.Read(make([]byte, 1)); !errors.Is(err, syscall.ETIMEDOUT) {
			t.Errorf("read: %v, want that it timed out", err)
		}
		p.setCut(false)
	})
}

func TestIdleStreamIsKept(t *testing.T) {
	joined(t, func(t *testing.T, p *pair) {
		time.Sleep(time.Hour)
		if _, err := p.accepted.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(p.dialled, make([]byte, 1)); err != nil {
			t.Errorf("after an hour: %v", err)
		}
	})
}

// TestCloseDelivers: what was written before Close arrives, and then the end.
func TestCloseDelivers(t *testing.T) {
	joined(t, func(t *testing.T, p *pair) {
		want := randomBytes(3, 100_000)
		p.accepted.Write(want)
		p.accepted.Close()
		p.server.Close()
		got, err := io.ReadAll(p.dialled)
		if err != nil || string(got) != string(want) {
			t.Errorf("got %d bytes, %v; want %d and the end", len(got), err, len(want))
		}
		p.server.Wait()
		if _, err := p.accepted.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("read after close: %v", err)
		}
		if _, err := p.accepted.Write(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("write after close: %v", err)
		}
		if err := p.accepted.SetDeadline(time.Time{}); !errors.Is(err, net.ErrClosed) {
			t.Errorf("deadline after close: %v", err)
		}
	})
}

// TestCloseWithoutLinger: what was not sent is dropped, and the peer is told.
func TestCloseWithoutLinger(t *testing.T) {
	joined(t, func(t *testing.T, p *pair) {
		p.setCut(true)
		p.accepted.Write(make([]byte, 100_000))
		time.Sleep(time.Millisecond)
		p.setCut(false)
		p.accepted.(*Conn).SetLinger(0)
		p.accepted.Close()
		if n, err := p.dialled.Read(make([]byte, 10)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the peer reads %d bytes, %v; want a reset", n, err)
		}
		p.server.Close()
		p.server.Wait()
	})
}

// TestCloseIsBounded: a peer that takes nothing does not keep a closed stream.
func TestCloseIsBounded(t *testing.T) {
	joined(t, func(t *testing.T, p *pair) {
		p.setCut(true)
		p.accepted.Write(make([]byte, 100_000))
		begin := time.Now()
		p.accepted.Close()
		p.server.Close()
		p.server.Wait()
		if took := time.Since(begin); took > stopTimeout {
			t.Errorf("the last stream was gone after %v, want %v", took, stopTimeout)
		}
		p.setCut(false)
	})
}

func TestCloseUnblocks(t *testing.T) {
	joined(t, func(t *testing.T, p *pair) {
		go func() {
			time.Sleep(time.Second)
			p.accepted.Close()
			p.server.Close()
		}()
		if _, err := p.accepted.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("read: %v", err)
		}
		if _, err := p.server.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("accept: %v", err)
		}
		if err := p.server.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("second close: %v", err)
		}
	})
}

// TestCloseOfDeadStream: a stream that the peer has just reset is closed before those who wait were told of the reset.
func TestCloseOfDeadStream(t *testing.T) {
	joined(t, func(t *testing.T, p *pair) {
		read := make(chan error)
		go func() {
			_, err := p.dialled.Read(make([]byte, 1))
			read <- err
		}()
		synctest.Wait()
		p.dialled.mu.Lock()
		p.dialled.s.die(errReset)
		p.dialled.mu.Unlock()
		p.dialled.Close()
		if err := <-read; !errors.Is(err, net.ErrClosed) {
			t.Errorf("read: %v", err)
		}
	})
}
