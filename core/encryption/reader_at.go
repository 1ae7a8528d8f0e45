package encryption

import (
	"fmt"
	"io"
	"slices"
	"sync"
)

// ReaderAt reads a sealed body at random, opened. It is safe for concurrent use if what it reads from is.
type ReaderAt struct {
	stream Stream
	src    io.ReaderAt
	size   int64
	rooms  sync.Pool // of *room
}

// room is the memory of one read.
type room struct{ sealed, plain []byte }

// ReaderAt opens a body of size bytes, of which src is the sealed form.
func (s Stream) ReaderAt(src io.ReaderAt, size int64) *ReaderAt {
	return &ReaderAt{stream: s, src: src, size: size, rooms: sync.Pool{New: func() any { return new(room) }}}
}

// ReadAt implements io.ReaderAt; ErrDamaged.
func (r *ReaderAt) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 || off >= r.size {
		return 0, io.EOF
	}
	space := r.rooms.Get().(*room)
	defer r.rooms.Put(space)
	want := int(min(int64(len(p)), r.size-off))
	for n < want {
		m, err := r.readBatch(p[n:want], off+int64(n), space)
		if n += m; err != nil {
			return n, err
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// readBatch fills p from off as far as a batch reaches.
func (r *ReaderAt) readBatch(p []byte, off int64, space *room) (int, error) {
	start := off / ChunkSize * ChunkSize
	stop := min(off+int64(len(p)), start+batchChunks*ChunkSize)
	at, n := Covering(start, stop-start, r.size)
	space.sealed = slices.Grow(space.sealed[:0], int(n))[:n]
	if m, err := r.src.ReadAt(space.sealed, at); m < len(space.sealed) {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return 0, fmt.Errorf("read sealed content: %w", err)
	}
	space.plain = slices.Grow(space.plain[:0], int(n))
	plain, err := r.stream.openChunks(space.plain, space.sealed, start/ChunkSize, r.size)
	if err != nil {
		return 0, err
	}
	return copy(p, plain[off-start:]), nil
}
