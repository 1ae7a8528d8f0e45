package swarm

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"shoal/wire/torrent"
)

// dhtStart is the time at which the tests of the schedule begin.
func dhtStart() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

// numbered is the infohash of test torrent n.
func numbered(n int) (h torrent.InfoHash) {
	binary.BigEndian.PutUint32(h[:], uint32(n))
	return h
}

// hotNumber is test torrent n with peers.
func hotNumber(n, peers int) hotSwarm { return hotSwarm{[]torrent.InfoHash{numbered(n)}, peers} }

// pickAll returns what is picked until nothing is due, a lookup each step.
func pickAll(s *dhtSchedule, now time.Time, step time.Duration) (list []DHTLookup) {
	for {
		l, ok := s.pick(now, 0)
		if !ok {
			return list
		}
		list = append(list, l)
		now = now.Add(step)
	}
}

func TestDHTHottestFirst(t *testing.T) {
	s := newDHTSchedule(DHTOptions{Families: 2}.withDefaults())
	now := dhtStart()
	s.ask([]torrent.InfoHash{numbered(1)}, now)
	hybrid := hotSwarm{[]torrent.InfoHash{numbered(2), numbered(3)}, 7}
	s.look([]hotSwarm{hotNumber(4, 2), hybrid}, now)
	var got []torrent.InfoHash
	var families []int
	for _, l := range pickAll(s, now, time.Second) {
		got, families = append(got, l.InfoHash), append(families, l.Family)
	}
	want := []torrent.InfoHash{numbered(2), numbered(2), numbered(3), numbered(3), numbered(4), numbered(4), numbered(1), numbered(1)}
	if !slices.Equal(got, want) || !slices.Equal(families, []int{0, 1, 0, 1, 0, 1, 0, 1}) {
		t.Errorf("picked %v in families %v, want %v", got, families, want)
	}
}

// TestDHTRoundGoesOn: a hotter torrent does not come between the two hashes of another.
func TestDHTRoundGoesOn(t *testing.T) {
	s := newDHTSchedule(DHTOptions{}.withDefaults())
	now := dhtStart()
	s.ask([]torrent.InfoHash{numbered(1), numbered(2)}, now)
	first, _ := s.pick(now, 0)
	s.look([]hotSwarm{hotNumber(3, 9)}, now)
	second, _ := s.pick(now.Add(time.Second), 0)
	if first.InfoHash != numbered(1) || second.InfoHash != numbered(2) {
		t.Errorf("picked %v, %v, want both hashes of one torrent", first, second)
	}
}

// TestDHTCapOfLookups: with more hot torrents than the cap lets through, no minute has more lookups than it.
func TestDHTCapOfLookups(t *testing.T) {
	for _, limit := range []int{1, 7, 60, 1000} {
		s := newDHTSchedule(DHTOptions{LookupsPerMinute: limit, Families: 2, MaxTorrents: 100_000}.withDefaults())
		start := dhtStart()
		var hot []hotSwarm
		for n := range 3000 {
			hot = append(hot, hotNumber(n, 1+n))
		}
		s.look(hot, start)
		var begun []time.Time
		for now := start; now.Before(start.Add(3 * time.Minute)); now = now.Add(20 * time.Millisecond) {
			if _, ok := s.pick(now, 0); ok {
				begun = append(begun, now)
			}
		}
		for i := range begun {
			if i >= limit && begun[i].Sub(begun[i-limit]) < time.Minute {
				t.Fatalf("limit %d: %d lookups begun within %v", limit, limit+1, begun[i].Sub(begun[i-limit]))
			}
		}
		if len(begun) < 3*limit*3/4 {
			t.Errorf("limit %d: %d lookups in three minutes, far below it", limit, len(begun))
		}
		if got := s.late(start.Add(3 * time.Minute)); got != 3000-len(begun)/2 {
			t.Errorf("limit %d: %d torrents are late after %d lookups", limit, got, len(begun))
		}
	}
}

