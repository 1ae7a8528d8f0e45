package encryption

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
)

const (
	// ChunkSize is the bytes of a body that are sealed together. It is the block of BitTorrent, so that a peer's
	// request opens no more than what is sent.
	ChunkSize = 16 << 10
	// tagSize is what sealing adds to each chunk (AES-GCM).
	tagSize     = 16
	sealedChunk = ChunkSize + tagSize
	// batchChunks are read and opened at once where more than one is wanted: reads and writes of 128 KiB.
	batchChunks = 8
)

// Stream seals and opens the chunks of one body, each under the nonce that says which one it is and whether it is
// the last (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár).
type Stream struct{ aead cipher.AEAD }

// Stream returns the Stream of a body of k's object. No two bodies of an object have the same name.
func (k *Key) Stream(name []byte) Stream {
	return Stream{newGCM(k.derive(name, "shoal body", KeySize))}
}

func newGCM(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err == nil {
		var aead cipher.AEAD
		if aead, err = cipher.NewGCM(block); err == nil {
			return aead
		}
	}
	panic("encryption: " + err.Error()) // only of a key of another size
}

// SealedSize returns the bytes that a body of size bytes has when it is sealed. An empty one has none.
func SealedSize(size int64) int64 { return size + chunkCount(size)*tagSize }

func chunkCount(size int64) int64 { return (size + ChunkSize - 1) / ChunkSize }

// Covering returns the sealed bytes that hold n bytes, at least one, from off of a body of size bytes.
func Covering(off, n, size int64) (sealedOff, sealedN int64) {
	first, end := off/ChunkSize, min(chunkCount(off+n)*ChunkSize, size)
	return first * sealedChunk, SealedSize(end) - first*sealedChunk
}

func nonce(index int64, last bool) []byte {
	var n [12]byte
	binary.BigEndian.PutUint64(n[3:], uint64(index))
	if last {
		n[11] = 1
	}
	return n[:]
}

// Seal returns a whole body, sealed.
func (s Stream) Seal(body []byte) []byte {
	out := make([]byte, 0, SealedSize(int64(len(body))))
	for i := int64(0); len(body) > 0; i++ {
		n := min(len(body), ChunkSize)
		out = s.aead.Seal(out, nonce(i, n == len(body)), body[:n], nil)
		body = body[n:]
	}
	return out
}

// Open is the inverse of Seal, of a body of size bytes; ErrDamaged.
func (s Stream) Open(sealed []byte, size int64) ([]byte, error) {
	if size < 0 || int64(len(sealed)) != SealedSize(size) {
		return nil, fmt.Errorf("%w: %d bytes at rest of a body of %d", ErrDamaged, len(sealed), size)
	}
	return s.openChunks(make([]byte, 0, size), sealed, 0, size)
}

// openChunks appends to dst the chunks that sealed holds, from the index first, of a body of size bytes. dst has room.
func (s Stream) openChunks(dst, sealed []byte, first, size int64) ([]byte, error) {
	for i := first; len(sealed) > 0; i++ {
		n := min(len(sealed), sealedChunk)
		var err error
		if dst, err = s.aead.Open(dst, nonce(i, i == chunkCount(size)-1), sealed[:n], nil); err != nil {
			return nil, fmt.Errorf("%w: chunk %d of %d", ErrDamaged, i, chunkCount(size))
		}
		sealed = sealed[n:]
	}
	return dst, nil
}
