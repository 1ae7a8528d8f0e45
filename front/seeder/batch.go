package seeder

import (
	"fmt"
	"io"
	"net"

	"shoal/wire/peer"
)

// maxBatch is the most blocks in one batch: the largest limit in usual blocks.
const maxBatch = 128

// batch is what goes out in one writev.
type batch struct {
	limit int // bytes of payload; one block may go over it
	room  int // bytes of payload; nothing goes over it

	control     []byte // whole frames, sent first
	metadata    uint32 // the piece to answer, if hasMetadata
	hashes      peer.HashRequest
	hasMetadata bool
	hasHashes   bool

	n       int
	bytes   int // of all blocks
	blocks  [maxBatch]peer.Block
	headers [maxBatch * peer.PieceHeaderLen]byte
	parts   [1 + 2*maxBatch][]byte
	vector  net.Buffers // what of parts is not written yet
}

// reset empties b and sets what it may hold.
func (b *batch) reset(limit, room int) { b.n, b.bytes, b.limit, b.room = 0, 0, limit, room }

// add puts a block in, if there is room.
func (b *batch) add(k peer.Block) bool {
	after := b.bytes + int(k.Length)
	if b.n == maxBatch || after > b.room || b.n > 0 && after > b.limit {
		return false
	}
	b.bytes = after
	b.blocks[b.n] = k
	b.n++
	return true
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
				b.bytes -= int(b.blocks[i].Length)
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

// keep takes out the blocks that are not to be sent; refused appends the answer to each.
func (b *batch) keep(wanted func(peer.Block) bool, refused func([]byte, peer.Block) []byte) {
	kept := 0
	for _, k := range b.blocks[:b.n] {
		if !wanted(k) {
			b.control = refused(b.control, k)
			b.bytes -= int(k.Length)
			continue
		}
		b.blocks[kept] = k
		kept++
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

// sent calls each for every run of blocks of one piece of which payload is among the first n bytes that were
// written, with how many blocks and bytes of it.
func (b *batch) sent(n int64, each func(piece uint32, blocks, payload int64)) {
	var piece uint32
	var blocks, payload int64
	b.sentBlocks(n, func(k peer.Block, bytes int64) {
		if blocks > 0 && k.Piece != piece {
			each(piece, blocks, payload)
			blocks, payload = 0, 0
		}
		piece, blocks, payload = k.Piece, blocks+1, payload+bytes
	})
	if blocks > 0 {
		each(piece, blocks, payload)
	}
}

// sentBlocks calls each for every block of which payload is among the first n bytes that were written, with how much.
func (b *batch) sentBlocks(n int64, each func(k peer.Block, payload int64)) {
	n -= int64(len(b.control))
	for _, k := range b.blocks[:b.n] {
		if n -= peer.PieceHeaderLen; n <= 0 {
			return
		}
		each(k, min(n, int64(k.Length)))
		n -= int64(k.Length)
	}
}
