package mse

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"testing"
	"time"
)

var known = [20]byte{1, 2, 3}

func find(obfuscated [20]byte) ([20]byte, error) {
	if obfuscated == Obfuscated(known) {
		return known, nil
	}
	return [20]byte{}, ErrUnknownTorrent
}

// tcpPair returns both ends of a connection on loopback, with a deadline so that no test hangs.
func tcpPair(t testing.TB) (a, b *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialled, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dialled.Close(); accepted.Close() })
	for _, c := range []net.Conn{dialled, accepted} {
		c.SetDeadline(time.Now().Add(time.Minute))
	}
	return dialled.(*net.TCPConn), accepted.(*net.TCPConn)
}

// TestHandshake: both sides agree on method, infohash and initial payload, and what they say then arrives.
func TestHandshake(t *testing.T) {
	tests := []struct {
		name         string
		offer, allow Method
		initial      string
		first        int // bytes of the opening that the acceptor's caller has read
		method       Method
		encrypted    bool
	}{
		{"plaintext before RC4", Plaintext | RC4, Plaintext | RC4, "hello", 0, Plaintext, false},
		{"RC4 on insistence of A", RC4, Plaintext | RC4, "hello", 20, RC4, true},
		{"RC4 on insistence of B", Plaintext | RC4, RC4, "hello", 20, RC4, true},
		{"no initial payload", Plaintext, Plaintext, "", 96, Plaintext, false},
		{"much initial payload", RC4, RC4, string(make([]byte, maxInitial)), 1, RC4, true},
		{"methods of the future", 0xFFFFFFFF, Plaintext | RC4, "x", 0, Plaintext, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := tcpPair(t)
			called := make(chan error, 1)
			go func() {
				s, err := Initiate(a, known, tt.offer, []byte(tt.initial))
				if err == nil {
					err = echo(s, tt.method)
				}
				called <- err
			}()
			first := make([]byte, tt.first)
			if _, err := io.ReadFull(b, first); err != nil {
				t.Fatal(err)
			}
			s, err := Accept(b, first, tt.allow, find)
			if err != nil {
				t.Fatal(err)
			}
			if s.Method != tt.method || s.InfoHash != known || string(s.Initial) != tt.initial {
				t.Errorf("got method %d, infohash %x, %d bytes", s.Method, s.InfoHash, len(s.Initial))
			}
			if encrypted := s.Conn != net.Conn(b); encrypted != tt.encrypted {
				t.Errorf("encrypted: got %v, want %v", encrypted, tt.encrypted)
			}
			sent := bytes.Repeat([]byte("payload "), 30_000)
			kept := bytes.Clone(sent)
			go s.Conn.Write(sent)
			got := make([]byte, len(sent))
			if _, err := io.ReadFull(s.Conn, got); err != nil || !bytes.Equal(got, kept) {
				t.Errorf("echo differs: %v", err)
			}
			if !bytes.Equal(sent, kept) {
				t.Error("Write changed what it was given")
			}
			s.Conn.Close()
			if err := <-called; err != nil {
				t.Error(err)
			}
		})
	}
}

// echo sends back what comes.
func echo(s *Session, want Method) error {
	if s.Method != want {
		return errors.New("A got another method")
	}
	_, err := io.Copy(struct{ io.Writer }{s.Conn}, io.MultiReader(bytes.NewReader(s.Initial), struct{ io.Reader }{s.Conn}))
	return err
}

