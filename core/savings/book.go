package savings

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"shoal/core/object"
	"shoal/storage/kv"
)

// Defaults of Options, and bounds.
const (
	defaultFlushEvery = 5 * time.Second // a crash loses at most this much
	// defaultMaxSums is more than swarm.Options.MaxSwarms: about 300 bytes each when every one is in use.
	defaultMaxSums = 1 << 17
	numShards      = 64
	// idleFlushes is how many flushes a sum stays in memory after its last change: a crowd comes in bursts, and each time
	// a sum comes back costs a row.
	idleFlushes = 60
	stopTimeout = 10 * time.Second // for the last flush
	logEvery    = 60               // failed flushes in a row make one more line in the log
)

// Options are the optional parts of a Book; the zero value works.
type Options struct {
	Logger     *slog.Logger  // nil discards
	FlushEvery time.Duration // 0 is 5 s
	MaxSums    int           // in memory; 0 is 131,072. What does not fit counts for its bucket without a key
}

// Book counts what torrents spared. Make it with New, keep it going with Run.
type Book struct {
	engine kv.Engine
	o      Options
	base   [8]byte // of the epochs
	made   atomic.Uint64
	tick   atomic.Uint64 // flushes so far
	shards [numShards]shard

	// owner holds one token. Who has it writes sums, across I/O too, so that an older one is never written over a newer.
	owner chan struct{}
}

type shard struct {
	mu    sync.Mutex
	sums  map[sumKey]*sum // guarded by mu, with what is in it
	limit int
}

// sumKey tells subjects apart: a version is of one key of one bucket, but the rest of a bucket has none.
type sumKey struct {
	month   month
	version object.VersionID
	bucket  string
}

type sum struct {
	record
	stored  Counts // as the row has it
	touched uint64 // Book.tick at the last change
}

// New returns a Book of fresh epochs over engine, whose rows under prefix 'S' are the book's. It writes nothing until
// Flush or Run.
func New(engine kv.Engine, o Options) *Book {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.FlushEvery = cmp.Or(o.FlushEvery, defaultFlushEvery)
	o.MaxSums = cmp.Or(o.MaxSums, defaultMaxSums)
	b := &Book{engine: engine, o: o, owner: make(chan struct{}, 1)}
	for i := range b.shards {
		b.shards[i] = shard{sums: make(map[sumKey]*sum), limit: max(1, o.MaxSums/numShards)}
	}
	rand.Read(b.base[:]) // crypto/rand: never fails
	b.owner <- struct{}{}
	return b
}

// Count adds c, counted at at, to the sums of t. It does not keep t.
func (b *Book) Count(t *object.Torrent, at time.Time, c Counts) {
	k := sumKey{month: monthOf(at), version: t.Version.ID, bucket: t.Bucket.Name}
	sh := b.shardOf(k)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	s := sh.sums[k]
	if s == nil {
		subject := Subject{Account: t.Bucket.Owner, Bucket: t.Bucket.Name}
		if len(sh.sums) < sh.limit {
			v := t.Version
			subject.Key, subject.Version, subject.Null, subject.Size, subject.PieceLength = v.Key, v.ID, v.Null, v.Size, t.PieceLength
		} else { // of these a shard has no more than there are buckets
			k.version = object.VersionID{}
		}
		if s = sh.sums[k]; s == nil {
			s = &sum{record: record{month: k.month, Subject: subject, epoch: b.nextEpoch()}}
			sh.sums[k] = s
		}
	}
	s.counts = s.counts.add(c)
	s.touched = b.tick.Load()
}

func (b *Book) shardOf(k sumKey) *shard { return &b.shards[k.version[len(k.version)-1]%numShards] }

func (b *Book) nextEpoch() (e epoch) {
	copy(e[:], b.base[:])
	binary.BigEndian.PutUint64(e[len(b.base):], b.made.Add(1))
	return e
}

// Flush writes the sums that changed. When it returns nil, all that was counted before the call is durable. After an
// error nothing is lost: the next flush writes it.
func (b *Book) Flush(ctx context.Context) error {
	select {
	case <-b.owner:
	case <-ctx.Done():
		return fmt.Errorf("flush savings: %w", context.Cause(ctx))
	}
	defer func() { b.owner <- struct{}{} }()
	tick := b.tick.Add(1)
	for i := range b.shards {
		if err := b.flushShard(ctx, &b.shards[i], tick); err != nil {
			return fmt.Errorf("flush savings: %w", err)
		}
	}
	return nil
}

// flushShard writes the sums of sh that changed, and lets go of those that have not changed for long.
func (b *Book) flushShard(ctx context.Context, sh *shard, tick uint64) error {
	changed := sh.changed(tick)
	for len(changed) > 0 {
		n := min(len(changed), kv.MaxCommitOps)
		c := kv.Commit{Writes: make([]kv.Write, 0, n)}
		for i := range changed[:n] {
			c.Writes = append(c.Writes, kv.Write{Key: changed[i].key(), Value: changed[i].value()})
		}
		rand.Read(c.ID[:])
		// Blind writes: the value is the absolute sum and no one else writes this epoch, so writing it again
		// after an error of any kind, kv.ErrMaybe too, changes nothing.
		if err := b.engine.Commit(ctx, c); err != nil {
			return fmt.Errorf("commit %d rows: %w", n, err)
		}
		sh.written(changed[:n])
		changed = changed[n:]
	}
	return nil
}

// changed returns copies of the sums that differ from their rows. Those that do not, and have not for long, it removes.
func (sh *shard) changed(tick uint64) (list []record) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for k, s := range sh.sums {
		switch {
		case s.counts != s.stored:
			list = append(list, s.record)
		case s.touched+idleFlushes < tick:
			delete(sh.sums, k)
		}
	}
	return list
}

// written notes what is in the rows. Only who owns the book removes sums, so that those of list are all there.
func (sh *shard) written(list []record) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for i := range list {
		r := &list[i]
		if s := sh.sums[sumKey{r.month, r.Version, r.Bucket}]; s != nil && s.epoch == r.epoch {
			s.stored = r.counts
		}
	}
}

// Run flushes until ctx is done, and then a last time. It returns the error of that last flush, whose counts are
// lost with the process; other errors are logged and tried again.
func (b *Book) Run(ctx context.Context) error {
	tick := time.NewTicker(b.o.FlushEvery)
	defer tick.Stop()
	for failures := 0; ctx.Err() == nil; {
		select {
		case <-ctx.Done():
			continue
		case <-tick.C:
		}
		switch err := b.Flush(ctx); {
		case err == nil:
			failures = 0
		case ctx.Err() == nil:
			if failures%logEvery == 0 {
				b.o.Logger.LogAttrs(ctx, slog.LevelError, "savings are not written; they are kept in memory and tried again",
					slog.Any("error", err), slog.Int("failed_flushes", failures+1))
			}
			failures++
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if err := b.Flush(last); err != nil {
		return fmt.Errorf("stop savings: %w", err)
	}
	return nil
}
