package accesslog

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/storage/kv"
)

// Bounds of a delivery.
const (
	defaultEvery = 5 * time.Minute // AWS delivers within hours
	// defaultMaxObject bounds a log object, in bytes: what tools that read logs whole can take.
	defaultMaxObject = 64 << 20
	// wakeBytes of new records are delivered before the time has come, so that they do not pile up as metadata.
	wakeBytes = 16 << 20

	// What cannot be delivered because of its target waits so long, and so much of one bucket; then the oldest is dropped.
	maxWait      = 72 * time.Hour
	maxWaitBytes = 256 << 20
)

// Object is a log object to be put.
type Object struct {
	Bucket string
	Key    string
	Source string // the bucket that is logged
	Owner  string // of Source, and of the log object
	Grants []access.Grant
	Size   int64
	Body   io.Reader // gives Size bytes of text; nil for CheckTarget
}

// Store is where log objects go.
type Store interface {
	// CheckTarget returns NoSuchBucket when there is no such bucket, and AccessDenied when it has another owner or does not
	// take the log.
	CheckTarget(ctx context.Context, o Object) error
	// PutLog stores o, or returns PreconditionFailed when its key is taken. It has the errors of CheckTarget too.
	PutLog(ctx context.Context, o Object) error
}

// Options are the optional parts of a Deliverer; the zero value works.
type Options struct {
	Logger    *slog.Logger     // nil discards
	Now       func() time.Time // nil is time.Now
	Every     time.Duration    // between two deliveries; 0 is 5 min
	MaxObject int64            // bytes of a log object; 0 is 64 MiB
	Region    string           // of the buckets that are logged, in partitioned keys
	// Settled returns the writer that may still write rows, and the first of its sequences that is not known to be
	// written for good: only rows before it are delivered. nil means that every row is.
	Settled func() (Epoch, uint64)
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Every <= 0 {
		o.Every = defaultEvery
	}
	if o.MaxObject <= 0 {
		o.MaxObject = defaultMaxObject
	}
	if o.Settled == nil {
		o.Settled = func() (Epoch, uint64) { return Epoch{}, 0 }
	}
	return o
}

// Delivered is what one delivery did.
type Delivered struct {
	Objects      int64 // log objects put
	Records      int64
	Bytes        int64
	Dropped      int64 // records that waited too long for their target
	PendingBytes int64 // of records that wait
}

// Stats is what a Deliverer did since it was made, and what waits.
type Stats struct {
	Delivered
	Oldest time.Time // when the oldest record that waits was written; zero when none does
}

// Deliverer makes log objects of the rows of an engine. Make it with New, keep it going with Run.
type Deliverer struct {
	engine kv.Engine
	store  Store
	o      Options
	token  chan struct{} // who has it delivers, and owns waiting
	wake   chan struct{}
	// waiting is what was left of each bucket whose target refused it, in bytes, as of the last delivery.
	waiting map[string]int64

	mu    sync.Mutex
	stats Stats // guarded by mu
	fresh int64 // bytes noted since the last delivery began; guarded by mu
}

// New returns a Deliverer of the rows of engine, into store.
func New(engine kv.Engine, store Store, o Options) *Deliverer {
	d := &Deliverer{
		engine: engine, store: store, o: o.withDefaults(),
		token: make(chan struct{}, 1), wake: make(chan struct{}, 1), waiting: make(map[string]int64),
	}
	d.token <- struct{}{}
	return d
}

// Noted says that rows with so many bytes of records were written. It does not block.
func (d *Deliverer) Noted(bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stats.Oldest.IsZero() {
		d.stats.Oldest = d.o.Now()
	}
	d.stats.PendingBytes += bytes
	if d.fresh += bytes; d.fresh >= wakeBytes {
		select {
		case d.wake <- struct{}{}:
		default:
		}
	}
}

// Stats returns what was done and what waits.
func (d *Deliverer) Stats() Stats {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stats
}

// Run delivers at the start, and then each Options.Every and when much is waiting, until ctx is done.
func (d *Deliverer) Run(ctx context.Context) error {
	ticker := time.NewTicker(d.o.Every)
	defer ticker.Stop()
	for {
		if _, err := d.DeliverOnce(ctx); err != nil && ctx.Err() == nil {
			d.o.Logger.LogAttrs(ctx, slog.LevelError, "access logs are not delivered; it is tried again", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-d.wake:
		}
	}
}

// DeliverOnce delivers all that is settled. What one target refuses holds nobody else up; it is logged and waits. An
// error says that rows could not be read or written.
func (d *Deliverer) DeliverOnce(ctx context.Context) (Delivered, error) {
	const op = "deliver access logs"
	select {
	case <-d.token:
	case <-ctx.Done():
		return Delivered{}, fault.New(op, "", fault.Canceled, context.Cause(ctx))
	}
	defer func() { d.token <- struct{}{} }()
	d.mu.Lock()
	d.fresh = 0
	d.mu.Unlock()
	p := newPass(d)
	err := p.deliver(ctx)
	d.note(p, err == nil)
	switch {
	case err != nil && ctx.Err() != nil:
		return p.done, fault.New(op, "", fault.Canceled, err)
	case err != nil:
		return p.done, fault.New(op, "", fault.Internal, err)
	}
	return p.done, nil
}

// note adds what p did. A whole pass has seen every row, but those that were noted meanwhile.
func (d *Deliverer) note(p *pass, whole bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := &d.stats
	s.Objects += p.done.Objects
	s.Records += p.done.Records
	s.Bytes += p.done.Bytes
	s.Dropped += p.done.Dropped
	if !whole {
		return
	}
	d.waiting = p.waiting
	s.PendingBytes, s.Oldest = p.done.PendingBytes+d.fresh, p.oldest
	if s.Oldest.IsZero() && d.fresh > 0 {
		s.Oldest = d.o.Now()
	}
}

// refused reports whether err is of the target, and not of this store at this moment.
func refused(err error) bool {
	switch fault.KindOf(err) {
	case fault.NoSuchBucket, fault.AccessDenied, fault.KeyTooLong, fault.NoSuchEncryptionKey:
		return true
	}
	return false
}
