package object

import (
	"context"
	"errors"
	"sync"

	"shoal/core/fault"
)

// Bounds of hashing.
const (
	// maxHashing is the versions hashed at once: more would only seek on one disk and starve the seeder.
	maxHashing = 4
	// maxFlights bounds the versions that are hashed or wait for it; each holds one goroutine and
	// nothing else while it waits.
	maxFlights = 1024
)

var errTooManyTorrents = errors.New("too many torrents are being made")

// torrentFlights makes each torrent once, however many ask at the same time. The zero value is ready.
type torrentFlights struct {
	mu      sync.Mutex
	flights map[VersionID]*torrentFlight // guarded by mu
	hashing chan struct{}                // guarded by mu until made; a token per version being hashed
	closed  bool                         // guarded by mu
	wg      sync.WaitGroup
}

// torrentFlight is the making of one torrent.
type torrentFlight struct {
	cancel  context.CancelFunc
	done    chan struct{} // closed when rec and err are set
	rec     torrentRecord
	err     error
	mu      sync.Mutex
	waiting map[*torrentWaiter]struct{} // guarded by mu
	started bool                        // guarded by mu; the content is being read
}

type torrentWaiter struct{ progress func(done, total int64) }

// making is a torrent to be made, under the id that its record will have.
type making struct {
	id   VersionID
	name string // in errors
	work func(ctx context.Context, report func(done, total int64)) (torrentRecord, error)
}

// do waits for the torrent of m, which it makes if nobody does yet.
func (f *torrentFlights) do(ctx context.Context, m making, progress func(done, total int64)) (torrentRecord, error) {
	w := &torrentWaiter{progress: progress}
	flight, err := f.join(m, w)
	if err != nil {
		return torrentRecord{}, err
	}
	defer flight.leave(w)
	select {
	case <-flight.done:
		return flight.rec, flight.err
	case <-ctx.Done():
		return torrentRecord{}, ctx.Err()
	}
}

func (f *torrentFlights) join(m making, w *torrentWaiter) (*torrentFlight, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, fault.New("make torrent", m.name, fault.SlowDown, errors.New("the store is closing"))
	}
	if flight, ok := f.flights[m.id]; ok && flight.enter(w) {
		return flight, nil
	}
	if len(f.flights) >= maxFlights {
		return nil, fault.New("make torrent", m.name, fault.SlowDown, errTooManyTorrents)
	}
	if f.flights == nil {
		f.flights = make(map[VersionID]*torrentFlight)
		f.hashing = make(chan struct{}, maxHashing)
	}
	// The flight outlives the caller who began it: a client that gives up on a long hashing and asks again
	// finds it further on, not at its start.
	ctx, cancel := context.WithCancel(context.Background())
	flight := &torrentFlight{cancel: cancel, done: make(chan struct{}), waiting: map[*torrentWaiter]struct{}{w: {}}}
	f.flights[m.id] = flight
	f.wg.Go(func() {
		defer cancel()
		flight.rec, flight.err = f.run(ctx, m, flight)
		f.mu.Lock()
		if f.flights[m.id] == flight {
			delete(f.flights, m.id)
		}
		f.mu.Unlock()
		close(flight.done)
	})
	return flight, nil
}

func (f *torrentFlights) run(ctx context.Context, m making, flight *torrentFlight) (torrentRecord, error) {
	select {
	case f.hashing <- struct{}{}:
		defer func() { <-f.hashing }()
	case <-ctx.Done():
		return torrentRecord{}, ctx.Err()
	}
	if !flight.start() {
		return torrentRecord{}, context.Canceled
	}
	return m.work(ctx, flight.report)
}

// close cancels what is under way, refuses more and waits for the goroutines.
func (f *torrentFlights) close() {
	f.mu.Lock()
	f.closed = true
	for _, flight := range f.flights {
		flight.cancel()
	}
	f.mu.Unlock()
	f.wg.Wait()
}

// enter adds a waiter, unless all have left before the work began: such a flight is over.
func (t *torrentFlight) enter(w *torrentWaiter) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.started && len(t.waiting) == 0 {
		return false
	}
	t.waiting[w] = struct{}{}
	return true
}

// leave ends w's part. A flight that nobody waits for and that has not begun is called off.
func (t *torrentFlight) leave(w *torrentWaiter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.waiting, w)
	if len(t.waiting) == 0 && !t.started {
		t.cancel()
	}
}

func (t *torrentFlight) start() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.started = len(t.waiting) > 0
	return t.started
}

// report tells every waiter. It holds mu, so that none is told after it left.
func (t *torrentFlight) report(done, total int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for w := range t.waiting {
		if w.progress != nil {
			w.progress(done, total)
		}
	}
}
