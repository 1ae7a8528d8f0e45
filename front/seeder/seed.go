package seeder

import (
	"context"
	"fmt"
	"sync"

	"shoal/core/object"
	"shoal/wire/torrent"
)

// seed is what the connections to one torrent share: its reader, and what of its torrent was asked for.
type seed struct {
	content content
	torrent *object.Torrent // of the first user; what is used of it is the same in all
	reader  readAtCloser
	limit   limiter      // of all connections to the torrent
	bucket  *bucketLimit // of all to its bucket
	info    loaded[[]byte]
	trees   fileTrees

	ready chan struct{} // closed when reader or err is set
	err   error
	users int // guarded by seeds.mu
}

// seeds are the seeds in use. An idle torrent has none.
type seeds struct {
	content content
	buckets bucketLimits

	mu   sync.Mutex
	byID map[seedID]*seed // guarded by mu
}

// seedID names a torrent: info dictionary and hashes differ between the kinds of a version.
type seedID struct {
	version object.VersionID
	kind    torrent.Kind
	private bool
}

func idOf(t *object.Torrent) seedID { return seedID{t.Version.ID, t.Kind, t.Private} }

// acquire returns the seed of t; the caller releases it.
func (s *seeds) acquire(ctx context.Context, t *object.Torrent) (*seed, error) {
	s.mu.Lock()
	d, ok := s.byID[idOf(t)]
	if !ok {
		d = newSeed(s.content, t)
		d.bucket = s.buckets.acquire(t.Bucket)
		s.byID[idOf(t)] = d
	}
	d.users++
	s.mu.Unlock()
	if !ok {
		d.reader, d.err = s.content.open(ctx, t)
		if d.err == nil && requestable(t) > t.Length {
			d.reader = padded{d.reader, t.Length}
		}
		close(d.ready)
	}
	<-d.ready
	if d.err != nil {
		err := d.err
		s.release(d)
		return nil, fmt.Errorf("open content of %v: %w", t.InfoHash, err)
	}
	return d, nil
}

func newSeed(c content, t *object.Torrent) *seed {
	d := &seed{content: c, torrent: t, ready: make(chan struct{})}
	d.info.init()
	return d
}

// release gives d back; its last user closes the reader.
func (s *seeds) release(d *seed) {
	s.mu.Lock()
	d.users--
	last := d.users == 0
	// After a failed open the seed must not be found again, whoever still waits for it.
	if id := idOf(d.torrent); (last || d.err != nil) && s.byID[id] == d {
		delete(s.byID, id)
	}
	s.mu.Unlock()
	if !last {
		return
	}
	s.buckets.release(d.torrent.Bucket, d.bucket)
	if d.reader != nil {
		d.reader.Close() // it was only read
	}
}

// infoBytes returns the info dictionary, read at the first call. It is shared: not to be written.
func (d *seed) infoBytes(ctx context.Context) ([]byte, error) {
	return d.info.get(ctx, func() ([]byte, error) {
		info, err := d.content.Info(ctx, d.torrent)
		if err == nil && int64(len(info)) != d.torrent.InfoSize {
			err = fmt.Errorf("info dictionary of %d bytes, not %d", len(info), d.torrent.InfoSize)
		}
		return info, err
	})
}

// loaded is a value that is loaded when it is first wanted. A load that failed is tried again.
type loaded[T any] struct {
	owner chan struct{} // holds one token; who has it may touch the rest, across I/O too
	done  bool
	value T
}

func (l *loaded[T]) init() {
	l.owner = make(chan struct{}, 1)
	l.owner <- struct{}{}
}

func (l *loaded[T]) get(ctx context.Context, load func() (T, error)) (T, error) {
	select {
	case <-l.owner:
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
	defer func() { l.owner <- struct{}{} }()
	if l.done {
		return l.value, nil
	}
	value, err := load()
	if err == nil {
		l.value, l.done = value, true
	}
	return value, err
}
