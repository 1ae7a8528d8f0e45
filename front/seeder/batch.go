package seeder

import (
	"fmt"
	"io"
	"net"

	"shoal/wire/peer"
)

// maxBatch is the most blocks in one batch: the largest limit in usual blocks.
const maxBatch = 32

// batch is what goes out in one writev.
type batch struct {
	limit int // bytes of payload; one block may go over it

	control     []byte // whole frames, sent first
	metadata    uint32 // the piece to answer, if hasMetadata
	hashes      peer.HashRequest
	hasMetadata bool
	hasHashes   bool

	n       int
	blocks  [maxBatch]peer.Block
	headers [maxBatch * peer.PieceHeaderLen]byte
	parts   [1 + 2*maxBatch][]byte
	vector  net.Buffers // what of parts is not written yet
}

// add puts a block in, if there is room.
func (b *batch) add(k peer.Block) bool {
	if b.n == maxBatch || b.n > 0 && b.payload()+int(k.Length) > b.limit {
		return false
	}
	b.blocks[b.n] = k
	b.n++
	return true
}

// payload returns the bytes of all blocks.
func (b *batch) payload() (bytes int) {
	for _, k := range b.blocks[:b.n] {
		bytes += int(k.Length)
	}
	return bytes
}

// read reads the blocks of a torrent with that piece length into memory, each run of neighbours at once.
// A block that cannot be read is handed to failed and taken out of the batch.
func (b *batch) read(src io.ReaderAt, pieceLength int64, memory []byte, failed func(peer.Block, error)) {
	kept, pos := 0, 0
	for i := 0; i < b.n; {
		start := offset(b.blocks[i], pieceLength)
		end, j := start, i
		for ; j < b.n && offset(b.blocks[j], pieceLength) == end; j++ {
			end += int64(b.blocks[j].Length)
		}
		err := readFull(src, memory[pos:pos+int(end-start)], start)
		for ; i < j; i++ {
			if err != nil {
				failed(b.blocks[i], err)
				continue
			}
			b.blocks[kept] = b.blocks[i]
			kept++
		}
		if err == nil {
			pos += int(end - start)
		}
	}
	b.n = kept
}

// offset returns where in the content a block begins.
func offset(k peer.Block, pieceLength int64) int64 {
	return int64(k.Piece)*pieceLength + int64(k.Begin)
}

// readFull fills p or fails: bytes that were not read must not go out as content.
func readFull(src io.ReaderAt, p []byte, off int64) error {
	n, err := src.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read %d bytes of content at %d: %w", len(p), off, err)
}

// assemble makes vector: the control frames, then header and payload of each block. The payloads lie one
// after the other in memory.
func (b *batch) assemble(memory []byte) {
	parts := b.parts[:0]
	if len(b.control) > 0 {
		parts = append(parts, b.control)
	}
	pos := 0
	for i, k := range b.blocks[:b.n] {
		header := b.headers[i*peer.PieceHeaderLen : i*peer.PieceHeaderLen : (i+1)*peer.PieceHeaderLen]
		parts = append(parts, peer.AppendPieceHeader(header, k), memory[pos:pos+int(k.Length)])
		pos += int(k.Length)
	}
	b.vector = parts
}

// sent calls each for every block of which payload is among the first n bytes that were written, with
// how many bytes of it.
func (b *batch) sent(n int64, each func(piece uint32, payload int64)) {
	n -= int64(len(b.control))
	for _, k := range b.blocks[:b.n] {
		if n -= peer.PieceHeaderLen; n <= 0 {
			return
		}
		each(k.Piece, min(n, int64(k.Length)))
		n -= int64(k.Length)
	}
}
