package utp

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// stranger is a socket that speaks packet by packet, in a bubble with a Listener.
type stranger struct {
	t *testing.T
	*fakeSocket
	l *Listener
}

// meet runs f in a bubble with a Listener and a stranger to it.
func meet(t *testing.T, o Options, f func(s *stranger)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWire()
		s := &stranger{t, w.socket(clientAddr), Listen(w.socket(serverAddr), o)}
		f(s)
		s.l.Close()
		s.l.Wait()
	})
}

// say sends a packet.
func (s *stranger) say(h header, payload string) {
	s.t.Helper()
	b := append(appendHeader(nil, &h), payload...)
	if _, err := s.WriteTo(b, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(serverAddr))); err != nil {
		s.t.Fatal(err)
	}
	synctest.Wait()
}

// hear returns the next packet that was sent to s, false when there is none.
func (s *stranger) hear() (header, bool) {
	s.t.Helper()
	select {
	case d := <-s.in:
		h, _, err := parsePacket(d.bytes)
		if err != nil {
			s.t.Fatal(err)
		}
		return h, true
	default:
		return header{}, false
	}
}

// syn sends a SYN with a number of its own and returns the sequence number of the answer.
func (s *stranger) syn(id uint16) uint16 {
	s.t.Helper()
	s.say(header{kind: typeSyn, connID: id, seq: 7, timestamp: 1}, "")
	h, ok := s.hear()
	if !ok || h.kind != typeState || h.connID != id || h.ack != 7 {
		s.t.Fatalf("a SYN was answered by %+v, %v", h, ok)
	}
	return h.seq
}

func (l *Listener) held() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns)
}

// TestSynCostsNothing: neither memory, nor more bytes than it brought.
func TestSynCostsNothing(t *testing.T) {
	meet(t, Options{}, func(s *stranger) {
		for id := range uint16(1000) {
			s.syn(id)
		}
		time.Sleep(time.Hour)
		if n := s.l.held(); n != 0 {
			t.Errorf("%d streams are held", n)
		}
		if in, out := s.w.bytesFrom(clientAddr), s.w.bytesFrom(serverAddr); out > in {
			t.Errorf("%d bytes were answered to %d of SYNs", out, in)
		}
	})
}

func TestProof(t *testing.T) {
	for _, tt := range []struct {
		name  string
		ack   int           // of the first packet, from what is right
		seq   uint16        // of the first packet; the SYN had 7
		id    uint16        // of the first packet, from what is right
		after time.Duration // the answer to the SYN
		want  bool
	}{
		{name: "first packet", seq: 8, want: true},
		{name: "the first ones were lost", seq: 10, want: true},
		{name: "after a while", seq: 8, after: cookieLife, want: true},
		{name: "too late", seq: 8, after: 2*cookieLife + time.Second},
		{name: "another number than the answer's", seq: 8, ack: 1},
		{name: "far from the SYN", seq: 11},
		{name: "before the SYN", seq: 7},
		{name: "another stream", seq: 8, id: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			meet(t, Options{}, func(s *stranger) {
				s.l.cookies.key = [32]byte{} // of some keys, a wrong number is right: six of 65,536
				answer := s.syn(30)
				time.Sleep(tt.after)
				s.say(header{kind: typeData, connID: 31 + tt.id, seq: tt.seq, ack: answer - 1 + uint16(tt.ack), timestamp: 1}, "x")
				if got := s.l.held() == 1; got != tt.want {
					t.Errorf("a stream began: %v, want %v", got, tt.want)
				}
				if h, ok := s.hear(); !tt.want && (!ok || h.kind != typeReset || h.connID != 30+tt.id) {
					t.Errorf("the answer is %+v, %v; want a reset", h, ok)
				}
				if in, out := s.w.bytesFrom(clientAddr), s.w.bytesFrom(serverAddr); !tt.want && out > in {
					t.Errorf("%d bytes were answered to %d", out, in)
				}
			})
		})
	}
}

