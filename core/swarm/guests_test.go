package swarm

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/core/object"
	"shoal/wire/mse"
	"shoal/wire/torrent"
	"shoal/wire/tracker"
)

// fakeGuests lets those in who have one of its tokens.
type fakeGuests struct {
	mu     sync.Mutex
	tokens []string
	fault  error // what every call answers, when set
}

func (f *fakeGuests) MayJoin(_ context.Context, token string, _ *object.Torrent, _ access.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fault != nil || slices.Contains(f.tokens, token) {
		return f.fault
	}
	return fault.New("join", "", fault.AccessDenied, nil)
}

// set replaces the tokens that are good, and the fault.
func (f *fakeGuests) set(err error, tokens ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tokens, f.fault = tokens, err
}

// newPrivateRegistry returns a registry over one private torrent, of an object that nobody may read in public.
func newPrivateRegistry(tb testing.TB, tokens ...string) (*Registry, *fakeSource, *fakeGuests) {
	tb.Helper()
	src, guests := &fakeSource{}, &fakeGuests{tokens: tokens}
	src.set(privateTorrent(tb))
	return New(maskedSource{src}, Options{Guests: guests}), src, guests
}

func privateTorrent(tb testing.TB) *object.Torrent {
	t := testTorrent(tb, 1, nobody)
	t.Private = true
	return t
}

// announceAs is announce with a token.
func announceAs(r *Registry, token, from string, event tracker.Event) (Reply, error) {
	return r.Announce(context.Background(), testHash, Announce{
		Peer: netip.MustParseAddrPort(from), Left: 1, Event: event, NumWant: tracker.NumWantDefault, Token: token,
	}, nil)
}

func TestPrivateSwarmIsForGuests(t *testing.T) {
	r, _, _ := newPrivateRegistry(t, "ann", "bob")
	ask := func(from string) []error {
		at := netip.MustParseAddr(from)
		_, connect := r.Swarm(t.Context(), testHash, at)
		_, scrape := r.Scrape(t.Context(), testHash, at)
		_, unmask := r.Unmask(t.Context(), mse.Obfuscated(testHash), at)
		return []error{connect, scrape, unmask}
	}
	for i, err := range ask("203.0.113.1") {
		wantKind(t, fmt.Sprintf("before any announce, question %d", i), err, fault.NoTorrent)
	}
	for _, token := range []string{"", "eve"} {
		_, err := announceAs(r, token, "203.0.113.1:1", tracker.Started)
		wantKind(t, fmt.Sprintf("announce with token %q", token), err, fault.NoTorrent)
	}
	if got := r.Stats(); got.Swarms != 0 {
		t.Errorf("%d swarms made for strangers", got.Swarms)
	}
	for _, step := range []struct {
		token, from string
		want        []string
	}{
		{"ann", "203.0.113.1:1", nil},
		{"bob", "203.0.113.2:2", []string{"203.0.113.1:1"}},
		{"ann", "203.0.113.1:1", []string{"203.0.113.2:2"}},
		{"bob", "[2001:db8::1]:3", []string{"203.0.113.1:1", "203.0.113.2:2"}},
	} {
		reply, err := announceAs(r, step.token, step.from, tracker.Started)
		if err != nil || !slices.Equal(named(reply), step.want) {
			t.Errorf("announce of %s: got %v, %v, want %v", step.from, named(reply), err, step.want)
		}
	}
	for _, from := range []string{"203.0.113.1", "203.0.113.2", "::ffff:203.0.113.2", "2001:db8::1"} {
		for i, err := range ask(from) {
			if err != nil {
				t.Errorf("guest %s, question %d: %v", from, i, err)
			}
		}
	}
	for i, err := range ask("203.0.113.3") {
		wantKind(t, fmt.Sprintf("no guest, question %d", i), err, fault.NoTorrent)
	}
	for _, token := range []string{"", "eve"} {
		_, err := announceAs(r, token, "203.0.113.1:1", tracker.None)
		wantKind(t, fmt.Sprintf("a guest's address with token %q", token), err, fault.NoTorrent)
	}
	wantKind(t, "WebSocket", r.Verify(t.Context(), testHash, netip.MustParseAddr("203.0.113.1")), fault.NoTorrent)
	s := r.live(testHash)
	_, err := s.Join(&fakeConn{addr: netip.MustParseAddrPort("203.0.113.3:1")})
	wantKind(t, "join of a stranger", err, fault.NoTorrent)
}

