package swarm

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"shoal/core/fault"
	"shoal/wire/peer"
	"shoal/wire/tracker"
)

func TestJoinLimits(t *testing.T) {
	r, _ := newTestRegistry(t, everyone, Options{MaxMembers: 4, MaxMembersPerIP: 2})
	first, _ := join(t, r, "203.0.113.1:1")
	join(t, r, "203.0.113.1:2")
	s := first.s
	_, err := s.Join(&fakeConn{addr: netip.MustParseAddrPort("[::ffff:203.0.113.1]:3")})
	wantKind(t, "third of one address", err, fault.SlowDown)
	first.Leave()
	first.Leave()
	join(t, r, "203.0.113.1:3")
	join(t, r, "[2001:db8::1]:1")
	join(t, r, "[2001:db8::2]:1")
	_, err = s.Join(&fakeConn{addr: netip.MustParseAddrPort("192.0.2.1:1")})
	wantKind(t, "fifth of the swarm", err, fault.SlowDown)
	if got := r.Stats().Members; got != 4 {
		t.Errorf("%d members, want 4", got)
	}
	r, _ = newTestRegistry(t, everyone, Options{MaxMembersPerIP: 1})
	m, _ := join(t, r, "[2001:db8::1]:1")
	_, err = m.s.Join(&fakeConn{addr: netip.MustParseAddrPort("[2001:db8::2]:1")})
	wantKind(t, "second of one /64", err, fault.SlowDown)
}

func TestRefusedAddressGetsNoSwarm(t *testing.T) {
	r, _ := newTestRegistry(t, officeOnly, Options{})
	m, _ := join(t, r, "198.51.100.1:1")
	stranger := netip.MustParseAddrPort("203.0.113.1:1")
	if m.s.Allows(stranger.Addr()) || !m.s.Allows(netip.MustParseAddr("::ffff:198.51.100.2")) {
		t.Error("Allows does not follow the policy's address range")
	}
	_, err := r.Swarm(t.Context(), testHash, stranger.Addr())
	wantKind(t, "lookup", err, fault.NoTorrent)
	_, err = m.s.Join(&fakeConn{addr: stranger})
	wantKind(t, "join", err, fault.NoTorrent)
}

