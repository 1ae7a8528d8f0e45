package seeder

import (
	"bytes"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"shoal/core/access"
	"shoal/core/object"
	"shoal/wire/mse"
	"shoal/wire/peer"
	"shoal/wire/torrent"
)

// hello is a plain handshake of a client.
func hello(h torrent.InfoHash) []byte {
	return peer.AppendHandshake(nil, peer.Handshake{Reserved: allReserved, InfoHash: h, PeerID: peer.PeerID([]byte("-XX0001-abcdefghijkl"))})
}

// dialRaw connects and says nothing.
func dialRaw(t testing.TB, w *world) net.Conn {
	t.Helper()
	nc, err := (&net.Dialer{LocalAddr: elsewhere()}).Dial("tcp", w.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	if err := nc.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return nc
}

// TestEncryptedDownload: the content comes over an encrypted opening, with the handshake inside it or behind it,
// and is recorded as any other.
func TestEncryptedDownload(t *testing.T) {
	data := random(1, 3*mib+12345)
	tests := []struct {
		name    string
		policy  Encryption
		offer   mse.Method
		method  mse.Method
		initial int // bytes of the plain handshake in the encrypted one
	}{
		{"clear payload", EncryptionAccept, mse.Plaintext | mse.RC4, mse.Plaintext, peer.HandshakeLen},
		{"clear payload, handshake behind", EncryptionAccept, mse.Plaintext, mse.Plaintext, 0},
		{"clear payload, handshake torn", EncryptionAccept, mse.Plaintext, mse.Plaintext, 30},
		{"rc4", EncryptionAccept, mse.RC4, mse.RC4, peer.HandshakeLen},
		{"rc4, handshake torn", "", mse.RC4, mse.RC4, 30},
		{"rc4 required", EncryptionRequire, mse.Plaintext | mse.RC4, mse.RC4, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, worldOptions{seeder: Options{Encryption: tt.policy}})
			to := w.put(t, "object", data)
			for _, h := range []torrent.InfoHash{to.InfoHash, to.As(torrent.V2).InfoHash, to.As(torrent.Hybrid).InfoHashV2.Truncate()} {
				first := hello(h)
				s, err := mse.Initiate(dialRaw(t, w), h, tt.offer, first[:tt.initial])
				if err != nil {
					t.Fatal(err)
				}
				if s.Method != tt.method {
					t.Errorf("got method %d, want method %d", s.Method, tt.method)
				}
				c := &client{t: t, nc: behind(s.Initial, s.Conn)}
				c.in = peer.NewReader(c.nc, make([]byte, 64<<10), peer.ReaderOptions{MaxBlock: peer.MaxRequest})
				c.send(first[tt.initial:])
				c.handshake()
				c.send(peer.AppendInterested(nil))
				for c.next().ID != peer.MsgUnchoke {
				}
				_, before := w.meter.sums()
				c.download(to, data, 16*kib, 100)
				eventually(t, "recorded", func() bool { _, now := w.meter.sums(); return now-before == int64(len(data)) })
			}
			if got, want := w.seeder.Stats().Encrypted, int64(3); tt.method == mse.RC4 && got != want {
				t.Errorf("%d encrypted connections, want %d", got, want)
			}
		})
	}
}

// TestEncryptedRefusals: an encrypted opening learns no more than a plain one.
func TestEncryptedRefusals(t *testing.T) {
	w := newWorld(t, worldOptions{seeder: Options{HandshakeTimeout: 300 * time.Millisecond}})
	private := w.put(t, "private", []byte("private content"))
	if err := w.store.SetACL(t.Context(), w.bucket, "private", object.VersionRef{}, acl(t, access.CannedPrivate), object.Requester{}); err != nil {
		t.Fatal(err)
	}
	public := w.put(t, "public", []byte("content"))
	initiate := func(h torrent.InfoHash, initial []byte) func(net.Conn) {
		return func(nc net.Conn) {
			if s, err := mse.Initiate(nc, h, mse.Plaintext, initial); err == nil {
				nc = s.Conn
			}
			io.Copy(io.Discard, nc)
		}
	}
	say := func(b []byte) func(net.Conn) {
		return func(nc net.Conn) {
			nc.Write(b)
			io.Copy(io.Discard, nc)
		}
	}
	for _, tt := range []struct {
		name string
		talk func(net.Conn)
		want Reason
	}{
		{"unknown", initiate(torrent.InfoHash{1}, nil), UnknownTorrent},
		{"private", initiate(private.InfoHash, nil), UnknownTorrent},
		{"another torrent inside", initiate(public.InfoHash, hello(torrent.InfoHash{1})), BadMessage},
		{"junk", say(random(9, 2000)), NotBitTorrent},
		{"silence after the key", say(random(9, 96)), HandshakeTimeout},
		{"half a key", say(random(9, 95)), HandshakeTimeout},
		{"no plain handshake", initiate(public.InfoHash, nil), HandshakeTimeout},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := w.seeder.Stats().Closed[tt.want]
			tt.talk(dialRaw(t, w))
			eventually(t, tt.want.String(), func() bool { return w.seeder.Stats().Closed[tt.want] == before+1 })
		})
	}
}

