package dht

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"

	"shoal/wire/krpc"
)

func node4(id byte, addr string) krpc.Node {
	return krpc.Node{ID: krpc.ID{id}, Addr: netip.MustParseAddrPort(addr)}
}

// TestWhereNodesMayLead: nobody leads us into networks he is not in, to other services, or twice into one network.
func TestWhereNodesMayLead(t *testing.T) {
	for _, tt := range []struct {
		teller, named string
		want          bool
	}{
		{"198.51.100.1:7000", "203.0.113.5:6881", true},
		{"198.51.100.1:7000", "203.0.113.5:53", false},
		{"198.51.100.1:7000", "203.0.113.5:0", false},
		{"198.51.100.1:7000", "127.0.0.1:6969", false},
		{"198.51.100.1:7000", "10.0.0.1:6881", false},
		{"198.51.100.1:7000", "169.254.169.254:6881", false},
		{"198.51.100.1:7000", "224.0.0.1:6881", false},
		{"198.51.100.1:7000", "0.0.0.0:6881", false},
		{"198.51.100.1:7000", "[2001:db8::1]:6881", false}, // another DHT
		{"10.0.0.2:7000", "10.0.0.1:6881", true},
		{"127.0.0.2:7000", "127.0.0.1:6881", true},
		{"[2001:db8::9]:7000", "[2001:db8:1::1]:6881", true},
		{"[2001:db8::9]:7000", "[::1]:6881", false},
		{"[2001:db8::9]:7000", "[fe80::1]:6881", false},
	} {
		l := newLookup(krpc.ID{}, []krpc.Node{node4(0xff, tt.teller)}, nil)
		c := l.next()
		l.heard(c, krpc.Reply{Sender: c.ID, Nodes: []krpc.Node{node4(1, tt.named)}})
		if got := l.next() != nil; got != tt.want {
			t.Errorf("%s names %s: asked %v, want %v", tt.teller, tt.named, got, tt.want)
		}
	}
}

func TestOneNodeOfANetwork(t *testing.T) {
	l := newLookup(krpc.ID{}, []krpc.Node{node4(1, "198.51.100.1:7000"), node4(2, "198.51.100.2:7000"), node4(3, "198.51.101.1:7000")}, nil)
	if n := len(l.candidates); n != 2 {
		t.Errorf("%d candidates of two networks", n)
	}
}

// TestLookupEnds: nodes that name ever closer ones do not lead a lookup on, nor fill its memory.
func TestLookupEnds(t *testing.T) {
	l := newLookup(krpc.ID{}, []krpc.Node{node4(0xff, "198.51.100.1:7000")}, nil)
	named := 0
	for c := l.next(); c != nil; c = l.next() {
		r := krpc.Reply{Sender: c.ID}
		for range 2 * krpc.MaxNodes {
			named++
			id := krpc.ID{0xff - byte(named>>8), 0xff - byte(named)}
			r.Nodes = append(r.Nodes, krpc.Node{ID: id, Addr: netip.MustParseAddrPort(fmt.Sprintf("20.%d.%d.1:7000", named>>8, named&0xff))})
		}
		l.heard(c, r)
		if len(l.candidates) > maxCandidates {
			t.Fatalf("%d candidates", len(l.candidates))
		}
	}
	if l.queries != maxQueries {
		t.Errorf("%d queries, want the bound %d", l.queries, maxQueries)
	}
}

// TestStores: the closest with a token are told, those with IDs that BEP 42 grants first.
func TestStores(t *testing.T) {
	l := newLookup(krpc.ID{}, nil, nil)
	for i := range 20 {
		addr := fmt.Sprintf("198.51.%d.1:7000", i)
		if i >= 10 && i < 15 {
			addr = fmt.Sprintf("10.0.%d.1:7000", i) // any ID is granted
		}
		l.insert(node4(byte(i), addr))
	}
	for _, c := range l.candidates {
		c.state, c.token = answered, "token"
	}
	l.candidates[0].token = ""    // takes no announces
	l.candidates[1].state = asked // has not answered
	var got []byte
	for _, c := range l.stores() {
		got = append(got, c.ID[0])
	}
	if want := []byte{10, 11, 12, 13, 14, 2, 3, 4}; !bytes.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
}

func TestWrongSenderIsGivenUp(t *testing.T) {
	l := newLookup(krpc.ID{}, []krpc.Node{node4(1, "198.51.100.1:7000")}, nil)
	c := l.next()
	if l.heard(c, krpc.Reply{Sender: krpc.ID{2}, Token: "t"}) || len(l.stores()) != 0 || len(l.candidates) != 0 {
		t.Error("a node that is not the one that was named is kept")
	}
}

func TestTable(t *testing.T) {
	var table table
	for i := range 20 {
		table.learn(krpc.Node{ID: krpc.ID{7, byte(i)}, Addr: netip.MustParseAddrPort(fmt.Sprintf("198.51.%d.1:7000", i))})
	}
	if table.size != rowNodes {
		t.Fatalf("%d nodes in a row, want %d", table.size, rowNodes)
	}
	good := krpc.Node{ID: krpc.ID{7, 99}, Addr: netip.MustParseAddrPort("10.0.0.1:7000")} // secure in a local network
	table.learn(good)
	if got := table.closest(good.ID, 1); table.size != rowNodes || len(got) != 1 || got[0] != good {
		t.Errorf("closest %v of %d, want the node with a good ID", got, table.size)
	}
	table.drop(good)
	table.drop(good)
	if table.size != rowNodes-1 {
		t.Errorf("%d nodes after one was dropped, want %d", table.size, rowNodes-1)
	}
}

func TestExternal(t *testing.T) {
	right, wrong := netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("203.0.113.66")
	for _, tt := range []struct {
		name   string
		claims map[string]netip.Addr
		want   netip.Addr
	}{
		{"too few", map[string]netip.Addr{"198.51.1.1:1": right, "198.51.2.1:1": right, "198.51.3.1:1": right}, netip.Addr{}},
		{"one network", map[string]netip.Addr{"198.51.1.1:1": right, "198.51.1.2:1": right, "198.51.1.3:1": right, "198.51.1.4:1": right}, netip.Addr{}},
		{"other family", map[string]netip.Addr{"[2001:db8::1]:1": right, "[2001:db8:1::1]:1": right, "[2001:db8:2::1]:1": right, "[2001:db8:3::1]:1": right}, netip.Addr{}},
		{"agreed", map[string]netip.Addr{"198.51.1.1:1": right, "198.51.2.1:1": right, "198.51.3.1:1": right, "198.51.4.1:1": right}, right},
		{"a liar", map[string]netip.Addr{"198.51.1.1:1": right, "198.51.2.1:1": right, "198.51.3.1:1": right, "198.51.4.1:1": right, "198.51.5.1:1": wrong}, right},
		{"a draw", map[string]netip.Addr{
			"198.51.1.1:1": right, "198.51.2.1:1": right, "198.51.3.1:1": right, "198.51.4.1:1": right,
			"198.51.5.1:1": wrong, "198.51.6.1:1": wrong, "198.51.7.1:1": wrong, "198.51.8.1:1": wrong,
		}, netip.Addr{}},
	} {
		var e external
		for from, address := range tt.claims {
			e.note(netip.MustParseAddrPort(from), address)
		}
		if got := e.note(netip.MustParseAddrPort("198.51.1.1:1"), tt.claims["198.51.1.1:1"]); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
