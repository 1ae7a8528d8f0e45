package main

import (
	"bytes"
	"math"
	"testing"

	"shoal/core/swarm"
)

// shortPeers are the most in a crowd with -short, which goes with the race detector.
const shortPeers = 10

// TestGovernedCopies: what is promised of crowds in the model. The bound is a fluid's; clients have four slots and tit
// for tat.
func TestGovernedCopies(t *testing.T) {
	for _, c := range []struct {
		peers, scenario int
		copies, ratio   float64 // at most
	}{
		{10, symmetric, 1.05, 1.25},
		{50, symmetric, 1.05, 1.45},
		{100, symmetric, 1.05, 1.60},
		{10, fastOrigin, 1.05, 1.25},
		{50, fastOrigin, 1.05, 1.30},
		{100, fastOrigin, 1.05, 1.40},
		{50, fastDownlinks, 1.10, 1.30},
		{100, fastDownlinks, 1.10, 1.30},
		{10, freeRiders, 1.60, 1.80},
		{50, freeRiders, 1.60, 1.95},
		{100, freeRiders, 1.60, 1.95},
		{10, halting, 1.10, 1.30},
		{50, halting, 1.10, 1.50},
		{400, freeRiders, 1.60, 1.95}, // fewer pieces than peers: most never get a first copy
	} {
		if testing.Short() && c.peers > shortPeers {
			continue
		}
		sc := scenarios(c.peers, 1)[c.scenario]
		copies, ratio := governedMean(c.peers, c.scenario)
		if copies > c.copies || ratio > c.ratio {
			t.Errorf("%d peers, %s: %.2f copies in %.2f of the bound, want at most %.2f and %.2f", c.peers, sc.name, copies, ratio, c.copies, c.ratio)
		}
		p := newWorld(sc, plain{}).run()
		if sc.origin > sc.up && p.copies < 3*copies {
			t.Errorf("%d peers, %s: plain seeding sent %.2f copies, the governor %.2f: the model does not tell them apart", c.peers, sc.name, p.copies, copies)
		}
	}
}

// seeds are how many crowds of a kind are taken the mean of: chance moves the last completion of one by a tenth.
const seeds = 4

// governedMean returns the copies and the last completion over the bound, the mean of some crowds.
func governedMean(peers, scenario int) (copies, ratio float64) {
	for seed := range uint64(seeds) {
		sc := scenarios(peers, seed+1)[scenario]
		r := newWorld(sc, newGoverned(sc, swarm.Egress)).run()
		copies += r.copies / seeds
		ratio += r.ratio() / seeds
	}
	return copies, ratio
}

// TestEveryoneFinishes runs what could leave somebody waiting for ever.
func TestEveryoneFinishes(t *testing.T) {
	for _, n := range []int{1, 2, 3, 10, 50, 100} {
		if testing.Short() && n > shortPeers {
			break
		}
		for seed := range uint64(3) {
			for _, sc := range scenarios(n, seed+1) {
				r := newWorld(sc, newGoverned(sc, swarm.Egress)).run()
				if math.IsInf(r.last, 1) {
					t.Errorf("%d peers, %s, seed %d: somebody never finished", n, sc.name, sc.seed)
				}
			}
		}
	}
}

// TestLonePeer: one peer gets what the links carry.
func TestLonePeer(t *testing.T) {
	sc := scenario{peers: 1, pieces: 256, up: 4, down: 4, origin: 32, slots: 4, seed: 1}
	r := newWorld(sc, newGoverned(sc, swarm.Egress)).run()
	if r.ratio() > 1/0.9 {
		t.Errorf("took %.2f of the bound, want at most %.2f", r.ratio(), 1/0.9)
	}
}

func TestTableIsDeterministic(t *testing.T) {
	var a, b bytes.Buffer
	table(&a, 7, 10)
	table(&b, 7, 10)
	if a.String() != b.String() {
		t.Errorf("the same seed gave two tables:\n%s\n%s", a.String(), b.String())
	}
}
