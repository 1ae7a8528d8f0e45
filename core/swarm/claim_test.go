package swarm

import (
	"fmt"
	"math"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"shoal/core/object"
	"shoal/core/savings"
	"shoal/wire/tracker"
)

const (
	claimPiece  = 4 // bytes, of testTorrent
	claimLength = testPieces * claimPiece
)

// counted is what a registry has counted.
type counted struct{ savings.Counts }

func (c *counted) count(_ *object.Torrent, _ time.Time, d savings.Counts) {
	c.ClaimedBytes += d.ClaimedBytes
	c.Completions += d.Completions
	c.ObservedBytes += d.ObservedBytes
}

// said is one announce of a peer.
type said struct {
	from       string
	downloaded int64
	left       int64
	event      tracker.Event
}

func tell(t *testing.T, r *Registry, s said) {
	t.Helper()
	_, err := r.Announce(t.Context(), testHash, Announce{
		Peer: netip.MustParseAddrPort(s.from), Downloaded: s.downloaded, Left: s.left, Event: s.event, NumWant: 0,
	}, nil)
	if err != nil {
		t.Fatalf("announce %+v: %v", s, err)
	}
}

func TestClaims(t *testing.T) {
	const (
		a, b    = "203.0.113.1:1", "203.0.113.2:1"
		all     = int64(claimLength)
		half    = all / 2
		unknown = tracker.LeftUnknown
	)
	for _, c := range []struct {
		name        string
		said        []said
		bytes       int64
		completions int64
	}{
		{"a whole download", []said{{a, 0, all, tracker.Started}, {a, half, half, tracker.None}, {a, all, 0, tracker.Completed}, {a, all, 0, tracker.Stopped}}, all, 1},
		{"told again by another tracker", []said{{a, 0, all, tracker.Started}, {a, 0, all, tracker.Started}, {a, all, 0, tracker.Completed}, {a, all, 0, tracker.Completed}}, all, 1},
		{"waste is not received", []said{{a, 0, all, tracker.Started}, {a, 3 * all, 0, tracker.Completed}}, all, 1},
		{"checked on disk, not downloaded", []said{{a, 0, all, tracker.Started}, {a, 0, 0, tracker.None}}, 0, 0},
		{"a seed", []said{{a, 0, 0, tracker.Started}, {a, 0, 0, tracker.None}, {a, 0, 0, tracker.Stopped}}, 0, 0},
		{"half of it was there", []said{{a, 0, half, tracker.Started}, {a, all, 0, tracker.Completed}}, all - half, 1},
		{"known only since half of it", []said{{a, half, all - half, tracker.None}, {a, all, 0, tracker.Completed}}, all - half, 1},
		{"known only at the end", []said{{a, all, 0, tracker.Completed}}, 0, 1},
		{"stopped half way, and again from there", []said{
			{a, 0, all, tracker.Started},
			{a, half, all - half, tracker.Stopped},
			{a, 0, all - half, tracker.Started},
			{a, all - half, 0, tracker.Completed},
		}, all, 1},
		{"restarted without a word", []said{{a, 0, all, tracker.Started}, {a, half, all - half, tracker.None}, {a, 0, all - half, tracker.Started}, {a, all - half, 0, tracker.Completed}}, all, 1},
		{"a magnet link", []said{{a, 0, unknown, tracker.Started}, {a, all, unknown, tracker.None}, {a, all, 0, tracker.Completed}}, all, 1},
		{"a magnet link of aria2", []said{{a, 0, 0, tracker.Started}, {a, half, all - half, tracker.None}, {a, all, 0, tracker.Completed}}, all, 1},
		{"aria2 that does not seed", []said{{a, 0, all, tracker.Started}, {a, all, 0, tracker.Stopped}, {a, all, 0, tracker.Stopped}}, all, 1},
		{"the same with a magnet link", []said{{a, 0, 0, tracker.Started}, {a, all, 0, tracker.Stopped}}, all, 1},
		{"the same of what it had half of", []said{{a, 0, half, tracker.Started}, {a, half, 0, tracker.Stopped}}, half, 1},
		{"stopped with nothing left that it had not downloaded", []said{{a, 0, all, tracker.Started}, {a, 0, 0, tracker.Stopped}}, 0, 0},
		{"says only that it completed", []said{{a, 0, all, tracker.Started}, {a, all, unknown, tracker.Completed}}, all, 1},
		{"counters as large as they get", []said{{a, 0, math.MaxInt64, tracker.Started}, {a, math.MaxInt64, 0, tracker.Completed}}, all, 1},
		{"a liar who starts over and over", []said{
			{a, 0, all, tracker.Started},
			{a, all, 0, tracker.None},
			{a, 0, all, tracker.Started},
			{a, all, 0, tracker.None},
			{a, 2 * all, all, tracker.None},
			{a, 9 * all, 0, tracker.None},
		}, all, 0},
		{"two", []said{{a, 0, all, tracker.Started}, {b, 0, all, tracker.Started}, {a, all, 0, tracker.Completed}, {b, half, all - half, tracker.None}}, all + half, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got counted
			r, _ := newTestRegistry(t, everyone, Options{Count: got.count})
			for _, s := range c.said {
				tell(t, r, s)
			}
			if want := (savings.Counts{ClaimedBytes: c.bytes, Completions: c.completions}); got.Counts != want {
				t.Errorf("got %+v, want %+v", got.Counts, want)
			}
		})
	}
}

