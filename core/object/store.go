package object

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"shoal/core/encryption"
	"shoal/storage/blob"
	"shoal/storage/kv"
)

// Options tune a Store. The zero value works.
type Options struct {
	Clock     func() time.Time // default time.Now
	Logger    *slog.Logger     // default discards
	InlineMax int64            // bytes; default and maximum InlineMax; negative keeps no object inline
	minPart   int64            // bytes; default MinPart. Tests that upload thousands of parts set it
	// Grace is how long content rests after the last version that had it went, so that readers in flight
	// finish. Default 10 minutes.
	Grace time.Duration
	// Keys wrap the keys of encrypted objects. Without them such objects are neither made nor read, but for those under
	// the keys of customers.
	Keys encryption.Keys
	// EventQueue is how many events may wait for one target; further ones are dropped and counted. Default
	// DefaultEventQueue.
	EventQueue int
	// LifecycleDay is the length of a day of lifecycle rules. Default 24 hours.
	LifecycleDay time.Duration
}

const defaultGrace = 10 * time.Minute

// storeFormat is the format of all rows together. A store of another format is refused.
const storeFormat = 1

// Store is the object model over one engine and one blob store. All methods are safe for concurrent use.
type Store struct {
	kv    kv.Engine
	blobs blob.Store
	log   *slog.Logger
	o     Options
	epoch [16]byte // of this process, in its intents
	since int64    // Unix second from which the history of usage is whole

	buckets  bucketCache
	intents  intentPool
	torrents torrentFlights
	rot      rotList
	pressure pressure
	events   eventQueue
	expiry   lifecycleCounters
	blocks   sync.Pool // of *block, for bodies
}

// New returns a Store over e and b, which stay the caller's to close. It refuses an engine that holds a
// store of another format, and marks an empty one.
func New(e kv.Engine, b blob.Store, o Options) (*Store, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.InlineMax == 0 || o.InlineMax > InlineMax {
		o.InlineMax = InlineMax
	}
	if o.LifecycleDay <= 0 {
		o.LifecycleDay = 24 * time.Hour
	}
	if o.Grace <= 0 {
		o.Grace = defaultGrace
	}
	if o.minPart == 0 {
		o.minPart = MinPart
	}
	if o.EventQueue <= 0 {
		o.EventQueue = DefaultEventQueue
	}
	s := &Store{kv: e, blobs: b, log: o.Logger, o: o, events: eventQueue{limit: o.EventQueue}}
	s.blocks.New = func() any { return &block{buf: make([]byte, blockSize)} }
	s.intents.filling = make(chan struct{}, 1)
	rand.Read(s.epoch[:]) // never fails (crypto/rand)
	if err := s.checkFormat(context.Background()); err != nil {
		return nil, err
	}
	if err := s.countEvents(context.Background()); err != nil {
		return nil, fmt.Errorf("open object store: %w", err)
	}
	return s, nil
}

// checkFormat reads the format row, or writes it in an empty engine, and reads or writes from when on there is a history.
func (s *Store) checkFormat(ctx context.Context) error {
	err := kv.Update(ctx, s.kv, func(tx *kv.Tx) error {
		rows, err := tx.Get(formatKey(), historyStartKey())
		if err != nil {
			return err
		}
		start := s.now().Unix()
		if !rows[0].Exists() {
			tx.Put(formatKey(), []byte{storeFormat})
		} else {
			if v := rows[0].Value; len(v) != 1 || v[0] != storeFormat {
				return fmt.Errorf("store has format %x, this program reads %d: use the program that wrote it", v, storeFormat)
			}
			start++ // the program before may have changed something in this second
		}
		s.since, err = startHistory(tx, rows[1], start)
		return err
	})
	if err != nil {
		return fmt.Errorf("open object store: %w", err)
	}
	return nil
}

// Run does the work that no request waits for (the collector, the folding of usage and lifecycle rules) until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers := []func(context.Context) error{s.runCollector, s.runFold, s.runExpiry}
	results := make(chan error, len(workers))
	for _, work := range workers {
		go func() { results <- work(ctx) }()
	}
	var first error
	for range workers {
		if err := <-results; err != nil && first == nil {
			first = err
			cancel()
		}
	}
	return first
}

// Close ends the makings of torrents that are under way, whose callers get Canceled, and waits for them.
// Everything else ends with the contexts of its callers.
func (s *Store) Close() { s.torrents.close() }

func (s *Store) now() time.Time { return s.o.Clock() }
