package object

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"shoal/storage/blob"
	"shoal/wire/torrent"
)

const (
	// hashBufferSize is read at once: large enough for the disk's read-ahead, small enough for the cache.
	hashBufferSize = 1 << 20
	// hashBuffers lets the reader be ahead of the slower hash.
	hashBuffers = 4
	// leafPage is the leaves asked of the blob store at once: 256 KiB of them, 128 MiB of content.
	leafPage = 8192
)

// contentHashes is all of a torrent that needs the content.
type contentHashes struct {
	pieces []byte // v1
	root   torrent.Hash
	layer  []byte // v2
}

// hashContent reads v once, in order, for the v1 pieces. The v2 layer comes from the leaves kept at PUT
// when they are those of the object; otherwise it is hashed from the same read. The two run side by side. For v1
// the content is followed by padding bytes of zeros.
func (s *Store) hashContent(ctx context.Context, v *Version, pieceLength, padding int64, report func(done, total int64)) (h contentHashes, err error) {
	if v.Size == 0 {
		return h, nil
	}
	kept, err := s.leavesKept(ctx, v)
	if err != nil {
		return h, err
	}
	v1 := torrent.NewPieceHasher(pieceLength)
	sinks := []io.Writer{v1}
	g, ctx := errgroup.WithContext(ctx)
	var v2 *torrent.LayerHasher
	if kept {
		g.Go(func() (err error) {
			h.root, h.layer, err = s.layerOfLeaves(ctx, v, pieceLength)
			return err
		})
	} else {
		v2 = torrent.NewLayerHasher(pieceLength)
		sinks = append(sinks, v2)
	}
	g.Go(func() error {
		content, err := s.Open(ctx, v, 0, v.Size)
		if err != nil {
			return err
		}
		defer content.Close()
		return feed(ctx, content, v.Size, report, sinks...)
	})
	if err := g.Wait(); err != nil {
		return h, fmt.Errorf("hash content: %w", err)
	}
	for zeros := make([]byte, min(padding, hashBufferSize)); padding > 0; padding -= int64(len(zeros)) {
		zeros = zeros[:min(padding, hashBufferSize)]
		v1.Write(zeros) // a hash never fails
	}
	h.pieces = v1.Finish()
	if v2 != nil {
		h.root, h.layer = v2.Finish()
	}
	return h, nil
}

// layerOfLeaves folds the leaves kept at PUT.
func (s *Store) layerOfLeaves(ctx context.Context, v *Version, pieceLength int64) (torrent.Hash, []byte, error) {
	b := torrent.NewLayerBuilder(pieceLength)
	total := leafCount(v.Size)
	for first := int64(0); first < total; first += leafPage {
		leaves, err := s.leaves(ctx, v, first, min(leafPage, total-first))
		if err != nil {
			return torrent.Hash{}, nil, err
		}
		for _, leaf := range leaves {
			b.Add(leaf)
		}
	}
	root, layer := b.Finish()
	return root, layer, nil
}

// sharedBuffer is read by every sink; the last one gives it back.
type sharedBuffer struct {
	data  []byte
	users atomic.Int32
}

// feed copies size bytes of r to every sink, each on its own goroutine, over shared buffers.
// It returns when all are done. A shorter r is an error.
func feed(ctx context.Context, r io.Reader, size int64, report func(done, total int64), sinks ...io.Writer) error {
	g, ctx := errgroup.WithContext(ctx)
	free := make(chan *sharedBuffer, hashBuffers)
	for range hashBuffers {
		free <- &sharedBuffer{data: make([]byte, min(hashBufferSize, size))}
	}
	queues := make([]chan *sharedBuffer, len(sinks))
	for i, sink := range sinks {
		queue := make(chan *sharedBuffer, hashBuffers)
		queues[i] = queue
		g.Go(func() error {
			for b := range queue {
				sink.Write(b.data) // a hash never fails
				if b.users.Add(-1) == 0 {
					free <- b
				}
			}
			return nil
		})
	}
	g.Go(func() error {
		defer func() {
			for _, queue := range queues {
				close(queue)
			}
		}()
		for done := int64(0); done < size; {
			var b *sharedBuffer
			select {
			case b = <-free:
			case <-ctx.Done():
				return ctx.Err()
			}
			b.data = b.data[:min(int64(cap(b.data)), size-done)]
			if _, err := io.ReadFull(r, b.data); err != nil {
				return fmt.Errorf("read content at %d of %d: %w", done, size, err)
			}
			done += int64(len(b.data))
			b.users.Store(int32(len(queues)))
			for _, queue := range queues {
				queue <- b
			}
			report(done, size)
		}
		return nil
	})
	return g.Wait()
}

// leafCount returns the number of leaves of size bytes.
func leafCount(size int64) int64 { return (size + blob.LeafSize - 1) / blob.LeafSize }
