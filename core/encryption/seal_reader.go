package encryption

import "io"

// sealReader is a body as it rests, sealed while it is read.
type sealReader struct {
	stream Stream
	src    io.Reader
	srcErr error
	plain  []byte // ChunkSize+1 bytes, of which the first have are filled
	have   int
	index  int64
	room   []byte // for a sealed chunk
	out    []byte // what of it was not read yet
}

// SealReader returns r, sealed. An error of r is returned as it is, and what was read is not the whole body then.
func (s Stream) SealReader(r io.Reader) io.Reader {
	return &sealReader{stream: s, src: r, plain: make([]byte, ChunkSize+1), room: make([]byte, 0, sealedChunk)}
}

func (r *sealReader) Read(p []byte) (int, error) {
	if len(r.out) == 0 {
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

// next seals a chunk. A byte behind it tells that it is not the last.
func (r *sealReader) next() error {
	for r.have <= ChunkSize && r.srcErr == nil {
		var n int
		n, r.srcErr = r.src.Read(r.plain[r.have:])
		r.have += n
	}
	if r.srcErr != nil && (r.srcErr != io.EOF || r.have == 0) {
		return r.srcErr
	}
	n := min(r.have, ChunkSize)
	r.out = r.stream.aead.Seal(r.room, nonce(r.index, n == r.have), r.plain[:n], nil)
	r.index++
	r.have = copy(r.plain, r.plain[n:r.have])
	return nil
}