// TestPrivatePeersComeFromTheTracker: BEP 27.
func TestPrivatePeersComeFromTheTracker(t *testing.T) {
	r, _, _ := newPrivateRegistry(t, "ann")
	var members []*Member
	for i := range 2 * pexEnough {
		addr := fmt.Sprintf("203.0.113.%d:1", i+1)
		if _, err := announceAs(r, "ann", addr, tracker.Started); err != nil {
			t.Fatal(err)
		}
		m, _ := join(t, r, addr)
		m.SetListenAddr(m.addr)
		members = append(members, m)
	}
	if got, ok := members[0].PEX(time.Now()); ok {
		t.Errorf("PEX: got %+v, want nothing", got)
	}
	if got := members[0].Find(members[1].addr); got != nil {
		t.Errorf("Find: got %v, want nobody", got)
	}
}

func TestGuestsAreRevokedWithinASecond(t *testing.T) {
	tests := []struct {
		name   string
		revoke func(src *fakeSource, g *fakeGuests)
		gone   []string // addresses that have to go
	}{
		{"nothing", func(*fakeSource, *fakeGuests) {}, nil},
		{"one token", func(_ *fakeSource, g *fakeGuests) { g.set(nil, "bob", "both") }, []string{"203.0.113.1:1"}},
		{"one of two at an address", func(_ *fakeSource, g *fakeGuests) { g.set(nil, "ann", "bob") }, nil},
		{"both at an address", func(_ *fakeSource, g *fakeGuests) { g.set(nil, "ann") }, []string{"203.0.113.2:2"}},
		{"everyone", func(_ *fakeSource, g *fakeGuests) { g.set(nil) }, []string{"203.0.113.1:1", "203.0.113.2:2"}},
		{"object deleted", func(src *fakeSource, _ *fakeGuests) { src.set() }, []string{"203.0.113.1:1", "203.0.113.2:2"}},
		{"a hiccup", func(_ *fakeSource, g *fakeGuests) { g.set(errors.New("disk")) }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, src, guests := newPrivateRegistry(t, "ann", "bob", "both")
				running(t, r)
				conns := map[string]*fakeConn{}
				for token, addr := range map[string]string{"ann": "203.0.113.1:1", "bob": "203.0.113.2:2", "both": "203.0.113.2:2"} {
					if _, err := announceAs(r, token, addr, tracker.Started); err != nil {
						t.Fatal(err)
					}
					if conns[addr] == nil {
						_, conns[addr] = join(t, r, addr)
					}
				}
				time.Sleep(10 * time.Second)
				tt.revoke(src, guests)
				time.Sleep(time.Second)
				for addr, c := range conns {
					if want := slices.Contains(tt.gone, addr); (c.closed() != nil) != want {
						t.Errorf("%s closed: %v, want %t", addr, c.closed(), want)
					}
				}
				if got, want := r.Stats(), len(conns)-len(tt.gone); got.Members != want || got.Peers != want {
					t.Errorf("got %+v, want %d members and peers", got, want)
				}
			})
		})
	}
}

