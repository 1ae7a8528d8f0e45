package fileblob

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/storage/blob"
)

const (
	// chunkBytes is one write: large, so that the disk sees few, and a multiple of blob.LeafSize, so that a leaf
	// never spans two.
	chunkBytes = 1 << 20
	// chunksAhead bounds the memory of one Put to chunksAhead + 3 chunks: one being read, one
	// written, one hashed.
	chunksAhead = 2
	// writebackBytes is how often the kernel is asked to begin writing, so that the sync at the end finds
	// little left to do.
	writebackBytes = 16 << 20
	// maxEmptyReads ends a reader that gives neither bytes nor an error; bufio uses the same bound.
	maxEmptyReads = 100
)

// errStopped ends the reading of a Put whose write has failed.
var errStopped = errors.New("write has failed")

// chunk is a buffer read by two: the writer and the hasher. The last of them gives it back.
type chunk struct {
	buf  [chunkBytes]byte
	n    int
	uses atomic.Int32
}

func (s *Store) newChunk() *chunk {
	if c, ok := s.chunks.Get().(*chunk); ok {
		return c
	}
	return new(chunk)
}

func (s *Store) release(c *chunk) {
	if c.uses.Add(-1) == 0 {
		s.chunks.Put(c)
	}
}

func (c *chunk) data() []byte { return c.buf[:c.n] }

// stream copies r to f and returns the size and the leaves. What fits one chunk is done in place; the rest is
// read, written and hashed side by side.
func (s *Store) stream(ctx context.Context, f vfs.File, r io.Reader) (int64, []blob.Leaf, error) {
	first, last, err := s.read(ctx, r)
	if err != nil {
		return 0, nil, err
	}
	if !last {
		return s.pipe(ctx, f, r, first)
	}
	first.uses.Store(1)
	defer s.release(first)
	return int64(first.n), appendLeaves(nil, first.data()), writeAll(f, first.data())
}

// fill reads until the chunk is full or r ends. It is not io.ReadFull, which makes an end of a short chunk look like
// the io.ErrUnexpectedEOF of a request body that was cut off.
func (c *chunk) fill(r io.Reader) (last bool, err error) {
	c.n = 0
	for empty := 0; c.n < len(c.buf); {
		n, err := r.Read(c.buf[c.n:])
		c.n += n
		switch {
		case err == io.EOF:
			return true, nil
		case err != nil:
			return false, err
		case n > 0:
			empty = 0
		case empty == maxEmptyReads:
			return false, io.ErrNoProgress
		default:
			empty++
		}
	}
	return false, nil
}

// read fills one chunk from r; last says that r has ended. The chunk is nil on an error.
func (s *Store) read(ctx context.Context, r io.Reader) (c *chunk, last bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	c = s.newChunk()
	if last, err = c.fill(r); err != nil {
		s.chunks.Put(c)
		return nil, false, fmt.Errorf("read content: %w", err)
	}
	if err := s.space.Take(int64(c.n)); err != nil {
		s.chunks.Put(c)
		return nil, false, err
	}
	return c, last, nil
}

// pipe goes on from the first chunk until r ends.
func (s *Store) pipe(ctx context.Context, f vfs.File, r io.Reader, c *chunk) (int64, []blob.Leaf, error) {
	var (
		toWrite  = make(chan *chunk, chunksAhead)
		toHash   = make(chan *chunk, chunksAhead)
		stopped  atomic.Bool
		leaves   []blob.Leaf
		writeErr error
		both     sync.WaitGroup
	)
	both.Go(func() { writeErr = s.writeChunks(f, toWrite, &stopped) })
	both.Go(func() {
		for c := range toHash {
			leaves = appendLeaves(leaves, c.data())
			s.release(c)
		}
	})
	var (
		size    int64
		last    bool
		readErr error
	)
	for {
		size += int64(c.n)
		c.uses.Store(2)
		toWrite <- c
		toHash <- c
		if last {
			break
		}
		if stopped.Load() {
			readErr = errStopped
			break
		}
		if c, last, readErr = s.read(ctx, r); readErr != nil {
			break
		}
	}
	close(toWrite)
	close(toHash)
	both.Wait()
	if writeErr != nil {
		return 0, nil, writeErr
	}
	return size, leaves, readErr
}

// writeChunks writes until in is closed. After an error it only empties in, having set stopped.
func (s *Store) writeChunks(f vfs.File, in <-chan *chunk, stopped *atomic.Bool) error {
	var err error
	var written, begun int64
	var scratch []byte
	for c := range in {
		if err == nil {
			data := c.data()
			if f.Fd() == vfs.InvalidFd {
				// vfs: Write may change its argument, which the hasher reads. A file of the real disk does not.
				scratch = append(scratch[:0], data...)
				data = scratch
			}
			err = writeAll(f, data)
			written += int64(c.n)
		}
		if err == nil && written-begun >= writebackBytes {
			begun = written
			_, err = f.SyncTo(written)
		}
		if err != nil {
			stopped.Store(true)
		}
		s.release(c)
	}
	return err
}

// appendLeaves appends the leaf of each block of data.
func appendLeaves(leaves []blob.Leaf, data []byte) []blob.Leaf {
	for len(data) > 0 {
		n := min(len(data), blob.LeafSize)
		leaves = append(leaves, sha256.Sum256(data[:n]))
		data = data[n:]
	}
	return leaves
}
