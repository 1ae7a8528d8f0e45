package dht

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"shoal/core/swarm"
	"shoal/wire/bencode"
	"shoal/wire/krpc"
)

// world is a DHT on this machine: nodes that know each other and answer as BEP 5 has it.
type world struct {
	t      *testing.T
	nodes  []*fakeNode
	mu     sync.Mutex // guards all below
	silent bool       // nobody answers
	asked  []bencode.Value
	told   map[netip.AddrPort]bencode.Value // by node: the arguments of its announce_peer
	wrong  []string                         // what a read-only node does not send
}

type fakeNode struct {
	krpc.Node
	conn *net.UDPConn
}

// newWorld starts a DHT of n nodes at each of the addresses.
func newWorld(t *testing.T, n int, addrs ...string) *world {
	t.Helper()
	w := &world{t: t, told: make(map[netip.AddrPort]bencode.Value)}
	for _, a := range addrs {
		for range n {
			conn := listenAt(t, a)
			w.nodes = append(w.nodes, &fakeNode{krpc.Node{ID: randomID(), Addr: conn.LocalAddr().(*net.UDPAddr).AddrPort()}, conn})
		}
	}
	var served sync.WaitGroup
	for _, f := range w.nodes {
		served.Go(func() { w.serve(f) })
	}
	t.Cleanup(func() {
		for _, f := range w.nodes {
			f.conn.Close()
		}
		served.Wait()
	})
	return w
}

// listenAt binds a UDP port, or skips the test where that address is not to be had.
func listenAt(t *testing.T, addr string) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(addr), 0)))
	if err != nil {
		t.Skipf("no UDP on %s: %v", addr, err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func (w *world) serve(f *fakeNode) {
	packet := make([]byte, 4096)
	for {
		n, from, err := f.conn.ReadFromUDPAddrPort(packet)
		if err != nil {
			return
		}
		query, err := bencode.Parse(slices.Clone(packet[:n]), bencode.Options{Canonical: true})
		if err != nil {
			w.complain("not canonical bencode")
			continue
		}
		if answer := w.answer(f, query, from); answer != nil {
			_, _ = f.conn.WriteToUDPAddrPort(answer, from)
			// A read-only node gives no answer to this.
			_, _ = f.conn.WriteToUDPAddrPort([]byte("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"), from)
		}
	}
}

func (w *world) complain(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrong = append(w.wrong, what)
}

// answer returns what f says to a query; nil is nothing.
func (w *world) answer(f *fakeNode, query bencode.Value, from netip.AddrPort) []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	if y, _ := query.Get("y").Text(); y != "q" {
		w.wrong = append(w.wrong, "an answer to a query")
		return nil
	}
	if ro, _ := query.Get("ro").Int(); ro != 1 {
		w.wrong = append(w.wrong, "a query without ro=1")
	}
	w.asked = append(w.asked, query)
	if w.silent {
		return nil
	}
	args := query.Get("a")
	r := bencode.NewDict(nil)
	r.Bytes("id", f.ID[:])
	if q, _ := query.Get("q").Text(); q == "announce_peer" {
		if token, _ := args.Get("token").Text(); token == tokenOf(f, from) {
			w.told[f.Addr] = args
		}
	} else {
		hash, _ := args.Get("info_hash").Bytes()
		for want := range args.Get("want").Items() {
			family, _ := want.Text()
			r.Bytes(map[string]string{"n4": "nodes", "n6": "nodes6"}[family], w.closest(krpc.ID(hash), family == "n4"))
		}
		r.String("token", tokenOf(f, from))
	}
	d := bencode.NewDict(nil)
	d.Bytes("ip", binary.BigEndian.AppendUint16(from.Addr().AsSlice(), from.Port()))
	d.Raw("r", r.End())
	d.Raw("t", query.Get("t").Raw())
	d.String("y", "r")
	return d.End()
}

// tokenOf is good for one node and one asker.
func tokenOf(f *fakeNode, from netip.AddrPort) string { return string(f.ID[:4]) + from.String() }

// closest returns eight nodes of one family in compact form.
func (w *world) closest(target krpc.ID, ipv4 bool) (b []byte) {
	for _, f := range w.sorted(target, ipv4)[:8] {
		b = append(b, f.ID[:]...)
		b = append(b, f.Addr.Addr().AsSlice()...)
		b = binary.BigEndian.AppendUint16(b, f.Addr.Port())
	}
	return b
}

// sorted returns the nodes of one family, the closest to target first.
func (w *world) sorted(target krpc.ID, ipv4 bool) []*fakeNode {
	list := slices.DeleteFunc(slices.Clone(w.nodes), func(f *fakeNode) bool { return f.Addr.Addr().Is4() != ipv4 })
	slices.SortFunc(list, func(a, b *fakeNode) int { return target.Closer(a.ID, b.ID) })
	return list
}

// toldNodes returns how many nodes know of us.
func (w *world) toldNodes() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.told)
}

// setSilent makes every node say nothing more.
func (w *world) setSilent() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.silent = true
}

// queries returns how many packets have come.
func (w *world) queries() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.asked)
}

// fakeSchedule gives lookups away, one after the other.
type fakeSchedule struct {
	polled chan struct{} // one for each Next
	mu     sync.Mutex
	list   []swarm.DHTLookup
	closed bool // MayAnnounce says no
	asked  int  // MayAnnounce
}

func newFakeSchedule(list ...swarm.DHTLookup) *fakeSchedule {
	return &fakeSchedule{polled: make(chan struct{}), list: list}
}

func (f *fakeSchedule) Next(ctx context.Context) (l swarm.DHTLookup, ok bool) {
	select {
	case f.polled <- struct{}{}:
	case <-ctx.Done():
		return l, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.list) == 0 {
		return l, false
	}
	l, f.list = f.list[0], f.list[1:]
	return l, true
}

func (f *fakeSchedule) MayAnnounce(context.Context, swarm.DHTLookup) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	return !f.closed
}

func (f *fakeSchedule) permissions() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

// run runs a until done reports true, looked at each time the schedule is polled, and waits for its end.
func run(t *testing.T, a *Announcer, f *fakeSchedule, done func() bool, conns ...*net.UDPConn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, conns...) }()
	for !done() {
		select {
		case <-f.polled:
		case <-ctx.Done():
			t.Fatal("not done within 20 s")
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
}

func randomHash() (h [20]byte) {
	for i := range h {
		h[i] = byte(rand.Uint32())
	}
	return h
}
