package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"hash"
)

// chunkChain is the chain of signatures over the chunks of one body: each signs the one before.
// Its buffers are reused, so that a chunk costs no allocation.
type chunkChain struct {
	mac  hash.Hash // keyed with the signing key
	hash hash.Hash // of the content of the current chunk

	text    []byte // the string to sign of a chunk; the first prefix bytes never change
	prefix  int
	trailer []byte                // the prefix of a trailer's string to sign
	prev    [sha256.Size * 2]byte // hex signature before this one
	sum     [sha256.Size]byte
}

func newChunkChain(v *Verified) *chunkChain {
	scope := "\n" + v.time + "\n" + v.scope + "\n"
	c := &chunkChain{
		mac:     hmac.New(sha256.New, v.key[:]),
		hash:    sha256.New(),
		text:    append(make([]byte, 0, 512), algorithm+"-PAYLOAD"+scope...),
		trailer: []byte(algorithm + "-TRAILER" + scope),
	}
	c.prefix = len(c.text)
	copy(c.prev[:], v.seed)
	return c
}

// checkChunk ends a chunk: it compares the signature that its header declared and moves on.
func (c *chunkChain) checkChunk(declared []byte) bool {
	text := append(c.text[:c.prefix], c.prev[:]...)
	text = append(text, "\n"+EmptySHA256+"\n"...)
	text = hex.AppendEncode(text, c.hash.Sum(c.sum[:0]))
	c.hash.Reset()
	c.text = text
	return c.check(text, declared)
}

// checkTrailer compares the signature of the trailer, given in canonical form.
func (c *chunkChain) checkTrailer(canonical, declared []byte) bool {
	text := append(c.trailer, c.prev[:]...)
	text = append(text, '\n')
	sum := sha256.Sum256(canonical)
	return c.check(hex.AppendEncode(text, sum[:]), declared)
}

func (c *chunkChain) check(text, declared []byte) bool {
	c.mac.Reset()
	c.mac.Write(text)
	hex.Encode(c.prev[:], c.mac.Sum(c.sum[:0]))
	return subtle.ConstantTimeCompare(c.prev[:], declared) == 1
}
