package swarm

import (
	"fmt"
	"net/netip"
	"testing"

	"shoal/wire/tracker"
)

// crowdOfPeers announces n leechers with addresses of a format that takes a number.
func crowdOfPeers(t *testing.T, r *Registry, n int, format string) {
	t.Helper()
	for i := range n {
		if _, err := announce(r, fmt.Sprintf(format, i+1), 1, tracker.Started); err != nil {
			t.Fatal(err)
		}
	}
}

// countIn counts the peers of a reply within a prefix.
func countIn(reply Reply, prefix string) (n int) {
	for _, p := range reply.Peers {
		if netip.MustParsePrefix(prefix).Contains(p.Addr.Addr()) {
			n++
		}
	}
	return n
}

// TestNearPeersAreNamedFirst: those behind one address, then those of its network, and strangers for the rest.
func TestNearPeersAreNamedFirst(t *testing.T) {
	const want, strangers = 50, 1000
	tests := []struct {
		name       string
		same, near int // peers of the asker's address and of its /24
		event      tracker.Event
		least      int // of these in the answer
		most       int
	}{
		{"two of the same address", 2, 0, tracker.None, 2, 2},
		{"a classroom", 60, 0, tracker.None, 35, 35},
		{"classroom and network", 30, 20, tracker.Started, 30, 35},
		{"nobody", 0, 0, tracker.Started, 0, 0},
	}
	for _, tt := range tests {
		r, _ := newTestRegistry(t, everyone, Options{})
		for i := range strangers {
			announce(r, fmt.Sprintf("5.%d.%d.7:1", i>>8, i&255), 1, tracker.Started)
		}
		crowdOfPeers(t, r, tt.same, "203.0.113.9:%d")
		crowdOfPeers(t, r, tt.near, "203.0.113.1%d:1")
		reply, err := announce(r, "203.0.113.9:999", 1, tt.event)
		if err != nil || len(reply.Peers) != want {
			t.Fatalf("%s: %d peers, %v, want %d", tt.name, len(reply.Peers), err, want)
		}
		if got := countIn(reply, "203.0.113.0/24"); got < tt.least || got > tt.most {
			t.Errorf("%s: %d near peers, want %d to %d", tt.name, got, tt.least, tt.most)
		}
		wantDistinct(t, tt.name, reply, "203.0.113.9:999")
	}
}

// wantDistinct checks that nobody is named twice, nor the asker itself.
func wantDistinct(t *testing.T, name string, reply Reply, asker string) {
	t.Helper()
	seen := map[netip.AddrPort]bool{netip.MustParseAddrPort(asker): true}
	for _, p := range reply.Peers {
		if seen[p.Addr] {
			t.Errorf("%s: %v is named twice, or to itself", name, p.Addr)
		}
		seen[p.Addr] = true
	}
}

// TestWholeNetworkIsNamed: where nobody else is, the share of near peers is no bound.
func TestWholeNetworkIsNamed(t *testing.T) {
	for _, n := range []int{10, 45} {
		r, _ := newTestRegistry(t, everyone, Options{})
		crowdOfPeers(t, r, n, "203.0.113.9:%d")
		reply, err := announce(r, "203.0.113.9:999", 1, tracker.Started)
		if err != nil || len(reply.Peers) != n {
			t.Errorf("%d peers behind one address: %d named, %v", n, len(reply.Peers), err)
		}
		wantDistinct(t, "one address", reply, "203.0.113.9:999")
	}
}

// TestAnswersAreRandom: whoever asks again learns of others, and everyone is named about equally often.
func TestAnswersAreRandom(t *testing.T) {
	const n, rounds = 200, 400
	for _, event := range []tracker.Event{tracker.None, tracker.Started} {
		r, _ := newTestRegistry(t, everyone, Options{})
		crowdOfPeers(t, r, n, "5.5.%d.7:1")
		named := map[netip.AddrPort]int{}
		for i := range rounds {
			reply, err := announce(r, fmt.Sprintf("203.0.%d.9:1", i%100), 1, event)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range reply.Peers {
				named[p.Addr]++
			}
		}
		const mean = rounds * numWantDefault / (n + 100)
		for i := range n {
			a := netip.MustParseAddrPort(fmt.Sprintf("5.5.%d.7:1", i+1))
			if got := named[a]; got < mean/3 || got > mean*3 {
				t.Errorf("%v: %v is named %d times, want about %d", event, a, got, mean)
			}
		}
	}
}

