package swarm

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"shoal/core/fault"
	"shoal/core/object"
	"shoal/wire/torrent"
	"shoal/wire/tracker"
)

// announce is one announce of the test torrent.
func announce(r *Registry, from string, left int64, event tracker.Event) (Reply, error) {
	return r.Announce(context.Background(), testHash, Announce{
		Peer: netip.MustParseAddrPort(from), Left: left, Event: event, NumWant: tracker.NumWantDefault,
	}, nil)
}

// named are the addresses in a reply, sorted.
func named(reply Reply) []string {
	var list []string
	for _, p := range reply.Peers {
		list = append(list, p.Addr.String())
	}
	slices.Sort(list)
	return list
}

func TestAnnounceCounts(t *testing.T) {
	r, _ := newTestRegistry(t, everyone, Options{})
	steps := []struct {
		from  string
		left  int64
		event tracker.Event
		want  Counts
	}{
		{"203.0.113.1:1", 40, tracker.Started, Counts{1, 1, 0}},
		{"203.0.113.1:1", tracker.LeftUnknown, tracker.None, Counts{1, 1, 0}},
		{"203.0.113.1:2", tracker.LeftUnknown, tracker.Started, Counts{1, 2, 0}}, // another port is another peer
		{"[2001:db8::1]:1", 0, tracker.Started, Counts{2, 2, 0}},
		{"203.0.113.1:1", 0, tracker.Completed, Counts{3, 1, 1}},
		{"203.0.113.1:1", 0, tracker.Completed, Counts{3, 1, 1}}, // told twice, counted once
		{"203.0.113.1:2", tracker.LeftUnknown, tracker.Completed, Counts{4, 0, 2}},
		{"203.0.113.9:1", 7, tracker.Paused, Counts{4, 1, 2}},
		{"203.0.113.1:1", 0, tracker.Stopped, Counts{3, 1, 2}},
		{"203.0.113.1:1", 0, tracker.Stopped, Counts{3, 1, 2}},
		{"[::ffff:203.0.113.9]:1", 7, tracker.Stopped, Counts{3, 0, 2}}, // the same peer through the other socket
		{"0.0.0.0:1", 7, tracker.Started, Counts{3, 0, 2}},
		{"224.0.0.1:1", 7, tracker.Started, Counts{3, 0, 2}},
	}
	for i, step := range steps {
		reply, err := announce(r, step.from, step.left, step.event)
		if err != nil || reply.Counts != step.want {
			t.Fatalf("step %d: got %+v, %v, want %+v", i, reply.Counts, err, step.want)
		}
	}
	got, err := r.Scrape(t.Context(), testHashV2.Truncate(), netip.MustParseAddr("203.0.113.1"))
	if want := steps[len(steps)-1].want; err != nil || got != want {
		t.Errorf("scrape by the v2 hash: got %+v, %v, want %+v", got, err, want)
	}
}

// TestKindsAreApart: the torrents of one version have a swarm for each kind, and peers of one are not named to
// another's; the two hashes of the hybrid one are one swarm.
func TestKindsAreApart(t *testing.T) {
	hybrid := testTorrent(t, 1, everyone)
	v1, v2 := *hybrid, *hybrid
	v1.Kind, v1.InfoHash, v1.InfoHashV2 = torrent.V1, torrent.InfoHash{10}, torrent.InfoHashV2{}
	v2.Kind, v2.InfoHashV2 = torrent.V2, torrent.InfoHashV2{20}
	v2.InfoHash = v2.InfoHashV2.Truncate()
	src := &fakeSource{}
	src.set(&v1, hybrid, &v2)
	r := New(src, Options{})
	for i, step := range []struct {
		h    torrent.InfoHash
		want []string
	}{
		{v1.InfoHash, nil},
		{testHash, nil},
		{v2.InfoHash, nil},
		{v1.InfoHash, []string{"203.0.113.0:1"}},
		{testHashV2.Truncate(), []string{"203.0.113.1:1"}},
		{v2.InfoHash, []string{"203.0.113.2:1"}},
	} {
		reply, err := r.Announce(t.Context(), step.h, Announce{
			Peer: netip.MustParseAddrPort(fmt.Sprintf("203.0.113.%d:1", i)), Left: 1, NumWant: tracker.NumWantDefault,
		}, nil)
		if got := named(reply); err != nil || !slices.Equal(got, step.want) {
			t.Errorf("announce %d: got %v, %v, want %v", i, got, err, step.want)
		}
	}
	r.recheckAll(t.Context())
	if got := r.Stats(); got.Swarms != 3 || got.Peers != 6 {
		t.Errorf("got %+v, want 3 swarms of 2 peers", got)
	}
	for _, of := range []*object.Torrent{&v1, hybrid, &v2} {
		s, err := r.Swarm(t.Context(), of.InfoHash, netip.MustParseAddr("203.0.113.1"))
		if err != nil || s.Torrent().Kind != of.Kind {
			t.Errorf("swarm of kind %v: got %+v, %v", of.Kind, s, err)
		}
	}
}

