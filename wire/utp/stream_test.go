package utp

import (
	"bytes"
	"container/heap"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// network carries packets between two streams by a clock of its own.
type network struct {
	t        *testing.T
	rand     *rand.Rand
	now      time.Duration
	loss     float64 // share of packets that vanish
	twice    float64 // share that arrives twice
	latency  time.Duration
	jitter   time.Duration // more of it, at random: packets overtake each other
	perByte  time.Duration // of the link in each direction; 0 is no limit
	free     [2]time.Duration
	slowest  time.Duration // the longest wait for the link
	dead     bool
	inFlight inFlight
	ends     [2]*end
	packets  int
}

// end is one side: what it is to send, what it has received.
type end struct {
	s         *stream
	send, got []byte
	sealed    bool // close after send
	slow      int  // bytes read at a time; 0 is all
}

type datagram struct {
	at    time.Duration
	order int
	to    int
	bytes []byte
}

type inFlight []datagram

func (f inFlight) Len() int { return len(f) }
func (f inFlight) Less(i, j int) bool {
	return f[i].at < f[j].at || f[i].at == f[j].at && f[i].order < f[j].order
}
func (f inFlight) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f *inFlight) Push(x any)   { *f = append(*f, x.(datagram)) }
func (f *inFlight) Pop() any {
	d := (*f)[len(*f)-1]
	*f = (*f)[:len(*f)-1]
	return d
}

// newNetwork returns a network with a stream that was accepted, and the one that dialled it. ours and theirs are
// their first sequence numbers.
func newNetwork(t *testing.T, seed uint64, ours, theirs uint16) *network {
	n := &network{t: t, rand: rand.New(rand.NewPCG(seed, 1)), now: time.Second, latency: 10 * time.Millisecond}
	accepted := newStream(1001, theirs, ours, newPacketBudget(), n.now)
	dialled := newStream(1000, ours-1, theirs+1, newPacketBudget(), n.now)
	dialled.sendID = 1001
	dialled.room, accepted.room = maxReceived, maxReceived
	n.ends = [2]*end{{s: accepted}, {s: dialled}}
	return n
}

// step moves what there is to move at one end.
func (n *network) step(i int) {
	e := n.ends[i]
	e.send = e.send[e.s.write(e.send):]
	if len(e.send) == 0 && e.sealed {
		e.s.close(n.now)
	}
	for {
		want := e.s.readable()
		if e.slow > 0 {
			want = min(want, e.slow)
		}
		b := make([]byte, want)
		e.got = append(e.got, b[:e.s.read(b, n.now)]...)
		if e.slow > 0 || e.s.readable() == 0 {
			break
		}
	}
	e.s.tick(n.now)
	for more := true; more; {
		var b burst
		more = e.s.poll(n.now, &b)
		for rest := b.bytes; len(rest) > 0; {
			p := rest[:min(b.segment, len(rest))]
			rest = rest[len(p):]
			n.carry(1-i, p)
		}
	}
}

func (n *network) carry(to int, p []byte) {
	n.packets++
	if n.dead || n.rand.Float64() < n.loss {
		return
	}
	copies := 1
	if n.rand.Float64() < n.twice {
		copies = 2
	}
	for range copies {
		at := max(n.now, n.free[to]) + time.Duration(len(p))*n.perByte
		n.free[to] = at
		n.slowest = max(n.slowest, at-n.now)
		at += n.latency
		if n.jitter > 0 {
			at += time.Duration(n.rand.Int64N(int64(n.jitter)))
		}
		heap.Push(&n.inFlight, datagram{at, n.packets, to, bytes.Clone(p)})
	}
}

// run moves the clock until done or limit.
func (n *network) run(limit time.Duration, done func() bool) bool {
	n.t.Helper()
	limit += n.now
	for n.now < limit {
		for i := range n.ends {
			n.step(i)
		}
		if done() {
			return true
		}
		next := limit
		for _, e := range n.ends {
			if e.s.err == nil {
				next = min(next, max(e.s.deadline(), n.now+time.Microsecond))
			}
			if e.slow > 0 && e.s.readable() > 0 {
				next = min(next, n.now+time.Millisecond)
			}
		}
		if len(n.inFlight) > 0 {
			next = min(next, n.inFlight[0].at)
		}
		n.now = max(next, n.now)
		for len(n.inFlight) > 0 && n.inFlight[0].at <= n.now {
			d := heap.Pop(&n.inFlight).(datagram)
			h, payload, err := parsePacket(d.bytes)
			if err != nil {
				n.t.Fatalf("our own packet: %v", err)
			}
			n.ends[d.to].s.receive(&h, payload, n.now)
		}
		if fault := n.fault(); fault != "" {
			n.t.Fatal(fault)
		}
	}
	return done()
}

// fault holds the accounts of the streams against their queues and the bounds, and says what is wrong.
func (n *network) fault() string {
	for i, e := range n.ends {
		s, flight, missing, unsent := e.s, 0, 0, 0
		for k, p := range s.queue {
			switch {
			case k >= s.sent:
				unsent += p.length
			case p.lost:
				missing++
			case !p.acked:
				flight += p.length
			}
		}
		switch {
		case flight != s.flight || missing != s.missing || unsent != s.unsent:
			return fmt.Sprintf("end %d counts flight %d, missing %d, unsent %d; its queue has %d, %d, %d", i, s.flight, s.missing, s.unsent, flight, missing, unsent)
		case s.sent > maxFlight || s.unsent > maxUnsent+maxPayload || len(s.later) > maxReordered || s.readable()+s.held > maxReceived:
			return fmt.Sprintf("end %d is over a bound: %d sent, %d unsent, %d later, %d readable", i, s.sent, s.unsent, len(s.later), s.readable())
		}
	}
	return ""
}

