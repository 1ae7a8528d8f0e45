package swarm

import (
	"math/rand/v2"
	"net/netip"
	"testing"
)

// TestTableAgainstMap compares random operations with a map.
func TestTableAgainstMap(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	var got table[packed4]
	want := map[packed4]record[packed4]{}
	for step := range 20000 {
		at := packed4{1, 2, 3, byte(rng.IntN(30)), 0, byte(rng.IntN(4))} // several of a host
		switch rng.IntN(10) {
		case 0, 1, 2, 3, 4:
			rec := record[packed4]{at: at, state: peerState(rng.IntN(int(hasHint))), expires: uint32(step + rng.IntN(500))}
			_, known := want[at]
			if added := got.put(rec); added == known {
				t.Fatalf("seed %d step %d: put added %v, known before %v", seed, step, added, known)
			}
			want[at] = rec
		case 5, 6, 7, 8:
			_, known := want[at]
			if removed := got.remove(at); removed != known {
				t.Fatalf("seed %d step %d: removed %v, want %v", seed, step, removed, known)
			}
			delete(want, at)
		default:
			got.expire(uint32(step))
			for at, rec := range want {
				if rec.expires <= uint32(step) {
					delete(want, at)
				}
			}
		}
		checkTable(t, seed, step, &got, want)
	}
}

func checkTable(t *testing.T, seed uint64, step int, got *table[packed4], want map[packed4]record[packed4]) {
	t.Helper()
	var seeds int64
	for at, rec := range want {
		if i := got.find(at); i < 0 || got.list[i] != rec {
			t.Fatalf("seed %d step %d: %v is at %d, want %v", seed, step, at, i, rec)
		}
		if rec.state&isSeed != 0 {
			seeds++
		}
	}
	if len(got.list) != len(want) || got.seeds != seeds || got.find(packed4{9}) >= 0 {
		t.Fatalf("seed %d step %d: %d peers, %d seeds, want %d and %d", seed, step, len(got.list), got.seeds, len(want), seeds)
	}
	indexed := 0
	for _, word := range got.index[min(1, len(got.index)):] {
		if word != 0 {
			indexed++
		}
	}
	if got.index != nil && indexed != len(want) {
		t.Fatalf("seed %d step %d: %d indexed of %d", seed, step, indexed, len(want))
	}
}

// TestTableOrderIsRandom: who came first must not stand first, or runs of the table are those who came together.
func TestTableOrderIsRandom(t *testing.T) {
	const n, rounds = 10, 2000
	first := map[byte]int{}
	for range rounds {
		var tab table[packed4]
		for i := range byte(n) {
			tab.put(record[packed4]{at: packed4{1, 2, 3, i, 0, 1}})
		}
		first[tab.list[0].at[3]]++
	}
	for i := range byte(n) {
		if got := first[i]; got < rounds/n/2 || got > rounds/n*2 {
			t.Errorf("peer %d stands first %d times of %d, want about %d", i, got, rounds, rounds/n)
		}
	}
}

func TestPackedRoundTrip(t *testing.T) {
	for _, s := range []string{"1.2.3.4:5", "255.255.255.255:65535"} {
		if a := netip.MustParseAddrPort(s); pack4(a).addrPort() != a {
			t.Errorf("%s comes back as %v", s, pack4(a).addrPort())
		}
	}
	if a := netip.MustParseAddrPort("[2001:db8::1]:258"); pack6(a).addrPort() != a {
		t.Errorf("%s comes back as %v", a, pack6(a).addrPort())
	}
}
