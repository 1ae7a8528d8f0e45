package torrent

import (
	"errors"
	"fmt"
	"math/bits"
)

// MaxHashRange is the most base hashes that Tree answers with at once. BEP 52 says a request
// SHOULD NOT exceed 512, but libtorrent asks for all leaves of a damaged piece: 8192 at 128 MiB.
const MaxHashRange = 8192

var (
	// ErrHashRange: the tree has no such hashes, or does not serve them.
	ErrHashRange = errors.New("hash range not in the tree")
	// ErrLayer: a piece layer does not fit the length or the pieces root of its file.
	ErrLayer = errors.New("piece layer does not match")
)

// HashRange says which hashes a BEP 52 hash request wants.
type HashRange struct {
	BaseLayer   uint32 // height of the hashes above the leaves
	Index       uint32 // of the first hash in its layer; a multiple of Length
	Length      uint32 // number of hashes; padding beyond the end of the file counts
	ProofLayers uint32 // layers above the base layer to prove
}

// Tree is the merkle tree of a file from its piece layer up. Nodes below, down to the leaves, are
// not in memory: AppendHashes asks for the leaves it needs.
type Tree struct {
	leaves      int64
	height      int      // of the root above the leaves
	pieceHeight int      // height of levels[0]
	levels      [][]Hash // without padding; the last one is the root alone
	pads        []Hash   // PadHash of each height up to the root
}

// NewTree builds the tree of a file of length bytes, more than none, and checks it against root.
// layer is the concatenated piece layer, empty if the file has one piece; it is not kept. It takes
// two hashes of memory and one of time for each piece. Errors wrap ErrLayer.
func NewTree(length, pieceLength int64, root Hash, layer []byte) (*Tree, error) {
	if length <= 0 || !validPieceLength(pieceLength) {
		return nil, fmt.Errorf("%w: length %d, piece length %d", ErrLayer, length, pieceLength)
	}
	t := &Tree{leaves: pieces(length, BlockSize)}
	t.height = treeHeight(t.leaves)
	t.pads = make([]Hash, t.height+1)
	for k := range t.height {
		t.pads[k+1] = HashPair(t.pads[k], t.pads[k])
	}
	if length <= pieceLength {
		if len(layer) != 0 {
			return nil, fmt.Errorf("%w: %d bytes for a file of one piece", ErrLayer, len(layer))
		}
		t.pieceHeight, t.levels = t.height, [][]Hash{{root}}
		return t, nil
	}
	t.pieceHeight = treeHeight(pieceLength / BlockSize)
	if want := pieces(length, pieceLength); int64(len(layer)) != want*HashSize {
		return nil, fmt.Errorf("%w: %d bytes for %d pieces", ErrLayer, len(layer), want)
	}
	level := make([]Hash, len(layer)/HashSize)
	for i := range level {
		level[i] = Hash(layer[i*HashSize:])
	}
	t.build(level)
	if got := t.levels[len(t.levels)-1][0]; got != root {
		return nil, fmt.Errorf("%w: root is %x, want %x", ErrLayer, got, root)
	}
	return t, nil
}

// build fills levels from the lowest one up.
func (t *Tree) build(level []Hash) {
	t.levels = append(t.levels, level)
	for k := t.pieceHeight; k < t.height; k++ {
		up := make([]Hash, (len(level)+1)/2)
		for i := range up {
			right := t.pads[k]
			if 2*i+1 < len(level) {
				right = level[2*i+1]
			}
			up[i] = HashPair(level[2*i], right)
		}
		t.levels = append(t.levels, up)
		level = up
	}
}

// PieceLayer returns the height of the piece layer above the leaves.
func (t *Tree) PieceLayer() int { return t.pieceHeight }

// LeafSource returns n leaves of a file from the index first; all of them exist.
type LeafSource func(first, n int64) ([]Hash, error)