// TestSynAgain: a peer that did not hear the answer asks again, before the stream and within.
func TestSynAgain(t *testing.T) {
	meet(t, Options{}, func(s *stranger) {
		first := s.syn(30)
		if again := s.syn(30); again != first {
			t.Errorf("answers %d and %d to the same SYN", first, again)
		}
		s.say(header{kind: typeData, connID: 31, seq: 8, ack: first - 1, timestamp: 1}, "x")
		time.Sleep(time.Second)
		if h, ok := s.hear(); !ok || h.kind != typeState || h.ack != 8 {
			t.Errorf("the data were acknowledged by %+v, %v", h, ok)
		}
		s.say(header{kind: typeSyn, connID: 30, seq: 7, timestamp: 1}, "")
		time.Sleep(time.Second)
		if h, ok := s.hear(); !ok || h.kind != typeState || h.seq != first || s.l.held() != 1 {
			t.Errorf("the late SYN was answered by %+v, %v", h, ok)
		}
	})
}

func TestLimits(t *testing.T) {
	t.Run("streams", func(t *testing.T) {
		meet(t, Options{MaxConns: 3}, func(s *stranger) { fill(s, 3) })
	})
	t.Run("streams not accepted", func(t *testing.T) {
		meet(t, Options{}, func(s *stranger) { fill(s, maxBacklog) })
	})
	t.Run("resets", func(t *testing.T) {
		meet(t, Options{}, func(s *stranger) {
			for range 3 * resetsPerSecond {
				s.say(header{kind: typeFin, connID: 9}, "")
			}
			if got, want := s.w.bytesFrom(serverAddr), headerLen*resetsPerSecond; got != want {
				t.Errorf("%d bytes of resets, want %d", got, want)
			}
		})
	})
}

// fill opens streams until limit and one more, which is refused.
func fill(s *stranger, limit int) {
	for i := range limit + 1 {
		id := uint16(10 * i)
		answer := s.syn(id)
		s.say(header{kind: typeData, connID: id + 1, seq: 8, ack: answer - 1, timestamp: 1}, "x")
		if h, ok := s.hear(); (ok && h.kind == typeReset) != (i == limit) {
			s.t.Fatalf("stream %d: %+v, %v; want a reset after %d", i, h, ok, limit)
		}
	}
}

// TestResetEndsStream: with either of a stream's numbers, and only when it acknowledges what was sent.
func TestResetEndsStream(t *testing.T) {
	for _, tt := range []struct {
		name string
		h    header
		off  int // of the acknowledgement from our last packet
		want bool
	}{
		{"our number", header{kind: typeReset, connID: 31}, 0, true},
		{"the peer's number", header{kind: typeReset, connID: 30}, 0, true},
		{"forged", header{kind: typeReset, connID: 31}, 1000, false},
		{"of long ago", header{kind: typeReset, connID: 31}, -1000, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			meet(t, Options{}, func(s *stranger) {
				answer := s.syn(30)
				s.say(header{kind: typeData, connID: 31, seq: 8, ack: answer - 1, timestamp: 1}, "x")
				c, err := s.l.Accept()
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
					t.Fatal(err)
				}
				tt.h.ack = answer - 1 + uint16(tt.off)
				s.say(tt.h, "")
				c.SetReadDeadline(time.Now().Add(time.Second))
				if _, err = c.Read(make([]byte, 1)); errors.Is(err, syscall.ECONNRESET) != tt.want {
					t.Errorf("read: %v; want a reset: %v", err, tt.want)
				}
			})
		})
	}
}

