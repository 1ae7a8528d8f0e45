package blob

import "crypto/sha256"

// LeafCount returns the number of leaves of size bytes of data.
func LeafCount(size int64) int64 { return (size + LeafSize - 1) / LeafSize }

// Root returns the root of the merkle tree over leaves, padded with zero leaves to a power of two
// (BEP 52), and the zero Leaf when there are none. It does not change leaves.
func Root(leaves []Leaf) Leaf {
	if len(leaves) == 0 {
		return Leaf{}
	}
	level := append([]Leaf(nil), leaves...)
	var pad Leaf // root of a tree of zero leaves, as high as level
	for len(level) > 1 {
		if len(level)%2 == 1 {
			level = append(level, pad)
		}
		for i := 0; i < len(level); i += 2 {
			level[i/2] = parent(level[i], level[i+1])
		}
		level = level[:len(level)/2]
		pad = parent(pad, pad)
	}
	return level[0]
}

func parent(a, b Leaf) Leaf {
	var pair [2 * len(Leaf{})]byte
	copy(pair[copy(pair[:], a[:]):], b[:])
	return sha256.Sum256(pair[:])
}
