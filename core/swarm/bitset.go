package swarm

// bitset is a set of piece numbers below the one that newBitset was given; nil is empty for good.
type bitset []uint64

func (b bitset) has(i uint32) bool { return int(i/64) < len(b) && b[i/64]&(1<<(i%64)) != 0 }

// set adds i and reports whether it was not there.
func (b bitset) set(i uint32) bool {
	w, mask := &b[i/64], uint64(1)<<(i%64)
	added := *w&mask == 0
	*w |= mask
	return added
}

func (b bitset) clear(i uint32) {
	if int(i/64) < len(b) {
		b[i/64] &^= 1 << (i % 64)
	}
}

func newBitset(n int) bitset { return make(bitset, (n+63)/64) }