// TestClaimsAreBounded: a peer that says anything claims no more than the torrent as long as it is known.
func TestClaimsAreBounded(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		length := rapid.SampledFrom([]int64{0, 1, claimLength, 1<<32 - 1, 1 << 32, 5 << 40}).Draw(rt, "length")
		var got counted
		r, src := newTestRegistry(t, everyone, Options{Count: got.count})
		long := *src.torrents[0]
		long.Length, long.PieceLength = length, 16<<20
		src.set(&long)
		number := rapid.OneOf(rapid.Int64Range(0, length), rapid.Int64Range(0, math.MaxInt64))
		for range rapid.IntRange(1, 20).Draw(rt, "announces") {
			tell(t, r, said{
				"203.0.113.1:1", number.Draw(rt, "downloaded"), rapid.OneOf(number, rapid.Just(int64(tracker.LeftUnknown))).Draw(rt, "left"),
				rapid.SampledFrom([]tracker.Event{tracker.None, tracker.Started, tracker.Completed, tracker.Paused}).Draw(rt, "event"),
			})
		}
		if got.ClaimedBytes < 0 || got.ClaimedBytes > length || got.Completions > 1 {
			rt.Errorf("of %d bytes: %+v", length, got.Counts)
		}
	})
}

// TestClaimsOfLargeTorrents: a claim is exact up to 4 GiB, and to 2^-31 of the size above.
func TestClaimsOfLargeTorrents(t *testing.T) {
	for _, length := range []int64{1<<32 - 1, 1<<32 + 1, 5<<40 - 1} {
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			var got counted
			r, src := newTestRegistry(t, everyone, Options{Count: got.count})
			long := *src.torrents[0]
			long.Length, long.PieceLength = length, 16<<20
			src.set(&long)
			tell(t, r, said{"203.0.113.1:1", 0, length, tracker.Started})
			tell(t, r, said{"203.0.113.1:1", length / 3, length - length/3, tracker.None})
			tell(t, r, said{"203.0.113.1:1", length, 0, tracker.Completed})
			if lost := length - got.ClaimedBytes; lost < 0 || lost > length>>31 || length < 1<<32 && lost != 0 {
				t.Errorf("claimed %d", got.ClaimedBytes)
			}
		})
	}
}

// TestObserved: pieces that members announce and the origin did not send are observed, to the byte, and no network has
// more of them than the copies it may have.
func TestObserved(t *testing.T) {
	var got counted
	r, _ := newTestRegistry(t, everyone, Options{Count: got.count})
	a, _ := join(t, r, "203.0.113.1:1")
	b, _ := join(t, r, "198.51.100.1:1")
	check := func(name string, bytes int64) {
		t.Helper()
		if want := (savings.Counts{ObservedBytes: bytes}); got.Counts != want {
			t.Errorf("%s: got %+v, want %+v", name, got.Counts, want)
		}
	}
	b.SetBitfield([]byte{0x80})
	check("what it brought with it", 0)
	now := r.o.Now()
	var o Orders
	a.Orders(now, &o)
	if len(o.Have) == 0 || o.Have[0] == 0 {
		t.Fatalf("offered %v, want a piece that b lacks", o.Have)
	}
	first := o.Have[0]
	a.Sent(first, claimPiece, now)
	a.Have(int64(first))
	check("what we sent", 0)
	b.Have(int64(first))
	b.Have(int64(first))
	check("from another", claimPiece)
	for p := range int64(testPieces) {
		b.Have(p)
	}
	check("all but what it had", claimLength-claimPiece)
	for range 5 {
		b.HaveNone()
		for p := range int64(testPieces) {
			b.Have(p)
		}
	}
	check("over and over", claimLength)
	b.Leave()
	again, _ := join(t, r, "198.51.100.2:1")
	for p := range int64(testPieces) {
		again.Have(p)
	}
	check("a neighbour right after it", claimLength)
}
