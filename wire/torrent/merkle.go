package torrent

import (
	"crypto/sha256"
	"math/bits"
)

// BlockSize is the bytes under one leaf of the merkle tree (BEP 52), and what peers request.
const BlockSize = 16 << 10

// HashSize is the bytes of a Hash.
const HashSize = sha256.Size

// Hash is a node of a BEP 52 merkle tree: the SHA-256 of a block (a leaf) or of two nodes.
type Hash [HashSize]byte

// HashLeaf returns the leaf of one block; only the last block of a file is shorter than BlockSize.
func HashLeaf(block []byte) Hash { return sha256.Sum256(block) }

// HashPair returns the parent of two nodes.
func HashPair(left, right Hash) Hash {
	var b [2 * HashSize]byte
	copy(b[:], left[:])
	copy(b[HashSize:], right[:])
	return sha256.Sum256(b[:])
}

// PadHash returns the node of that height over nothing. BEP 52: leaves beyond the end of the file
// are zero.
func PadHash(height int) Hash {
	var h Hash
	for range height {
		h = HashPair(h, h)
	}
	return h
}

// Root returns the root over nodes of one height, padded with PadHash(height) to a power of two.
// It is the zero Hash for no nodes.
func Root(nodes []Hash, height int) Hash {
	if len(nodes) == 0 {
		return Hash{}
	}
	var s subtree
	for _, n := range nodes {
		s.add(n)
	}
	return s.root(treeHeight(int64(len(nodes))), PadHash(height))
}

// treeHeight returns the height of the smallest tree with room for n nodes.
func treeHeight(n int64) int {
	if n <= 1 {
		return 0
	}
	return bits.Len64(uint64(n - 1))
}

// subtree folds nodes of one height, given left to right, into their root with memory for one
// node a level: node[k] is a finished left child of height k that waits for its sibling, present
// when bit k of n is set.
type subtree struct {
	n    uint64
	node [64]Hash
}

func (s *subtree) add(h Hash) {
	k := bits.TrailingZeros64(^s.n)
	for i := range k {
		h = HashPair(s.node[i], h)
	}
	s.node[k] = h
	s.n++
}

// root returns the root of the tree of that height (room for all nodes) with pad in empty places.
func (s *subtree) root(height int, pad Hash) Hash {
	var edge Hash // the node of height k on the boundary between nodes and padding
	open := false // there is such a node
	for k := range height {
		full := s.n>>k&1 == 1
		switch {
		case full && open:
			edge = HashPair(s.node[k], edge)
		case full:
			edge, open = HashPair(s.node[k], pad), true
		case open:
			edge = HashPair(edge, pad)
		}
		pad = HashPair(pad, pad)
	}
	switch {
	case open:
		return edge
	case s.n>>height&1 == 1:
		return s.node[height]
	}
	return pad
}