// udpPair returns a Listener on the loopback interface and a stream to it from another.
func udpPair(t testing.TB, network, host string) (accepted net.Conn, dialled *Conn) {
	t.Helper()
	var ends [2]*Listener
	for i := range ends {
		udp, err := net.ListenUDP(network, &net.UDPAddr{IP: net.ParseIP(host)})
		if err != nil {
			t.Skip(err)
		}
		ends[i] = Listen(udp, Options{})
	}
	dialled = dial(ends[1], ends[0].Addr().(*net.UDPAddr).AddrPort(), 9)
	if _, err := dialled.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	accepted, err := ends[0].Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(accepted, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		dialled.SetLinger(0) // the other end may be gone already
		for i, c := range []net.Conn{accepted, dialled} {
			c.Close() // a test may have
			ends[i].Close()
		}
		for _, l := range ends {
			l.Wait()
		}
	})
	return accepted, dialled
}

// TestEndPacketAfter: a packet ends where it is to, however it is written, and nothing waits for its acknowledgement.
func TestEndPacketAfter(t *testing.T) {
	for _, writes := range [][]string{{"handshake and more"}, {"hand", "shake", " and more"}} {
		meet(t, Options{}, func(s *stranger) {
			answer := s.syn(30)
			s.say(header{kind: typeData, connID: 31, seq: 8, ack: answer - 1, timestamp: 1, window: 10_000}, "x")
			c, err := s.l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			for i, w := range append([]string{"key,"}, writes...) {
				if _, err := c.Write([]byte(w)); err != nil {
					t.Fatal(err)
				}
				if i == 0 {
					synctest.Wait()
					s.say(header{kind: typeState, connID: 31, seq: 9, ack: answer, timestamp: 1, window: 10_000}, "")
					c.(*Conn).EndPacketAfter(len("handshake"))
				}
			}
			synctest.Wait()
			for _, want := range []string{"key,", "handshake", " and more"} {
				d := <-s.in
				if _, payload, err := parsePacket(d.bytes); err != nil || string(payload) != want {
					t.Errorf("packet with %q, %v; want %q", payload, err, want)
				}
			}
			c.(*Conn).SetLinger(0)
			c.Close()
		})
	}
}

// TestOverUDP: through the kernel, in bursts, of both families.
func TestOverUDP(t *testing.T) {
	for _, tt := range []struct{ network, host string }{{"udp4", "127.0.0.1"}, {"udp6", "::1"}} {
		t.Run(tt.network, func(t *testing.T) {
			accepted, dialled := udpPair(t, tt.network, tt.host)
			want := randomBytes(1, 3<<20)
			go func() {
				buffers := net.Buffers{want[:100_000], want[100_000:100_007], want[100_007:]}
				if _, err := buffers.WriteTo(accepted); err != nil {
					t.Error(err)
				}
				accepted.Close()
			}()
			got, err := io.ReadAll(dialled)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("got %d bytes, %v; want %d", len(got), err, len(want))
			}
		})
	}
}

// TestAnswersFromTheAddressAsked: a socket on every address answers from the one that the peer sent to.
func TestAnswersFromTheAddressAsked(t *testing.T) {
	udp, err := net.ListenUDP("udp", nil)
	if err != nil {
		t.Fatal(err)
	}
	l := Listen(udp, Options{})
	defer l.Wait()
	defer l.Close()
	to := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 5), Port: l.Addr().(*net.UDPAddr).Port}
	c, err := net.DialUDP("udp4", nil, to) // takes packets of that address only
	if err != nil {
		t.Skip(err)
	}
	defer c.Close()
	if _, err := c.Write(appendHeader(nil, &header{kind: typeSyn, connID: 1, seq: 1})); err != nil {
		t.Fatal(err)
	}
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if n, err := c.Read(make([]byte, 100)); err != nil || n != headerLen {
		t.Errorf("answer of %d bytes, %v", n, err)
	}
}

func BenchmarkWrite(b *testing.B) {
	accepted, dialled := udpPair(b, "udp4", "127.0.0.1")
	go io.Copy(io.Discard, dialled)
	block := make([]byte, 256<<10)
	b.SetBytes(int64(len(block)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := accepted.Write(block); err != nil {
			b.Fatal(err)
		}
	}
}
