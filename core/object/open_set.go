package object

import (
	"errors"
	"io"
	"sync"
)

// errClosed: a reader was used after its Close.
var errClosed = errors.New("reader is closed")

// openSet keeps a few readers open for those who read at random. It is safe for concurrent use.
type openSet[K comparable] struct {
	max int // readers open while nobody reads from more

	mu    sync.Mutex // guards all below
	open  map[K]*openReader
	clock uint64 // of uses
	done  bool
}

// openReader is a reader being opened or open. Evicted while in use, it is closed by its last user.
type openReader struct {
	ready   chan struct{} // closed when r or err is set
	r       io.ReaderAt
	closer  io.Closer
	err     error
	users   int
	used    uint64
	evicted bool
}

func newOpenSet[K comparable](most int) *openSet[K] {
	return &openSet[K]{max: most, open: make(map[K]*openReader)}
}

// acquire returns the reader of k, opened by open when it is not; release gives it back.
func (s *openSet[K]) acquire(k K, open func(K) (io.ReaderAt, io.Closer, error)) (*openReader, error) {
	s.mu.Lock()
	if s.done {
		s.mu.Unlock()
		return nil, errClosed
	}
	s.clock++
	b, ok := s.open[k]
	if !ok {
		b = &openReader{ready: make(chan struct{})}
		s.open[k] = b
	}
	b.users++
	b.used = s.clock
	closing := s.evict()
	s.mu.Unlock()

	closeAll(closing)
	if !ok {
		b.r, b.closer, b.err = open(k)
		close(b.ready)
	}
	<-b.ready
	if b.err != nil {
		s.forget(k, b)
		return nil, b.err
	}
	return b, nil
}

// evict takes the readers that were not used for longest out of the map, while it is too large, and returns
// those that nobody uses. s.mu is held.
func (s *openSet[K]) evict() (closing []io.Closer) {
	for len(s.open) > s.max {
		var oldest K
		least := ^uint64(0)
		for k, b := range s.open {
			if b.used < least {
				oldest, least = k, b.used
			}
		}
		b := s.open[oldest]
		delete(s.open, oldest)
		if b.evicted = true; b.users == 0 && b.closer != nil {
			closing = append(closing, b.closer)
		}
	}
	return closing
}

func (s *openSet[K]) release(b *openReader) {
	s.mu.Lock()
	b.users--
	last := b.users == 0 && b.evicted
	s.mu.Unlock()
	if last {
		b.closer.Close() // it was only read
	}
}

// forget drops a reader that did not open, so that the next read tries again.
func (s *openSet[K]) forget(k K, b *openReader) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b.users--
	if s.open[k] == b {
		delete(s.open, k)
	}
}

// close closes the readers, those in use when they are released.
func (s *openSet[K]) close() {
	s.mu.Lock()
	var closing []io.Closer
	for k, b := range s.open {
		delete(s.open, k)
		if b.evicted = true; b.users == 0 && b.closer != nil {
			closing = append(closing, b.closer)
		}
	}
	s.done = true
	s.mu.Unlock()
	closeAll(closing)
}

func closeAll(closers []io.Closer) {
	for _, c := range closers {
		c.Close() // it was only read
	}
}
