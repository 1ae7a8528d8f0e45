package torrent

import (
	"fmt"
	"io"
)

// LayerBuilder makes the piece layer and the pieces root of a file (BEP 52) from its leaves, given
// in order. It keeps one hash a piece.
type LayerBuilder struct {
	pieceHeight int     // height of a piece's root above the leaves
	leaves      int64   // leaves added
	piece       subtree // leaves of the piece in progress
	layer       []byte  // roots of finished pieces
	top         subtree // the same, folded
}

// NewLayerBuilder panics unless pieceLength is a power of two from BlockSize.
func NewLayerBuilder(pieceLength int64) *LayerBuilder {
	mustPieceLength(pieceLength)
	return &LayerBuilder{pieceHeight: treeHeight(pieceLength / BlockSize)}
}

// Add appends the next leaf.
func (b *LayerBuilder) Add(leaf Hash) {
	b.piece.add(leaf)
	b.leaves++
	if b.piece.n == 1<<b.pieceHeight {
		b.endPiece()
	}
}

// Finish returns the pieces root and the concatenated hashes of the piece layer. BEP 52: only a
// file longer than one piece has a layer, an empty file has no root; both are zero values then.
// The builder must not be used afterwards.
func (b *LayerBuilder) Finish() (root Hash, layer []byte) {
	if b.leaves == 0 {
		return Hash{}, nil
	}
	if b.leaves <= 1<<b.pieceHeight {
		if b.top.n == 1 {
			return b.top.node[0], nil
		}
		return b.piece.root(treeHeight(b.leaves), Hash{}), nil
	}
	if b.piece.n > 0 {
		b.endPiece()
	}
	return b.top.root(treeHeight(int64(b.top.n)), PadHash(b.pieceHeight)), b.layer
}

func (b *LayerBuilder) endPiece() {
	h := b.piece.root(b.pieceHeight, Hash{})
	b.piece.n = 0
	b.layer = append(b.layer, h[:]...)
	b.top.add(h)
}

// LayerHasher is a LayerBuilder fed with the bytes of the file.
type LayerHasher struct {
	builder *LayerBuilder
	block   []byte // of the leaf in progress; shorter than BlockSize between writes
}

var _ io.Writer = (*LayerHasher)(nil)

// NewLayerHasher panics unless pieceLength is a power of two from BlockSize.
func NewLayerHasher(pieceLength int64) *LayerHasher {
	return &LayerHasher{builder: NewLayerBuilder(pieceLength), block: make([]byte, 0, BlockSize)}
}

// Write never fails. It keeps nothing of p.
func (h *LayerHasher) Write(p []byte) (int, error) {
	n := len(p)
	if len(h.block) > 0 {
		fill := min(BlockSize-len(h.block), len(p))
		h.block, p = append(h.block, p[:fill]...), p[fill:]
		if len(h.block) < BlockSize {
			return n, nil
		}
		h.builder.Add(HashLeaf(h.block))
		h.block = h.block[:0]
	}
	for ; len(p) >= BlockSize; p = p[BlockSize:] {
		h.builder.Add(HashLeaf(p[:BlockSize]))
	}
	h.block = append(h.block, p...)
	return n, nil
}

// Finish is LayerBuilder.Finish after the last byte.
func (h *LayerHasher) Finish() (root Hash, layer []byte) {
	if len(h.block) > 0 {
		h.builder.Add(HashLeaf(h.block))
		h.block = h.block[:0]
	}
	return h.builder.Finish()
}

func mustPieceLength(n int64) {
	if !validPieceLength(n) {
		panic(fmt.Sprintf("torrent: piece length %d", n))
	}
}