func TestAcceptRefuses(t *testing.T) {
	tests := []struct {
		name         string
		offer, allow Method
		infoHash     [20]byte
		initial      int
		want         error
	}{
		{"unknown torrent", Plaintext, Plaintext, [20]byte{9}, 0, ErrUnknownTorrent},
		{"no common method", RC4, Plaintext, known, 0, ErrNoCommonMethod},
		{"nothing offered", 0, Plaintext | RC4, known, 0, ErrNoCommonMethod},
		{"endless initial payload", Plaintext, Plaintext, known, maxInitial + 1, ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := tcpPair(t)
			go Initiate(a, tt.infoHash, tt.offer, make([]byte, tt.initial))
			if _, err := Accept(b, nil, tt.allow, find); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// TestAcceptJunk: bytes that are no handshake are read as far as one could begin, and no further.
func TestAcceptJunk(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	junk := make([]byte, 4*maxPad)
	for i := range junk {
		junk[i] = byte(rng.Uint32())
	}
	for name, opening := range map[string][]byte{
		"random": junk, "zeros": make([]byte, len(junk)), "one": append(make([]byte, keyBytes-1), append([]byte{1}, junk...)...),
	} {
		a, b := tcpPair(t)
		go a.Write(opening)
		if _, err := Accept(b, nil, Plaintext|RC4, find); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestPartialWrites: a writer that gives up at deadlines and goes on with what is left sends the same stream.
func TestPartialWrites(t *testing.T) {
	a, b := tcpPair(t)
	sessions := make(chan *Session, 1)
	go func() {
		s, err := Initiate(a, known, RC4, nil)
		if err != nil {
			t.Error(err)
		}
		sessions <- s
	}()
	s, err := Accept(b, nil, RC4, find)
	if err != nil {
		t.Fatal(err)
	}
	other := <-sessions
	var want []byte
	var vector net.Buffers
	for i := range 4000 {
		part := bytes.Repeat([]byte{byte(i)}, 13+i)
		want = append(want, part...)
		vector = append(vector, part)
	}
	received := make(chan []byte, 1)
	go func() {
		var got []byte
		block := make([]byte, 64<<10)
		for len(got) < len(want) {
			n, err := other.Conn.Read(block)
			if got = append(got, block[:n]...); err != nil {
				break
			}
		}
		received <- got
	}()
	stopped := 0
	for len(vector) > 0 {
		b.SetWriteDeadline(time.Now().Add(50 * time.Microsecond))
		_, err := s.Conn.(*stream).WriteBuffers(&vector)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			stopped++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if got := <-received; !bytes.Equal(got, want) {
		t.Errorf("got %d bytes, want %d, or they differ; %d writes were cut short", len(got), len(want), stopped)
	}
}

// scripted is a connection whose peer says what it says, whatever it hears.
type scripted struct {
	net.Conn
	in io.Reader
}

func (s scripted) Read(p []byte) (int, error)  { return s.in.Read(p) }
func (s scripted) Write(p []byte) (int, error) { return len(p), nil }

// FuzzAccept: whatever comes, Accept ends, and reads no more than a handshake can have.
func FuzzAccept(f *testing.F) {
	f.Add([]byte("\x13BitTorrent protocol"))
	f.Add(make([]byte, 700))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bytes.NewReader(in)
		if s, err := Accept(scripted{in: r}, nil, Plaintext|RC4, find); err == nil {
			t.Fatalf("accepted: %+v", s)
		}
		if read := len(in) - r.Len(); read > keyBytes+maxPad+hashBytes+openingBuffer {
			t.Fatalf("read %d bytes", read)
		}
	})
}

// FuzzOpening fuzzes what is encrypted, behind a key exchange that holds.
func FuzzOpening(f *testing.F) {
	f.Add(make([]byte, 16), uint16(0), uint16(0))
	f.Fuzz(func(t *testing.T, opening []byte, padding, initial uint16) {
		secret := make([]byte, keyBytes)
		newStream := func() *stream {
			return &stream{in: newCipher("keyA", secret, known[:]), out: newCipher("keyA", secret, known[:])}
		}
		wire := bytes.Clone(opening)
		newStream().out.XORKeyStream(wire, wire)
		s := &Session{}
		if err := s.readOpening(bytes.NewReader(wire), newStream(), Plaintext|RC4); err == nil && len(s.Initial) > maxInitial {
			t.Fatalf("%d bytes of initial payload", len(s.Initial))
		}
	})
}

func BenchmarkAccept(b *testing.B) {
	for b.Loop() {
		nc, accepted := net.Pipe()
		go Initiate(nc, known, Plaintext, nil)
		if _, err := Accept(accepted, nil, Plaintext, find); err != nil {
			b.Fatal(err)
		}
		nc.Close()
		accepted.Close()
	}
}

func BenchmarkRC4(b *testing.B) {
	secret := make([]byte, keyBytes)
	st := &stream{Conn: scripted{}, out: newCipher("keyA", secret, known[:])}
	block := make([]byte, 256<<10)
	b.SetBytes(int64(len(block)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := st.Write(block); err != nil {
			b.Fatal(err)
		}
	}
}