// TestOneSwarmForBothHashes: v1 and v2 peers meet.
func TestOneSwarmForBothHashes(t *testing.T) {
	r, _ := newTestRegistry(t, everyone, Options{})
	for i, h := range []torrent.InfoHash{testHash, testHashV2.Truncate()} {
		a := Announce{Peer: netip.AddrPortFrom(netip.MustParseAddr("203.0.113.1"), uint16(1+i)), Left: 1, NumWant: -1}
		reply, err := r.Announce(t.Context(), h, a, nil)
		if want := i % 2; err != nil || len(reply.Peers) != want {
			t.Errorf("announce %d: got %v, %v, want %d peers", i, reply.Peers, err, want)
		}
	}
	if got := r.Stats().Swarms; got != 1 {
		t.Errorf("%d swarms, want 1", got)
	}
}

func TestScrapeMakesNoSwarm(t *testing.T) {
	r, _ := newTestRegistry(t, everyone, Options{})
	got, err := r.Scrape(t.Context(), testHash, netip.MustParseAddr("203.0.113.1"))
	if err != nil || got != (Counts{Complete: 1}) || r.Stats().Swarms != 0 {
		t.Errorf("got %+v, %v and %d swarms, want the origin alone and none", got, err, r.Stats().Swarms)
	}
}

func TestAnnounceNames(t *testing.T) {
	origin := []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:6881")}
	seeds := []string{"203.0.113.1:1", "[2001:db8::1]:1"}
	leechers := []string{"203.0.113.2:2", "10.0.0.2:2", "127.0.0.1:2", "100.64.0.2:2", "169.254.0.2:2", "[fe80::2]:2", "[fd00::2]:2"}
	tests := []struct {
		name  string
		a     Announce
		want  []string
		first string // the origin, when it is named
	}{
		{
			"leecher",
			Announce{Peer: netip.MustParseAddrPort("203.0.113.9:9"), Left: 1, NumWant: -1},
			[]string{"192.0.2.1:6881", "203.0.113.1:1", "203.0.113.2:2", "[2001:db8::1]:1"},
			"192.0.2.1:6881",
		},
		{
			"own family",
			Announce{Peer: netip.MustParseAddrPort("203.0.113.9:9"), Left: 1, NumWant: -1, OwnFamilyOnly: true},
			[]string{"192.0.2.1:6881", "203.0.113.1:1", "203.0.113.2:2"},
			"192.0.2.1:6881",
		},
		{"seed", Announce{Peer: netip.MustParseAddrPort("203.0.113.9:9"), NumWant: -1}, []string{"203.0.113.2:2"}, ""},
		{
			"seed or magnet link alone",
			Announce{Peer: netip.MustParseAddrPort("203.0.113.9:9"), Event: tracker.Started, NumWant: -1},
			[]string{"192.0.2.1:6881", "203.0.113.1:1", "203.0.113.2:2", "[2001:db8::1]:1"},
			"192.0.2.1:6881",
		},
		{
			"paused",
			Announce{Peer: netip.MustParseAddrPort("203.0.113.9:9"), Left: 1, Event: tracker.Paused, NumWant: -1},
			[]string{"203.0.113.2:2"},
			"",
		},
		{
			"private",
			Announce{Peer: netip.MustParseAddrPort("192.168.1.9:9"), NumWant: -1},
			[]string{"10.0.0.2:2", "203.0.113.2:2", "[fd00::2]:2"},
			"",
		},
		{"loopback", Announce{Peer: netip.MustParseAddrPort("127.0.0.9:9"), NumWant: -1}, []string{"127.0.0.1:2", "203.0.113.2:2"}, ""},
		{"carrier nat", Announce{Peer: netip.MustParseAddrPort("100.127.0.9:9"), NumWant: -1}, []string{"100.64.0.2:2", "203.0.113.2:2"}, ""},
		{
			"link local",
			Announce{Peer: netip.MustParseAddrPort("169.254.3.9:9"), NumWant: -1},
			[]string{"169.254.0.2:2", "203.0.113.2:2", "[fe80::2]:2"},
			"",
		},
		{"none wanted", Announce{Peer: netip.MustParseAddrPort("203.0.113.9:9"), Left: 1, NumWant: 0}, nil, ""},
		{"one wanted", Announce{Peer: netip.MustParseAddrPort("203.0.113.9:9"), Left: 1, NumWant: 1}, []string{"192.0.2.1:6881"}, "192.0.2.1:6881"},
		{"stopped", Announce{Peer: netip.MustParseAddrPort("203.0.113.9:9"), Left: 1, Event: tracker.Stopped, NumWant: -1}, nil, ""},
		{"not itself", Announce{Peer: netip.MustParseAddrPort("203.0.113.2:2"), NumWant: -1}, nil, ""},
	}
	for _, tt := range tests {
		r, _ := newTestRegistry(t, everyone, Options{})
		for _, s := range seeds {
			announce(r, s, 0, tracker.Started)
		}
		for _, l := range leechers {
			announce(r, l, 1, tracker.Started)
		}
		tt.a.Origin = origin
		reply, err := r.Announce(t.Context(), testHash, tt.a, nil)
		if got := named(reply); err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, %v, want %v", tt.name, got, err, tt.want)
		}
		if tt.first != "" && (len(reply.Peers) == 0 || reply.Peers[0].Addr.String() != tt.first) {
			t.Errorf("%s: the origin is not the first of %v", tt.name, reply.Peers)
		}
	}
}