// TestGuestsWithoutConnections: announced peers are held against the truth when somebody asks.
func TestGuestsWithoutConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _, guests := newPrivateRegistry(t, "ann", "bob")
		running(t, r)
		if _, err := announceAs(r, "ann", "203.0.113.1:1", tracker.Started); err != nil {
			t.Fatal(err)
		}
		guests.set(nil, "bob")
		time.Sleep(time.Second)
		reply, err := announceAs(r, "bob", "203.0.113.2:2", tracker.Started)
		if err != nil || len(reply.Peers) != 0 {
			t.Errorf("got %v, %v, want nobody", named(reply), err)
		}
		_, err = announceAs(r, "ann", "203.0.113.1:1", tracker.None)
		wantKind(t, "announce of who was a guest", err, fault.NoTorrent)
	})
}

// TestGuestsOutlastTheStore: a guest goes on while the store cannot be asked for as long as any member does.
func TestGuestsOutlastTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _, guests := newPrivateRegistry(t, "ann")
		running(t, r)
		if _, err := announceAs(r, "ann", "203.0.113.1:1", tracker.Started); err != nil {
			t.Fatal(err)
		}
		_, conn := join(t, r, "203.0.113.1:1")
		guests.set(errors.New("disk"), "ann")
		time.Sleep(maxUnverified - time.Second)
		if err := conn.closed(); err != nil {
			t.Errorf("closed by a hiccup: %v", err)
		}
		time.Sleep(2 * time.Second)
		if conn.closed() == nil {
			t.Error("not closed though nobody knows who it is")
		}
	})
}

// TestGuestsGoOnInPublic: a private swarm stays what it is when its object becomes public, and guests who have not
// announced for long are none.
func TestGuestsGoOnInPublic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, src, _ := newPrivateRegistry(t, "ann")
		running(t, r)
		if _, err := announceAs(r, "ann", "203.0.113.1:1", tracker.Started); err != nil {
			t.Fatal(err)
		}
		_, conn := join(t, r, "203.0.113.1:1")
		public := testTorrent(t, 1, everyone)
		public.Private = true
		src.set(public)
		time.Sleep(10 * time.Second)
		if err := conn.closed(); err != nil {
			t.Errorf("closed when the object became public: %v", err)
		}
		_, err := r.Swarm(t.Context(), testHash, netip.MustParseAddr("203.0.113.3"))
		wantKind(t, "a stranger in the private swarm", err, fault.NoTorrent)
		time.Sleep(peerTTL(r.o.Interval))
		if conn.closed() == nil {
			t.Error("still a guest without an announce")
		}
	})
}

func TestTooManyGuests(t *testing.T) {
	r, _, guests := newPrivateRegistry(t)
	var tokens []string
	for i := range maxGuests + 1 {
		tokens = append(tokens, fmt.Sprint(i))
	}
	guests.set(nil, tokens...)
	for i, token := range tokens {
		_, err := announceAs(r, token, "203.0.113.1:1", tracker.Started)
		if i < maxGuests && err != nil {
			t.Fatalf("guest %d: %v", i, err)
		}
		if i == maxGuests {
			wantKind(t, "one more", err, fault.SlowDown)
		}
	}
	if got := len(r.live(testHash).guests.all()); got != maxGuests {
		t.Errorf("got %d guests, want %d", got, maxGuests)
	}
	_, err := r.Announce(t.Context(), torrent.InfoHash{5}, Announce{Token: tokens[0], Peer: netip.MustParseAddrPort("203.0.113.1:1")}, nil)
	wantKind(t, "unknown infohash", err, fault.NoTorrent)
}

// TestTokenIsBorrowed: the memory of an announce is used again for the next one.
func TestTokenIsBorrowed(t *testing.T) {
	r, _, _ := newPrivateRegistry(t, "ann")
	memory := []byte("ann")
	for range 2 { // a new guest, and one that is known
		copy(memory, "ann")
		if _, err := announceAs(r, unsafe.String(&memory[0], len(memory)), "203.0.113.1:1", tracker.Started); err != nil {
			t.Fatal(err)
		}
		copy(memory, "bob")
		for g := range r.live(testHash).guests.all() {
			if g.token != "ann" {
				t.Errorf("the guest's token became %q", g.token)
			}
		}
	}
}
