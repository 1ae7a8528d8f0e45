package object

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"shoal/storage/blob"
	"shoal/storage/kv"
)

// Bounds of the scrubber.
const (
	// defaultScrubRate is what one spindle gives without being felt, in bytes a second: 690 GB a day, or as many
	// small blobs as it finds in that time.
	defaultScrubRate = 8 << 20
	// scrubSeek is what a read costs at least, in bytes: a spindle reads about as much in the time of finding them.
	scrubSeek = 1 << 20
	// scrubBurst is at least what blob.Verify asks for at once.
	scrubBurst = 4 << 20
	// scrubPage is the blobs listed at once.
	scrubPage = 256
	// scrubSaveEvery is how much of the pass is done again after a restart.
	scrubSaveEvery = time.Minute
	// scrubRest is the pause between two passes.
	scrubRest = time.Hour
	// maxRot bounds the damaged blobs that are remembered; every one is logged.
	maxRot = 10_000
)

// ScrubOptions tune the scrubber. The zero value works.
type ScrubOptions struct {
	BytesPerSecond int64             // default 8 MiB
	Rest           time.Duration     // between passes; default 1 hour
	Damaged        func(Damage)      // called for each damaged blob found; may be nil
	Read           func(bytes int64) // called after each read, for a counter; may be nil
}

// Damage is a blob whose bytes are not what was stored.
type Damage struct {
	Blob  blob.ID
	Found time.Time
	Err   error
}

// ScrubStatus says where the scrubber is.
type ScrubStatus struct {
	Position blob.ID  // blobs up to this one were read in this pass
	Damaged  []Damage // found since the start of the process and still damaged, at most 10,000
}

// rotList remembers what the scrubber found. The zero value is ready.
type rotList struct {
	mu       sync.Mutex
	position blob.ID            // guarded by mu
	damaged  map[blob.ID]Damage // guarded by mu
}

// ScrubStatus returns where the scrubber is and what it found.
func (s *Store) ScrubStatus() ScrubStatus {
	s.rot.mu.Lock()
	defer s.rot.mu.Unlock()
	st := ScrubStatus{Position: s.rot.position}
	for _, d := range s.rot.damaged {
		st.Damaged = append(st.Damaged, d)
	}
	return st
}

// note keeps or forgets a finding about a blob; err is nil when the blob is whole or gone.
func (l *rotList) note(id blob.ID, d *Damage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.position = id
	if d == nil {
		delete(l.damaged, id)
		return
	}
	if l.damaged == nil {
		l.damaged = make(map[blob.ID]Damage)
	}
	if _, known := l.damaged[id]; known || len(l.damaged) < maxRot {
		l.damaged[id] = *d
	}
}

// Scrub reads every blob at a bounded rate, again and again, and reports those that rotted, until ctx
// ends; then it returns nil. It goes on where an earlier Scrub was, also in the rest between two passes.
func (s *Store) Scrub(ctx context.Context, o ScrubOptions) error {
	if o.BytesPerSecond <= 0 {
		o.BytesPerSecond = defaultScrubRate
	}
	if o.Rest <= 0 {
		o.Rest = scrubRest
	}
	sc := &scrubber{store: s, o: o, limit: rate.NewLimiter(rate.Limit(o.BytesPerSecond), scrubBurst)}
	rest, err := sc.restLeft(ctx)
	for {
		if err != nil && ctx.Err() == nil {
			s.log.Error("scrub stopped; it goes on later", "error", err)
		}
		timer := time.NewTimer(rest)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
		err = sc.pass(ctx)
		rest = o.Rest
	}
}

// ScrubOnce reads every blob once from where the last pass stopped, without a bound on the rate.
func (s *Store) ScrubOnce(ctx context.Context, o ScrubOptions) error {
	sc := &scrubber{store: s, o: o, limit: rate.NewLimiter(rate.Inf, scrubBurst)}
	return sc.pass(ctx)
}

type scrubber struct {
	store *Store
	o     ScrubOptions
	limit *rate.Limiter
	saved time.Time // when the position was last written
}