func randomBytes(seed uint64, n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(seed, 2))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestTransfer(t *testing.T) {
	for _, tt := range []struct {
		name        string
		loss, twice float64
		jitter      time.Duration
		slow        int
	}{
		{name: "clean"},
		{name: "5 % loss", loss: 0.05},
		{name: "15 % loss", loss: 0.15},
		{name: "duplicates", twice: 0.2},
		{name: "reordering", jitter: 8 * time.Millisecond},
		{name: "everything", loss: 0.05, twice: 0.1, jitter: 20 * time.Millisecond},
		{name: "slow reader", loss: 0.02, slow: 7000},
	} {
		for seed := range uint64(4) {
			t.Run(fmt.Sprint(tt.name, " ", seed), func(t *testing.T) {
				n := newNetwork(t, seed, uint16(65_000+seed), uint16(65_500)) // the numbers wrap
				n.loss, n.twice, n.jitter = tt.loss, tt.twice, tt.jitter
				down, up := randomBytes(seed, 1<<20), randomBytes(seed+100, 64<<10)
				n.ends[0].send, n.ends[1].send = down, up
				n.ends[1].slow = tt.slow
				done := func() bool { return len(n.ends[1].got) == len(down) && len(n.ends[0].got) == len(up) }
				if !n.run(10*time.Minute, done) {
					t.Fatalf("got %d of %d and %d of %d bytes; errors %v, %v", len(n.ends[1].got), len(down), len(n.ends[0].got), len(up), n.ends[0].s.err, n.ends[1].s.err)
				}
				if !bytes.Equal(n.ends[1].got, down) || !bytes.Equal(n.ends[0].got, up) {
					t.Error("other bytes arrived than were sent")
				}
			})
		}
	}
}

// TestQueueingDelay: on a link with an endless buffer a stream keeps the link busy and the wait near the target.
func TestQueueingDelay(t *testing.T) {
	n := newNetwork(t, 1, 1, 1)
	n.perByte = time.Microsecond // 8 Mbit/s
	n.ends[0].send = make([]byte, 8<<20)
	took := n.now
	if !n.run(time.Minute, func() bool { return len(n.ends[1].got) == 8<<20 }) {
		t.Fatalf("got %d bytes", len(n.ends[1].got))
	}
	took = n.now - took
	if ideal := 8 << 20 * n.perByte; took > ideal*12/10 {
		t.Errorf("took %v, want at most a fifth over %v", took, ideal)
	}
	if n.slowest > 2*targetDelay+50*time.Millisecond { // slow start may overshoot by its last doubling
		t.Errorf("packets waited %v for the link, want about %v", n.slowest, targetDelay)
	}
}

// TestOneDirectionDies: a peer that is gone costs few packets: the first window, two after each timeout, keep-alives.
func TestOneDirectionDies(t *testing.T) {
	n := newNetwork(t, 1, 1, 1)
	n.dead = true
	n.ends[0].send = make([]byte, 1<<20)
	if !n.run(2*time.Minute, func() bool { return n.ends[0].s.err != nil }) {
		t.Fatal("the stream lives on")
	}
	if want := 10 + maxTimeouts*2 + 2; n.packets > want {
		t.Errorf("%d packets were sent, want at most %d", n.packets, want)
	}
}

// TestPacketsTogetherAreBounded: streams take packets from one budget, beside a few that each has in any case, so that
// everything arrives also when others have taken all; and they give back what is acknowledged, and all when they end.
func TestPacketsTogetherAreBounded(t *testing.T) {
	for _, left := range []int64{maxPackets, 20, 0} {
		n := newNetwork(t, 1, 1, 1)
		budget := n.ends[0].s.budget
		budget.left.Store(left)
		sent := randomBytes(1, 200*maxPayload)
		n.ends[0].send = sent
		least, most := left, 0
		done := func() bool {
			least, most = min(least, budget.left.Load()), max(most, len(n.ends[0].s.queue))
			return len(n.ends[1].got) == len(sent) && len(n.ends[0].s.queue) == 0
		}
		if !n.run(10*time.Minute, done) || !bytes.Equal(n.ends[1].got, sent) {
			t.Errorf("%d left: %d bytes arrived, want %d", left, len(n.ends[1].got), len(sent))
		}
		if used := left - least; least < 0 || int64(most) != used+keptPackets || left == 20 && used != left {
			t.Errorf("%d left: %d were used, and the stream had %d packets", left, used, most)
		}
		if got := budget.left.Load(); got != left {
			t.Errorf("%d left: %d at the end", left, got)
		}
	}
	s := newStream(1, 1, 1, newPacketBudget(), 0)
	s.write(randomBytes(1, 20*maxPayload))
	if taken := maxPackets - s.budget.left.Load(); taken != 20-keptPackets {
		t.Errorf("a stream with 20 packets has taken %d", taken)
	}
	if s.release(); s.budget.left.Load() != maxPackets {
		t.Errorf("a stream that ended keeps %d packets", maxPackets-s.budget.left.Load())
	}
}
