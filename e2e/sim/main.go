package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"shoal/core/swarm"
)

func main() {
	seed := flag.Uint64("seed", 1, "of everything random")
	most := flag.Int("peers", 1000, "the largest crowd")
	flag.Parse()
	table(os.Stdout, *seed, *most)
}

// table prints a line for each scenario and size.
func table(out io.Writer, seed uint64, most int) {
	fmt.Fprintf(out, "%-34s %6s %18s %18s %18s\n", "copies / last completion : bound", "peers", "governed", "super-seeding", "plain")
	for _, n := range []int{10, 50, 100, 1000} {
		if n > most {
			break
		}
		for _, sc := range scenarios(n, seed) {
			fmt.Fprintf(out, "%-34s %6d", sc.name, n)
			for _, o := range []origin{newGoverned(sc, swarm.Egress), newSuper(sc.pieces), plain{}} {
				r := newWorld(sc, o).run()
				fmt.Fprintf(out, " %9.2f / %6.2f", r.copies, r.ratio())
			}
			fmt.Fprintln(out)
		}
	}
}

// The scenarios that tests name.
const (
	symmetric = iota
	fastOrigin
	fastDownlinks
	freeRiders
	halting
)

// scenarios are the crowds of n peers that are shown.
func scenarios(n int, seed uint64) []scenario {
	base := scenario{peers: n, pieces: 256, up: 4, down: 4, origin: 4, stay: true, slots: 4, seed: seed}
	list := []scenario{base, base, base, base, base, base, base}
	names := []string{"symmetric", "origin 8 x", "down 4 x up, origin 8 x", "20 % free riders, origin 8 x", "links halt, origin 8 x", "arrivals over 5 F/u, leave", "arrivals over 5 F/u, stay"}
	for i := range list {
		list[i].name = names[i]
	}
	for i := 1; i < len(list); i++ {
		list[i].origin *= 8
	}
	list[2].down *= 4
	list[3].freeRiders = 0.2
	// As libtorrent's do over uTP after losses: measured in swarms of 8, a third at any time, for 10 s and more.
	list[4].slots, list[4].runs, list[4].halts = 8, 24, 19
	for i := 5; i < 7; i++ {
		list[i].spread = 5 * float64(base.pieces) / base.up
		list[i].stay = i == 6
	}
	return list
}
