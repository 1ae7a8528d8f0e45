package torrent

import (
	"crypto/sha1"
	"hash"
	"io"
)

// PieceHashSize is the bytes of a v1 piece hash.
const PieceHashSize = sha1.Size

// PieceHasher makes the v1 piece hashes of a file from its bytes, written in order.
type PieceHasher struct {
	pieceLength int64
	sha         hash.Hash
	n           int64 // bytes of the piece in progress
	pieces      []byte
}

var _ io.Writer = (*PieceHasher)(nil)

// NewPieceHasher panics unless pieceLength is a power of two from BlockSize.
func NewPieceHasher(pieceLength int64) *PieceHasher {
	mustPieceLength(pieceLength)
	return &PieceHasher{pieceLength: pieceLength, sha: sha1.New()}
}

// Write never fails. It keeps nothing of p.
func (h *PieceHasher) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		k := min(h.pieceLength-h.n, int64(len(p)))
		h.sha.Write(p[:k])
		h.n += k
		p = p[k:]
		if h.n == h.pieceLength {
			h.endPiece()
		}
	}
	return n, nil
}

// Finish returns the concatenated SHA-1 of all pieces, the last of which may be short; nothing for
// an empty file. The hasher must not be used afterwards.
func (h *PieceHasher) Finish() []byte {
	if h.n > 0 {
		h.endPiece()
	}
	return h.pieces
}

func (h *PieceHasher) endPiece() {
	h.pieces = h.sha.Sum(h.pieces)
	h.sha.Reset()
	h.n = 0
}