// pass reads the blobs from the saved position to the last one, then sets the position back.
func (sc *scrubber) pass(ctx context.Context) error {
	at, _, err := sc.load(ctx)
	if err != nil {
		return err
	}
	sc.saved = sc.store.now()
	for {
		page, err := sc.store.blobs.List(ctx, at, scrubPage)
		if err != nil {
			return fmt.Errorf("list blobs after %s: %w", at, err)
		}
		if len(page) == 0 {
			return sc.save(ctx, blob.ID{})
		}
		for _, e := range page {
			if err := sc.check(ctx, e.ID); err != nil {
				return err
			}
			at = e.ID
			if now := sc.store.now(); now.Sub(sc.saved) >= scrubSaveEvery {
				if err := sc.save(ctx, at); err != nil {
					return err
				}
			}
		}
	}
}

// check verifies one blob. An error ends the pass: it says nothing of the blob.
func (sc *scrubber) check(ctx context.Context, id blob.ID) error {
	err := blob.Verify(ctx, sc.store.blobs, id, sc.pace)
	switch {
	case err == nil, errors.Is(err, blob.ErrGone):
		sc.store.rot.note(id, nil)
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	// A file that is being written looks damaged; its intent says so.
	writing, rerr := sc.store.hasIntent(ctx, id)
	if rerr != nil {
		return rerr
	}
	if writing {
		return nil
	}
	d := Damage{Blob: id, Found: sc.store.now(), Err: err}
	sc.store.rot.note(id, &d)
	sc.store.log.Error("blob is damaged: restore it from a backup or delete the objects that hold it",
		"blob", id.String(), "error", err)
	if sc.o.Damaged != nil {
		sc.o.Damaged(d)
	}
	return nil
}

// pace waits until n bytes may be read, and counts them.
func (sc *scrubber) pace(ctx context.Context, n int) error {
	if sc.limit.Limit() != rate.Inf {
		if err := sc.limit.WaitN(ctx, max(n, scrubSeek)); err != nil {
			return err
		}
	}
	if sc.o.Read != nil {
		sc.o.Read(int64(n))
	}
	return nil
}

func (s *Store) hasIntent(ctx context.Context, id blob.ID) (bool, error) {
	rows, err := s.kv.Get(ctx, intentKey(id))
	if err != nil {
		return false, err
	}
	return rows[0].Exists(), nil
}

func scrubKey() []byte { return []byte{kindScrub} }

// restLeft returns how long to wait before the first pass: what is left of the rest after the last one, if that was
// finished. Not above zero is not at all.
func (sc *scrubber) restLeft(ctx context.Context) (time.Duration, error) {
	at, saved, err := sc.load(ctx)
	if err != nil || at != (blob.ID{}) {
		return 0, err
	}
	return min(sc.o.Rest-sc.store.now().Sub(saved), sc.o.Rest), nil
}

// load returns the position of an earlier pass, the zero ID when that was finished, and when it was reached; of a
// store that was never scrubbed, zeros.
func (sc *scrubber) load(ctx context.Context) (id blob.ID, saved time.Time, err error) {
	rows, err := sc.store.kv.Get(ctx, scrubKey())
	if err != nil || !rows[0].Exists() {
		return id, saved, err
	}
	value := rows[0].Value
	if len(value) != 1+len(id)+8 || value[0] != recordVersion {
		return id, saved, fmt.Errorf("scrub position: %w", errRecord)
	}
	n := copy(id[:], value[1:])
	return id, time.Unix(int64(binary.BigEndian.Uint64(value[1+n:])), 0), nil
}

// save writes the position and when it was reached.
func (sc *scrubber) save(ctx context.Context, id blob.ID) error {
	sc.saved = sc.store.now()
	value := append([]byte{recordVersion}, id[:]...)
	value = binary.BigEndian.AppendUint64(value, uint64(sc.saved.Unix()))
	err := kv.Update(ctx, sc.store.kv, func(tx *kv.Tx) error {
		tx.Put(scrubKey(), value)
		return nil
	})
	if err != nil {
		return fmt.Errorf("save scrub position: %w", err)
	}
	return nil
}