func TestOriginIsNoPeerOfItself(t *testing.T) {
	r, _ := newTestRegistry(t, everyone, Options{})
	self := netip.MustParseAddrPort("192.0.2.1:6881")
	reply, err := r.Announce(t.Context(), testHash, Announce{Peer: self, Left: 1, NumWant: -1, Origin: []netip.AddrPort{self}}, nil)
	if err != nil || reply.Incomplete != 0 || len(reply.Peers) != 0 {
		t.Errorf("got %+v, %v, want neither counted nor named", reply, err)
	}
}

func TestBounds(t *testing.T) {
	const perSwarm, total = 10, 15
	r, _ := newTestRegistry(t, everyone, Options{MaxPeersPerSwarm: perSwarm, MaxPeers: total})
	for i := range 3 * perSwarm {
		announce(r, fmt.Sprintf("203.0.113.%d:1", i+1), 1, tracker.Started)
		announce(r, fmt.Sprintf("[2001:db8:%x::1]:1", i+1), 1, tracker.Started)
	}
	if got := r.Stats().Peers; got != total {
		t.Errorf("%d peers, want %d", got, total)
	}
	r, src := newTestRegistry(t, everyone, Options{MaxSwarms: 1})
	if _, err := announce(r, "203.0.113.1:1", 1, tracker.Started); err != nil {
		t.Fatal(err)
	}
	other := testTorrent(t, 2, everyone)
	other.InfoHash, other.InfoHashV2 = torrent.InfoHash{9}, torrent.InfoHashV2{8}
	src.set(other)
	_, err := r.Swarm(t.Context(), other.InfoHash, netip.MustParseAddr("203.0.113.1"))
	wantKind(t, "one swarm too many", err, fault.SlowDown)
}

// TestTwins: who announces both hashes of a hybrid torrent at once is told of the origin by the one that came first, in
// whatever order they come and to however many trackers; after a while, or after it has stopped, by either.
func TestTwins(t *testing.T) {
	r, _ := newTestRegistry(t, everyone, Options{})
	origin := netip.MustParseAddrPort("198.51.100.1:6881")
	v2 := testHashV2.Truncate()
	now := r.o.Now()
	for i, step := range []struct {
		hash   torrent.InfoHash
		event  tracker.Event
		after  time.Duration
		origin bool
	}{
		{v2, tracker.Started, 0, true},
		{testHash, tracker.Started, 0, false},
		{v2, tracker.Started, time.Second, true},
		{testHash, tracker.Started, 0, false},
		{v2, tracker.None, 0, true},
		{testHash, tracker.None, 0, true},
		{v2, tracker.Started, twinFor * time.Second, true},
		{testHash, tracker.Stopped, 0, false},
		{testHash, tracker.Started, 0, true},
		{testHash, tracker.Started, 0, true},
		{v2, tracker.Started, 0, false},
		{v2, tracker.Started, 0, false},
		{testHash, tracker.Started, 0, true},
	} {
		now = now.Add(step.after)
		reply, err := r.Announce(t.Context(), step.hash, Announce{
			Peer: netip.MustParseAddrPort("203.0.113.1:1"), Left: 7, Event: step.event, NumWant: 10, Origin: []netip.AddrPort{origin}, Now: now,
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(reply.Peers) == 1; got != step.origin {
			t.Errorf("step %d: told of the origin: %v, want %v", i, got, step.origin)
		}
	}
}