// AppendHashes appends the content of the answer to a hash request: r.Length hashes of the base
// layer, then the uncle hashes from the lowest to the one closest to the root. Only the leaves
// and what is not below the piece layer are served, else the error wraps ErrHashRange. Leaves are
// asked for at most twice r.Length plus one piece; an error of the source is returned wrapped.
func (t *Tree) AppendHashes(dst []byte, r HashRange, leaves LeafSource) ([]byte, error) {
	if err := t.check(r); err != nil {
		return dst, err
	}
	base := int(r.BaseLayer)
	var err error
	if base == 0 && t.pieceHeight > 0 {
		dst, err = t.appendLeaves(dst, int64(r.Index), int64(r.Length), leaves)
		if err != nil {
			return dst, err
		}
	} else {
		for i := range int64(r.Length) {
			h := t.upper(base, int64(r.Index)+i)
			dst = append(dst, h[:]...)
		}
	}
	// BEP 52: "A proof layer is omitted if the requested hashes include the entire child layer."
	// The subtree over the hashes has a root of this height; its sibling is the first uncle.
	for k := treeHeight(int64(r.Length)); k <= int(r.ProofLayers); k++ {
		h, err := t.node(base+k, int64(r.Index)>>k^1, leaves)
		if err != nil {
			return dst, err
		}
		dst = append(dst, h[:]...)
	}
	return dst, nil
}

func (t *Tree) check(r HashRange) error {
	base := int64(r.BaseLayer)
	above := int64(t.height) - base // layers from the base layer to the root
	switch {
	case base != 0 && base < int64(t.pieceHeight):
		return fmt.Errorf("%w: layer %d of neither leaves nor pieces", ErrHashRange, base)
	case above <= 0:
		return fmt.Errorf("%w: layer %d of %d", ErrHashRange, base, t.height)
	case r.Length == 0 || r.Length > MaxHashRange || bits.OnesCount32(r.Length) != 1:
		return fmt.Errorf("%w: %d hashes", ErrHashRange, r.Length)
	case r.Index%r.Length != 0:
		return fmt.Errorf("%w: %d hashes at %d", ErrHashRange, r.Length, r.Index)
	case int64(r.Index)+int64(r.Length) > 1<<above:
		return fmt.Errorf("%w: %d hashes at %d of %d", ErrHashRange, r.Length, r.Index, int64(1)<<above)
	case int64(r.ProofLayers) >= above:
		return fmt.Errorf("%w: %d proof layers of %d", ErrHashRange, r.ProofLayers, above-1)
	}
	return nil
}

// appendLeaves appends n leaves, zero beyond the end of the file.
func (t *Tree) appendLeaves(dst []byte, first, n int64, leaves LeafSource) ([]byte, error) {
	got, err := t.readLeaves(first, n, leaves)
	if err != nil {
		return dst, err
	}
	for _, h := range got {
		dst = append(dst, h[:]...)
	}
	return append(dst, make([]byte, (n-int64(len(got)))*HashSize)...), nil
}

// readLeaves returns those of n leaves that the file has.
func (t *Tree) readLeaves(first, n int64, leaves LeafSource) ([]Hash, error) {
	n = min(n, t.leaves-first)
	if n <= 0 {
		return nil, nil
	}
	got, err := leaves(first, n)
	if err != nil {
		return nil, fmt.Errorf("read %d leaves at %d: %w", n, first, err)
	}
	if int64(len(got)) != n {
		return nil, fmt.Errorf("read %d leaves at %d: got %d", n, first, len(got))
	}
	return got, nil
}

// node returns the node of any height, from leaves if it is below the piece layer.
func (t *Tree) node(height int, index int64, leaves LeafSource) (Hash, error) {
	if height >= t.pieceHeight {
		return t.upper(height, index), nil
	}
	got, err := t.readLeaves(index<<height, 1<<height, leaves)
	if err != nil {
		return Hash{}, err
	}
	var s subtree
	for _, h := range got {
		s.add(h)
	}
	return s.root(height, Hash{}), nil
}

// upper returns a node from the piece layer up.
func (t *Tree) upper(height int, index int64) Hash {
	level := t.levels[height-t.pieceHeight]
	if index >= int64(len(level)) {
		return t.pads[height]
	}
	return level[index]
}