// TestEncryptionRequired: a plain opening is refused without an answer.
func TestEncryptionRequired(t *testing.T) {
	w := newWorld(t, worldOptions{seeder: Options{Encryption: EncryptionRequire}})
	to := w.put(t, "public", []byte("content"))
	nc := dialRaw(t, w)
	if _, err := nc.Write(hello(to.InfoHash)); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(nc); len(got) != 0 || err != nil && !isNetwork(err) {
		t.Errorf("answer %x, %v", got, err)
	}
	eventually(t, "closed", func() bool { return w.seeder.Stats().Closed[NotBitTorrent] == 1 })
}

// TestExchangesAreBounded: one address begins as many as it likes while few do, and cannot keep others from theirs.
func TestExchangesAreBounded(t *testing.T) {
	var e exchanges
	now := time.Unix(1000, 0)
	crowd, late := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	begin := func(n int, from func(i int) netip.Addr) {
		t.Helper()
		for i := range n {
			if !e.begin(from(i), now) {
				t.Fatalf("exchange %d of %d was refused", i, n)
			}
		}
	}
	begin(freeExchanges, func(int) netip.Addr { return crowd })
	if e.begin(crowd, now) {
		t.Error("one address began too many in a second")
	}
	begin(maxExchangesPerSite, func(int) netip.Addr { return late })
	if e.begin(late, now) {
		t.Error("another address began too many in a second")
	}
	begin(maxExchanges-freeExchanges-maxExchangesPerSite, func(i int) netip.Addr {
		return netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
	})
	last := netip.MustParseAddr("192.0.2.3")
	if e.begin(last, now) {
		t.Error("too many began in a second")
	}
	if !e.begin(crowd, now.Add(time.Second)) || !e.begin(last, now.Add(time.Second)) {
		t.Error("refused in the next second")
	}
}

// TestHalfOpenExchanges: strangers who begin a key exchange and fall silent take nobody's place, of those either who
// begin encrypted.
func TestHalfOpenExchanges(t *testing.T) {
	const strangers = 300
	w := newWorld(t, worldOptions{seeder: Options{HandshakeTimeout: time.Hour}}) // nobody is let go meanwhile
	data := random(1, mib+12345)
	to := w.put(t, "object", data)
	key := random(9, 96)
	for range strangers {
		if _, err := dialRaw(t, w).Write(key); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "all are in", func() bool { return w.seeder.Stats().Conns == strangers })
	open(t, w, to.InfoHash, allReserved).download(to, data, 16*kib, 100)
	first := hello(to.InfoHash)
	s, err := mse.Initiate(dialRaw(t, w), to.InfoHash, mse.RC4, first)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(behind(s.Initial, s.Conn), first); err != nil {
		t.Errorf("an encrypted peer is not greeted: %v", err)
	}
}

// recordingVector is a stream that writes many buffers at once.
type recordingVector struct {
	net.Conn
	wrote [][]byte
}

func (r *recordingVector) WriteBuffers(v *net.Buffers) (int64, error) {
	r.wrote = *v
	return 0, nil
}

// TestEarlyWritesAtOnce: a stream of which some was read before its time is written to as any other.
func TestEarlyWritesAtOnce(t *testing.T) {
	stream := &recordingVector{}
	if _, err := writeVector(behind([]byte("early"), stream), &net.Buffers{{1}, {2}}); err != nil || len(stream.wrote) != 2 {
		t.Errorf("got %v, %v, want both buffers at once", stream.wrote, err)
	}
}

// TestEarly: what was read before its time comes first.
func TestEarly(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	go func() {
		far.Write([]byte("world"))
		far.Close()
	}()
	got, err := io.ReadAll(behind([]byte("hello "), near))
	if err != nil || !bytes.Equal(got, []byte("hello world")) {
		t.Errorf("got %q, %v", got, err)
	}
	if behind(nil, near) != near {
		t.Error("nothing read early needs no wrapping")
	}
}