// TestHostPushesOutItself: who announces from every port keeps the last ones, and no other peer goes.
func TestHostPushesOutItself(t *testing.T) {
	const others, ports = 100, 1000
	for _, format := range []string{"203.0.113.9:%d", "[2001:db8::%x]:1"} {
		r, _ := newTestRegistry(t, everyone, Options{MaxPeersPerSwarm: others + maxPeersPerHost})
		crowdOfPeers(t, r, others, "5.5.%d.7:1")
		crowdOfPeers(t, r, ports, format)
		if got := r.Stats().Peers; got != others+maxPeersPerHost {
			t.Errorf("%s: %d peers, want %d", format, got, others+maxPeersPerHost)
		}
		s := r.live(testHash)
		for i := range others {
			if s.peers4.find(pack4(netip.MustParseAddrPort(fmt.Sprintf("5.5.%d.7:1", i+1)))) < 0 {
				t.Fatalf("%s: the flood of one host has pushed out another", format)
			}
		}
	}
}

// TestLocalHints: a claimed private address is told to those behind the same address, and to nobody else.
func TestLocalHints(t *testing.T) {
	r, _ := newTestRegistry(t, everyone, Options{})
	claim := func(from, local string, event tracker.Event) {
		a := Announce{Peer: netip.MustParseAddrPort(from), Left: 1, NumWant: 0, Event: event}
		if local != "" {
			a.Local = netip.MustParseAddrPort(local)
		}
		if _, err := r.Announce(t.Context(), testHash, a, nil); err != nil {
			t.Fatal(err)
		}
	}
	claim("203.0.113.9:1", "192.168.1.5:6881", tracker.Started)
	claim("203.0.113.9:2", "198.51.100.66:80", tracker.Started) // a victim
	claim("203.0.113.9:3", "192.168.1.7:6881", tracker.Started)
	claim("203.0.113.9:3", "", tracker.None) // taken back
	claim("[2001:db8::9]:4", "[fd00::9]:6881", tracker.Started)
	for _, tt := range []struct {
		from string
		want []string
	}{
		{"203.0.113.9:99", []string{"192.168.1.5:6881", "203.0.113.9:2", "203.0.113.9:3", "[2001:db8::9]:4"}},
		{"203.0.113.8:99", []string{"203.0.113.9:1", "203.0.113.9:2", "203.0.113.9:3", "203.0.113.9:99", "[2001:db8::9]:4"}},
		{"[2001:db8::77]:99", []string{"203.0.113.8:99", "203.0.113.9:1", "203.0.113.9:2", "203.0.113.9:3", "203.0.113.9:99", "[fd00::9]:6881"}},
	} {
		reply, err := announce(r, tt.from, 1, tracker.Started)
		if got := named(reply); err != nil || fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%s: got %v, %v, want %v", tt.from, got, err, tt.want)
		}
	}
	claim("203.0.113.9:1", "192.168.1.5:6881", tracker.Stopped)
	for i := range 2 * maxHints {
		claim(fmt.Sprintf("5.5.%d.%d:1", i>>8, i&255), "10.0.0.1:1", tracker.Started)
	}
	if got := len(r.live(testHash).peers4.hints); got != maxHints {
		t.Errorf("%d hints kept, want %d", got, maxHints)
	}
}

// TestOriginIsWithheld: from newcomers while enough others have everything, and from everyone while it is full.
func TestOriginIsWithheld(t *testing.T) {
	for _, tt := range []struct {
		name           string
		seeds, peers   int // announced
		members        int // of at most 5
		newcomer, late bool
	}{
		{"young", 1, 30, 0, true, true},
		{"few", 2, 17, 0, true, true},
		{"healthy", 2, 18, 0, false, true},
		{"full", 0, 0, 5, false, false},
		{"nearly full", 0, 0, 4, true, true},
	} {
		r, _ := newTestRegistry(t, everyone, Options{MaxMembers: 5})
		for i := range tt.seeds {
			announce(r, fmt.Sprintf("5.5.5.%d:1", i+1), 0, tracker.None)
		}
		crowdOfPeers(t, r, tt.peers, "5.5.%d.7:1")
		for i := range tt.members {
			join(t, r, fmt.Sprintf("5.6.7.%d:1", i+1))
		}
		for _, ask := range []struct {
			event tracker.Event
			want  bool
		}{{tracker.Started, tt.newcomer}, {tracker.None, tt.late}} {
			origin := netip.MustParseAddrPort("192.0.2.1:6881")
			reply, err := r.Announce(t.Context(), testHash, Announce{
				Peer: netip.MustParseAddrPort("203.0.113.9:9"), Left: 1, NumWant: 50, Event: ask.event, Origin: []netip.AddrPort{origin},
			}, nil)
			if got := len(reply.Peers) > 0 && reply.Peers[0].Addr == origin; err != nil || got != ask.want {
				t.Errorf("%s, %v: the origin is named: %v, %v, want %v", tt.name, ask.event, got, err, ask.want)
			}
		}
	}
}