// TestDHTCapOfTorrents: no more torrents have a place than may, and places go to those with most peers as soon as
// who has one is due.
func TestDHTCapOfTorrents(t *testing.T) {
	s := newDHTSchedule(DHTOptions{MaxTorrents: 2}.withDefaults())
	start := dhtStart()
	for n := 101; n <= 103; n++ {
		s.ask([]torrent.InfoHash{numbered(n)}, start)
	}
	for _, step := range []struct {
		after   time.Duration
		hot     []hotSwarm
		leftOut int
		want    []int // who has a place
		pick    int   // lookups
	}{
		{0, nil, 0, []int{101, 102}, 0}, // the third found none
		{0, []hotSwarm{hotNumber(1, 5)}, 0, []int{1, 101, 102}, 0},
		{0, []hotSwarm{hotNumber(2, 1), hotNumber(1, 5), hotNumber(3, 1)}, 1, []int{1, 2, 3}, 0},
		{0, []hotSwarm{hotNumber(1, 5), hotNumber(4, 9), hotNumber(5, 7), hotNumber(6, 2)}, 2, []int{4, 5}, 2},
		{time.Minute, []hotSwarm{hotNumber(4, 1), hotNumber(5, 1), hotNumber(6, 2)}, 1, []int{4, 5}, 0}, // announced
		{dhtAnnounceMin + 2*time.Second, []hotSwarm{hotNumber(4, 3), hotNumber(5, 1), hotNumber(6, 2)}, 1, []int{4, 6}, 0},
	} {
		now := start.Add(step.after)
		if got := s.look(step.hot, now); got != step.leftOut {
			t.Errorf("after %v: %d left out, want %d", step.after, got, step.leftOut)
		}
		if len(s.byHash) != 2 {
			t.Fatalf("after %v: %d have a place", step.after, len(s.byHash))
		}
		for h := range s.byHash {
			if n := int(binary.BigEndian.Uint32(h[:])); !slices.Contains(step.want, n) {
				t.Errorf("after %v: %d has a place, want two of %v", step.after, n, step.want)
			}
		}
		for i := range step.pick {
			if _, ok := s.pick(now.Add(time.Duration(i)*time.Second), 0); !ok {
				t.Errorf("after %v: no lookup", step.after)
			}
		}
	}
}

// TestDHTInterval: a torrent that stays hot is announced again after 15 to 25 minutes, and no more once it is not.
func TestDHTInterval(t *testing.T) {
	for _, tt := range []struct {
		jitter float64
		want   time.Duration
	}{{0, 15 * time.Minute}, {0.5, 20 * time.Minute}, {0.999, 24*time.Minute + 59*time.Second + 400*time.Millisecond}} {
		s := newDHTSchedule(DHTOptions{}.withDefaults())
		start := dhtStart()
		s.ask([]torrent.InfoHash{numbered(1)}, start)
		var rounds []time.Duration
		for now := start; now.Before(start.Add(4 * time.Hour)); now = now.Add(100 * time.Millisecond) {
			if _, ok := s.pick(now, tt.jitter); ok {
				rounds = append(rounds, now.Sub(start))
			}
		}
		if len(rounds) < 3 || rounds[1] != tt.want || rounds[len(rounds)-1] >= dhtHotFor {
			t.Errorf("jitter %v: announced at %v, want every %v within %v", tt.jitter, rounds, tt.want, dhtHotFor)
		}
		if len(s.byHash) != 0 {
			t.Errorf("jitter %v: a cold torrent is still kept", tt.jitter)
		}
	}
}

// TestDHTSuspended: what may not be announced is not picked, and when it may again no sooner than it would have been.
func TestDHTSuspended(t *testing.T) {
	s := newDHTSchedule(DHTOptions{}.withDefaults())
	now := dhtStart()
	hashes := []torrent.InfoHash{numbered(1), numbered(2)}
	s.ask(hashes, now)
	l, _ := s.pick(now, 0)
	s.suspend(l.torrent, now)
	s.look([]hotSwarm{{hashes, 3}}, now)
	for d := time.Second; d < dhtAnnounceMin; d += time.Second {
		if l, ok := s.pick(now.Add(d), 0); ok {
			t.Fatalf("%v picked after %v", l, d)
		}
	}
	if l, ok := s.pick(now.Add(dhtAnnounceMin), 0); !ok || l.InfoHash != numbered(1) {
		t.Errorf("picked %v, %v, want the first hash when it is due", l, ok)
	}
}
