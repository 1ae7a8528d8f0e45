package swarm

import (
	"math/bits"
	"math/rand/v2"
)

// unindexed is the longest list that is searched from end to end: three cache lines of IPv4 records.
const unindexed = 16

// index finds positions of a list by the hosts of its records: open addressing with linear probing, at most half
// full, so 8 to 16 bytes for each position. The first word is its secret, by which nobody can choose hosts that
// meet; the others, a power of two of them, are 1 + a position, 0 when free. Records of one host stand in
// one run. nil is the index of a short list.
type index []uint32

// newIndex returns an empty index for a list of n, nil when it needs none.
func newIndex(n int) index {
	if n <= unindexed {
		return nil
	}
	x := make(index, 1+1<<bits.Len(uint(2*n-1)))
	x[0] = rand.Uint32()
	return x
}

// full reports whether a list of n is too long for x.
func (x index) full(n int) bool {
	if x == nil {
		return n > unindexed
	}
	return 2*n > len(x)-1
}

// home returns the slot at which the search for a host begins.
func (x index) home(host uint64) int {
	const odd = 0x9e3779b97f4a7c15 // 2^64 by the golden ratio: spreads neighbouring hosts
	secret := uint64(x[0]) * odd
	hi, lo := bits.Mul64(host^secret, secret|1)
	return 1 + int((hi^lo)*odd>>32)&(len(x)-2)
}

// next returns the slot after one, around the end.
func (x index) next(slot int) int { return 1 + slot&(len(x)-2) }

// at returns the position in a slot, -1 when it is free.
func (x index) at(slot int) int { return int(x[slot]) - 1 }

func (x index) set(slot, i int) { x[slot] = uint32(i + 1) }

// insert puts position i into the first free slot from home on.
func (x index) insert(home, i int) {
	for x[home] != 0 {
		home = x.next(home)
	}
	x.set(home, i)
}

// slotOf returns the slot of position i, which is in x, for a host with that home.
func (x index) slotOf(home, i int) int {
	for x[home] != uint32(i+1) {
		home = x.next(home)
	}
	return home
}

// remove frees a slot and moves up those after it that it would cut off from their homes (Knuth, The Art of
// Computer Programming 3, 6.4, algorithm R). homeOf returns the home of the host at a position.
func (x index) remove(slot int, homeOf func(i int) int) {
	mask := len(x) - 2
	for free := slot; ; {
		x[free] = 0
		for {
			if slot = x.next(slot); x[slot] == 0 {
				return
			}
			// It stays when its home lies after the free slot, around the end.
			if home := homeOf(x.at(slot)); (slot-home)&mask >= (slot-free)&mask {
				break
			}
		}
		x[free] = x[slot]
		free = slot
	}
}
