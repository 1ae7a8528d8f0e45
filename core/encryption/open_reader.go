package encryption

import (
	"errors"
	"fmt"
	"io"
)

// OpenReader reads a range of a sealed body, opened. It closes what it reads from.
type OpenReader struct {
	stream Stream
	src    io.ReadCloser
	size   int64  // bytes of the whole body
	at     int64  // of the next chunk, in bytes of the body
	off    int64  // of the next byte to give
	end    int64  // of the range
	sealed []byte // room for a batch
	room   []byte // for the same, opened
	plain  []byte // opened and not given yet
}

// OpenReader opens n bytes from off of a body of size bytes. src is exactly what Covering says of them. Errors:
// ErrDamaged, and io.ErrUnexpectedEOF when src ends early.
func (s Stream) OpenReader(src io.ReadCloser, off, n, size int64) *OpenReader {
	batch := min(chunkCount(off+n)-off/ChunkSize, batchChunks)
	return &OpenReader{
		stream: s, src: src, size: size, at: off / ChunkSize * ChunkSize, off: off, end: off + n,
		sealed: make([]byte, batch*sealedChunk), room: make([]byte, 0, batch*ChunkSize),
	}
}

// Fill reads ahead, so that damage at the beginning is known before anything is given out.
func (r *OpenReader) Fill() error {
	if len(r.plain) > 0 || r.off == r.end {
		return nil
	}
	stop := min(r.at+int64(cap(r.room)), r.size, chunkCount(r.end)*ChunkSize)
	_, n := Covering(r.at, stop-r.at, r.size)
	if _, err := io.ReadFull(r.src, r.sealed[:n]); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("read sealed content: %w", err)
	}
	plain, err := r.stream.openChunks(r.room, r.sealed[:n], r.at/ChunkSize, r.size)
	if err != nil {
		return err
	}
	r.plain = plain[r.off-r.at : min(r.end, stop)-r.at]
	r.at = stop
	return nil
}

// Read implements io.Reader.
func (r *OpenReader) Read(p []byte) (int, error) {
	if err := r.Fill(); err != nil {
		return 0, err
	}
	if len(r.plain) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.plain)
	r.take(n)
	return n, nil
}

func (r *OpenReader) take(n int) {
	r.plain = r.plain[n:]
	r.off += int64(n)
}

// WriteTo implements io.WriterTo.
func (r *OpenReader) WriteTo(w io.Writer) (total int64, err error) {
	for {
		if err := r.Fill(); err != nil {
			return total, err
		}
		if len(r.plain) == 0 {
			return total, nil
		}
		n, err := w.Write(r.plain)
		r.take(n)
		if total += int64(n); err != nil {
			return total, err
		}
	}
}

// Close closes what it reads from.
func (r *OpenReader) Close() error { return r.src.Close() }