func TestReplicas(t *testing.T) {
	r, _ := newTestRegistry(t, everyone, Options{})
	a, _ := join(t, r, "203.0.113.1:1")
	b, _ := join(t, r, "203.0.113.2:1")
	s := a.s
	steps := []struct {
		name string
		do   func()
		want [testPieces]int64
	}{
		{"nothing", func() {}, [testPieces]int64{}},
		{"bitfield", func() { a.SetBitfield([]byte{0x81, 0x40}) }, [testPieces]int64{0: 1, 7: 1, 9: 1}},
		{"have", func() { b.Have(0); b.Have(0); b.Have(3) }, [testPieces]int64{0: 2, 3: 1, 7: 1, 9: 1}},
		{"out of range", func() { b.Have(testPieces); b.Have(-1) }, [testPieces]int64{0: 2, 3: 1, 7: 1, 9: 1}},
		{"bitfield again, spare bits set", func() { a.SetBitfield([]byte{0x01, 0x3f, 0xff}) }, [testPieces]int64{0: 1, 3: 1, 7: 1}},
		{"short bitfield", func() { a.SetBitfield([]byte{0x80}) }, [testPieces]int64{0: 2, 3: 1}},
		{"all", func() { a.HaveAll(); a.HaveAll(); a.Have(2) }, [testPieces]int64{2, 1, 1, 2, 1, 1, 1, 1, 1, 1}},
		{"one by one to all", func() {
			for i := range int64(testPieces) {
				b.Have(i)
			}
		}, [testPieces]int64{2, 2, 2, 2, 2, 2, 2, 2, 2, 2}},
		{"none", func() { a.HaveNone() }, [testPieces]int64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
		{"left", func() { b.Leave(); b.HaveAll() }, [testPieces]int64{}},
	}
	for _, step := range steps {
		step.do()
		for i, want := range step.want {
			if got := s.Replicas(int64(i)); got != want {
				t.Errorf("%s: piece %d: got %d, want %d", step.name, i, got, want)
			}
		}
		if step.name == "one by one to all" && !b.Complete() {
			t.Error("a member that has every piece is not complete")
		}
	}
	if s.Replicas(-1) != 0 || s.Replicas(testPieces) != 0 {
		t.Error("pieces out of range have replicas")
	}
}

func TestPEX(t *testing.T) {
	now := time.Unix(1e9, 0)
	r, _ := newTestRegistry(t, everyone, Options{MaxMembersPerIP: 1000})
	me, _ := join(t, r, "203.0.113.1:1")
	if _, ok := me.PEX(now); ok {
		t.Error("alone: got a message, want none")
	}
	join(t, r, "203.0.113.99:1") // never says where it listens
	lan, _ := join(t, r, "10.0.0.1:1")
	lan.SetListenAddr(netip.MustParseAddrPort("203.0.113.66:6881")) // the claimed address is not believed
	seed, _ := join(t, r, "203.0.113.2:1")
	seed.SetListenAddr(netip.MustParseAddrPort("10.9.9.9:6882"))
	seed.HaveAll()
	if _, ok := me.PEX(now); ok {
		t.Error("others are about to come: got a message, want none")
	}
	now = now.Add(pexGather)
	got, ok := me.PEX(now)
	want := peer.PEXPeer{Addr: netip.MustParseAddrPort("203.0.113.2:6882"), Flags: peer.PEXSeed}
	if !ok || len(got.Added) != 1 || got.Added[0] != want || len(got.Dropped) != 0 {
		t.Fatalf("first: got %+v, %v, want %+v added", got, ok, want)
	}
	var many []*Member
	for i := range 70 {
		m, _ := join(t, r, fmt.Sprintf("203.0.113.3:%d", i+1))
		m.SetListenAddr(netip.AddrPortFrom(netip.Addr{}, uint16(7000+i)))
		many = append(many, m)
	}
	seed.Leave()
	if _, ok := me.PEX(now.Add(59 * time.Second)); ok {
		t.Error("after 59 s: got a message, want none")
	}
	got, ok = me.PEX(now.Add(60 * time.Second))
	if !ok || len(got.Added) != pexMaxChanges || len(got.Dropped) != 1 || got.Dropped[0] != want.Addr {
		t.Errorf("after 60 s: got %d added and %v dropped, want %d and the seed", len(got.Added), got.Dropped, pexMaxChanges)
	}
	if got, _ = me.PEX(now.Add(2 * time.Minute)); len(got.Added) != len(many)-pexMaxChanges {
		t.Errorf("then: got %d added, want the other %d", len(got.Added), len(many)-pexMaxChanges)
	}
	if _, ok := me.PEX(now.Add(3 * time.Minute)); ok {
		t.Error("nothing changed: got a message, want none")
	}
	if got, _ := lan.PEX(now); len(got.Added) != pexMaxChanges {
		t.Errorf("a private peer was told of %d, want %d public ones", len(got.Added), pexMaxChanges)
	}
}

func TestOffer(t *testing.T) {
	r, _ := newTestRegistry(t, everyone, Options{})
	m, _ := join(t, r, "203.0.113.1:1")
	m.Sent(0, 100, time.Now())
	if got, want := m.Greeting(), (Greeting{Unchoke: true}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := r.Stats().SentBytes; got != 100 || m.s.SentBytes() != 100 {
		t.Errorf("sent %d and %d, want 100", got, m.s.SentBytes())
	}
}

// TestConcurrently lets everything happen at once; the race detector and the sums at the end judge it.
func TestConcurrently(t *testing.T) {
	r, src := newTestRegistry(t, everyone, Options{Recheck: time.Millisecond, Linger: time.Millisecond, MaxMembers: 20})
	open := testTorrent(t, 1, everyone)
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error)
	go func() { ran <- r.Run(ctx) }()
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			for i := range 300 {
				addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, byte(g), byte(i)}), uint16(1+i))
				visit(r, addr, i)
				switch i % 50 {
				case 20:
					src.set()
				case 21:
					src.set(open)
				}
			}
		})
	}
	wg.Wait()
	src.set()
	for _, s := range r.Swarms() {
		if err := r.recheck(ctx, s); err != nil {
			t.Errorf("recheck = %v, want nil", err)
		}
	}
	cancel()
	if err := <-ran; err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
	if got := r.Stats(); got.Members != 0 || got.Peers != 0 || len(r.perIP) != 0 {
		t.Errorf("Stats = %+v and %d addresses, want nobody", got, len(r.perIP))
	}
}

// visit is a peer that announces, connects, and leaves.
func visit(r *Registry, addr netip.AddrPort, i int) {
	ctx := context.Background()
	_, _ = r.Announce(ctx, testHash, Announce{Peer: addr, Left: int64(i % 2), NumWant: -1, Event: tracker.Event(i % 5)}, nil)
	s, err := r.Swarm(ctx, testHashV2.Truncate(), addr.Addr())
	if err != nil {
		return // shut at the moment
	}
	m, err := s.Join(&fakeConn{addr: addr})
	if err != nil {
		return
	}
	m.SetListenAddr(addr)
	m.Have(int64(i % testPieces))
	m.PEX(time.Now())
	if i%3 == 0 {
		m.HaveAll()
	}
	m.Leave()
}

func BenchmarkAnnounce(b *testing.B) {
	r, _ := newTestRegistry(b, everyone, Options{})
	for i := range 10000 {
		announce(r, fmt.Sprintf("203.0.%d.%d:1000", i>>8, i&255), int64(i%2), tracker.Started)
	}
	a := Announce{Left: 1, NumWant: 50, OwnFamilyOnly: true}
	var dst []tracker.Peer
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		a.Peer = netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, byte(i>>8) % 39, byte(i)}), 1000)
		reply, err := r.Announce(context.Background(), testHash, a, dst[:0])
		if err != nil {
			b.Fatal(err)
		}
		dst = reply.Peers
		i++
	}
}
