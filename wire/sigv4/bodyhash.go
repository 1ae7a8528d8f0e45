package sigv4

import (
	"crypto/sha256"
	"crypto/subtle"
	"hash"
	"io"
)

// HashReader passes a body through and compares its SHA-256 with the signed one at its end.
type HashReader struct {
	src  io.Reader
	want [sha256.Size]byte
	hash hash.Hash
	err  error // sticky
}

// NewHashReader returns a reader of src that ends in ContentSHA256Mismatch instead of io.EOF when
// the content does not hash to want. Its bytes are proven only once io.EOF was seen. Uploads that
// are hashed anyway compare with Payload.SHA256 themselves.
func NewHashReader(src io.Reader, want [sha256.Size]byte) *HashReader {
	return &HashReader{src: src, want: want, hash: sha256.New()}
}

// Read implements io.Reader.
func (r *HashReader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.src.Read(p)
	r.hash.Write(p[:n])
	if err == nil {
		return n, nil
	}
	r.err = err
	if err == io.EOF {
		var sum [sha256.Size]byte
		r.hash.Sum(sum[:0])
		if subtle.ConstantTimeCompare(sum[:], r.want[:]) != 1 {
			r.err = &Error{Reason: ContentSHA256Mismatch}
			return 0, r.err
		}
	}
	return n, r.err
}
