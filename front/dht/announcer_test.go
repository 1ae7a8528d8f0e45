package dht

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"shoal/core/swarm"
	"shoal/wire/krpc"
)

const testPort = 6881

// wantTold fails unless exactly the eight closest nodes of a family know of us.
func (w *world) wantTold(target krpc.ID, ipv4 bool) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, what := range w.wrong {
		w.t.Errorf("sent: %s", what)
	}
	for i, f := range w.sorted(target, ipv4) {
		args, told := w.told[f.Addr]
		if told != (i < stores) {
			w.t.Errorf("node %d from the infohash: told %v", i, told)
		}
		if !told {
			continue
		}
		hash, _ := args.Get("info_hash").Bytes()
		port, _ := args.Get("port").Int()
		implied, ok := args.Get("implied_port").Int()
		if string(hash) != string(target[:]) || port != testPort || implied != 0 || !ok {
			w.t.Errorf("node %d was told %q", i, args.Raw())
		}
	}
}

func TestAnnounce(t *testing.T) {
	for _, addr := range []string{"127.0.0.1", "::1"} {
		t.Run(addr, func(t *testing.T) {
			w, hash := newWorld(t, 60, addr), randomHash()
			f := newFakeSchedule(swarm.DHTLookup{InfoHash: hash})
			a := New(f, Options{PeerPort: testPort, Bootstrap: []string{w.nodes[0].Addr.String()}})
			run(t, a, f, func() bool { return a.Stats().Lookups == 1 }, listenAt(t, addr))
			w.wantTold(hash, addr == "127.0.0.1")
			if got := a.Stats(); got.Announces != stores || got.Fruitless != 0 || got.Nodes < stores || w.queries() > maxQueries+stores {
				t.Errorf("stats %+v after %d queries", got, w.queries())
			}
		})
	}
}

// TestAnnounceOverBothFamilies: nodes of IPv6 are found by way of those of IPv4 (BEP 32).
func TestAnnounceOverBothFamilies(t *testing.T) {
	w, hash := newWorld(t, 30, "127.0.0.1", "::1"), randomHash()
	f := newFakeSchedule(swarm.DHTLookup{InfoHash: hash, Family: 0})
	a := New(f, Options{PeerPort: testPort, Bootstrap: []string{w.nodes[0].Addr.String()}})
	run(t, a, f, func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		if a.Stats().Lookups == 1 && f.asked == 1 {
			f.list = append(f.list, swarm.DHTLookup{InfoHash: hash, Family: 1})
			f.asked++
		}
		return a.Stats().Lookups == 2
	}, listenAt(t, "127.0.0.1"), listenAt(t, "::1"))
	w.wantTold(hash, true)
	w.wantTold(hash, false)
}

// TestNotAnnounced: what is private by the end of the lookup is not announced.
func TestNotAnnounced(t *testing.T) {
	w := newWorld(t, 20, "127.0.0.1")
	f := newFakeSchedule(swarm.DHTLookup{InfoHash: randomHash()})
	f.closed = true
	a := New(f, Options{PeerPort: testPort, Bootstrap: []string{w.nodes[0].Addr.String()}})
	run(t, a, f, func() bool { return f.permissions() == 1 }, listenAt(t, "127.0.0.1"))
	if got := a.Stats(); w.toldNodes() != 0 || got.Lookups != 0 || w.queries() == 0 {
		t.Errorf("%d nodes were told, stats %+v, %d queries", w.toldNodes(), got, w.queries())
	}
}

// TestSilentNodes: a lookup that nobody answers ends, and is counted.
func TestSilentNodes(t *testing.T) {
	w := newWorld(t, 8, "127.0.0.1")
	w.setSilent()
	f := newFakeSchedule(swarm.DHTLookup{InfoHash: randomHash()})
	a := New(f, Options{PeerPort: testPort, Bootstrap: []string{w.nodes[0].Addr.String(), w.nodes[1].Addr.String()}})
	began := time.Now()
	run(t, a, f, func() bool { return a.Stats().Fruitless == 1 }, listenAt(t, "127.0.0.1"))
	if w.queries() != 2 || time.Since(began) > 2*queryTimeout {
		t.Errorf("%d queries in %v", w.queries(), time.Since(began))
	}
}

// TestNothingIsSentForNothing: without something to announce no packet leaves, and no socket means no work at all.
func TestNothingIsSentForNothing(t *testing.T) {
	w := newWorld(t, 8, "127.0.0.1")
	f, polls := newFakeSchedule(), 0
	a := New(f, Options{PeerPort: testPort, Bootstrap: []string{w.nodes[0].Addr.String()}})
	run(t, a, f, func() bool { polls++; return polls == 5 }, listenAt(t, "127.0.0.1"))
	if w.queries() != 0 {
		t.Errorf("%d packets", w.queries())
	}
	run(t, New(f, Options{}), f, func() bool { return true })
}

// TestStrangersAreNotHeard: an answer counts only from where the query went.
func TestStrangersAreNotHeard(t *testing.T) {
	n := newNode(listenAt(t, "127.0.0.1"))
	reply := make(chan krpc.Reply, 1)
	asked := netip.MustParseAddrPort("198.51.100.1:7000")
	n.waiting["aa"] = waiter{asked, reply}
	packet := func(transaction string) []byte {
		return []byte("d1:rd2:id20:abcdefghij0123456789e1:t2:" + transaction + "1:y1:re")
	}
	n.deliver(packet("aa"), netip.MustParseAddrPort("198.51.100.2:7000"))
	n.deliver(packet("ab"), asked)
	n.deliver([]byte("d1:q4:ping1:t2:aa1:y1:qe"), asked)
	if len(reply) != 0 {
		t.Fatal("a stranger was heard")
	}
	n.deliver(packet("aa"), asked)
	n.deliver(packet("aa"), asked)
	if len(reply) != 1 || len(n.waiting) != 0 {
		t.Errorf("%d answers, %d waiting, want one and none", len(reply), len(n.waiting))
	}
}

// TestIDAfterExternalAddress: once four networks agree on our address, our ID is one that it grants (BEP 42).
func TestIDAfterExternalAddress(t *testing.T) {
	n := newNode(listenAt(t, "127.0.0.1"))
	first, outside := n.id, netip.MustParseAddr("203.0.113.9")
	for i := range 4 {
		if n.id != first {
			t.Fatalf("another ID after %d claims", i)
		}
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, byte(i), 1}), 7000)
		n.waiting["aa"] = waiter{from, make(chan krpc.Reply, 1)}
		n.deliver([]byte("d2:ip6:\xcb\x00\x71\x09\x1a\xe11:rd2:id20:abcdefghij0123456789e1:t2:aa1:y1:re"), from)
	}
	if n.id == first || !n.id.SecureAt(outside) {
		t.Errorf("ID %v, secure at %v: %v", n.id, outside, n.id.SecureAt(outside))
	}
}

var _ Schedule = (*fakeSchedule)(nil)

func TestRunEndsWithItsSocket(t *testing.T) {
	conn := listenAt(t, "127.0.0.1")
	conn.Close()
	if err := New(newFakeSchedule(), Options{}).Run(t.Context(), []*net.UDPConn{conn}...); err == nil {
		t.Error("Run on a closed socket = nil, want an error")
	}
}
