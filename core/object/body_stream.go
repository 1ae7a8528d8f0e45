package object

import (
	"context"
	"errors"
	"hash"
	"io"
	"sync"
	"sync/atomic"

	"shoal/storage/blob"
)

// A body flows through blocks of memory that its hashes and the blob store read side by side.
const (
	blockSize = 256 << 10 // bytes; large enough that handing a block on costs nothing beside hashing it
	maxBlocks = 8         // of one body: 2 MiB at most, and a small body takes one
)

// block is a piece of a body. Its readers are counted; the last one gives it back.
type block struct {
	buf   []byte // blockSize bytes
	data  []byte // the part of buf that is filled
	users atomic.Int32
}

// errStopped is what the blob store reads when the body failed; the body's own error is what is returned.
var errStopped = errors.New("body stopped")

// stream writes body as the blob id and into d, each in its own goroutine, and waits for all of them. The
// blob store sees the end of the body only after d was verified, so a body with a wrong digest is never
// durable.
func (s *Store) stream(ctx context.Context, id blob.ID, body io.Reader, d *digests, how seal) (storedBody, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f := &fanOut{store: s, free: make(chan *block, maxBlocks)}
	defer f.release()

	var hashing sync.WaitGroup
	for _, h := range d.all() {
		in := f.add()
		hashing.Go(func() { f.hash(h, in) })
	}
	source := &blockReader{in: f.add(), fan: f}
	written := make(chan error, 1)
	resting := io.Reader(source)
	if how.key != nil {
		resting = blobStream(how.key, id).SealReader(source)
	}
	go func() {
		_, err := s.blobs.Put(ctx, id, resting)
		cancel() // of no use any more: the body need not be read on after an error
		source.drain()
		written <- err
	}()

	out, err := f.run(ctx, body)
	for _, in := range f.out[:len(f.out)-1] {
		close(in)
	}
	hashing.Wait()
	if err == nil {
		out.etag, out.checksum, err = d.verify()
		out.fallback = d.fallbackSum()
	}
	if err != nil {
		source.verdict = errStopped
	}
	close(f.out[len(f.out)-1])
	putErr := <-written
	if putErr != nil && !errors.Is(putErr, errStopped) && (err == nil || errors.Is(err, context.Canceled)) {
		err = putErr
	}
	return out, err
}

// fanOut hands each block of a body to every reader.
type fanOut struct {
	store *Store
	out   []chan *block // one per reader; each has room for every block, so that sending never waits
	free  chan *block
	made  int // blocks taken from the store's pool
}

func (f *fanOut) add() chan *block {
	in := make(chan *block, maxBlocks)
	f.out = append(f.out, in)
	return in
}

// run reads the body to its end and sends it on.
func (f *fanOut) run(ctx context.Context, body io.Reader) (out storedBody, err error) {
	for {
		b, err := f.next(ctx)
		if err != nil {
			return out, err
		}
		n, err := fill(body, b.buf)
		out.size += int64(n)
		if n == 0 || err != nil && err != io.EOF {
			f.free <- b
		} else {
			b.data = b.buf[:n]
			b.users.Store(int32(len(f.out)))
			for _, in := range f.out {
				in <- b
			}
		}
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
	}
}

// next returns a block that nobody reads, a new one only when all are in use.
func (f *fanOut) next(ctx context.Context) (*block, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case b := <-f.free:
		return b, nil
	default:
	}
	if f.made < maxBlocks {
		f.made++
		return f.store.blocks.Get().(*block), nil
	}
	select {
	case b := <-f.free:
		return b, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (f *fanOut) done(b *block) {
	if b.users.Add(-1) == 0 {
		f.free <- b
	}
}

func (f *fanOut) hash(h hash.Hash, in <-chan *block) {
	for b := range in {
		h.Write(b.data)
		f.done(b)
	}
}

// release gives the blocks back. Every reader has ended, so all of them are free.
func (f *fanOut) release() {
	for range f.made {
		f.store.blocks.Put(<-f.free)
	}
}

// blockReader is the body as the blob store reads it.
type blockReader struct {
	in      <-chan *block
	fan     *fanOut
	now     *block // being read
	at      int    // in now.data
	verdict error  // set before in is closed: why the body has no end
}

func (r *blockReader) Read(p []byte) (int, error) {
	for r.now == nil {
		b, ok := <-r.in
		if !ok {
			if r.verdict != nil {
				return 0, r.verdict
			}
			return 0, io.EOF
		}
		r.now, r.at = b, 0
	}
	n := copy(p, r.now.data[r.at:])
	if r.at += n; r.at == len(r.now.data) {
		r.fan.done(r.now)
		r.now = nil
	}
	return n, nil
}

// drain gives back the blocks that the blob store did not read.
func (r *blockReader) drain() {
	if r.now != nil {
		r.fan.done(r.now)
		r.now = nil
	}
	for b := range r.in {
		r.fan.done(b)
	}
}
