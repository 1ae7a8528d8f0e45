package meter

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"math/bits"
	randv2 "math/rand/v2"
	"runtime"
	"sync/atomic"
	"time"

	"shoal/core/accesslog"
	"shoal/storage/kv"
)

// Defaults of Options, and bounds.
const (
	defaultFlushEvery = time.Second // a crash loses at most this much
	defaultLateness   = 5 * time.Minute
	defaultMaxSums    = 1 << 16 // about 30 MB when every one is in use
	minMaxSums        = 1 << 8
	// defaultMaxLines bounds the memory of records of access logs that are not written yet, in bytes: two minutes of 1,000
	// requests a second, when nothing can be written.
	defaultMaxLines = 64 << 20
	// wakeLines of such records are written before the next tick.
	wakeLines = 4 << 20

	shardsPerCPU = 4 // two recorders seldom meet in one shard
	maxShards    = 64
)

// Options are the optional parts of a Meter; the zero value works.
type Options struct {
	Logger     *slog.Logger     // nil discards
	Now        func() time.Time // nil is time.Now
	Storage    StorageSource    // nil reports no stored bytes
	FlushEvery time.Duration    // 0 is one second
	// Lateness is how long after the end of an hour its sums stay in memory for late events; 0 is 5 min.
	// A later event is counted too, it only costs a new row.
	Lateness time.Duration
	// MaxSums bounds the sums in the ledger and, again, those in the shards; 0 is 65,536, the least is 256.
	MaxSums int
	// MaxLines bounds the bytes of records of access logs in memory, whose buffers take up to twice as much; 0 is 64 MiB.
	// An event over it is counted, its records are dropped.
	MaxLines int64
	// Logged is told how many bytes of records were written. It must not block; nil tells nobody.
	Logged func(bytes int64)
	// storageSums bounds what a report holds of storage at a time, in sums; 0 is half of maxReportRows.
	storageSums int
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.FlushEvery <= 0 {
		o.FlushEvery = defaultFlushEvery
	}
	if o.Lateness <= 0 {
		o.Lateness = defaultLateness
	}
	if o.MaxSums == 0 {
		o.MaxSums = defaultMaxSums
	}
	o.MaxSums = max(o.MaxSums, minMaxSums)
	if o.MaxLines <= 0 {
		o.MaxLines = defaultMaxLines
	}
	if o.Logged == nil {
		o.Logged = func(int64) {}
	}
	if o.storageSums == 0 {
		o.storageSums = maxReportRows / 2
	}
	return o
}

// Meter counts usage. Make it with New, keep it going with Run.
type Meter struct {
	engine kv.Engine
	o      Options

	shards []shard       // a power of two
	mask   uint32        // len(shards) - 1
	wake   chan struct{} // a shard is filling up: flush before the next tick

	// owner holds one token. Who has it owns what follows, across I/O too, so that an older
	// absolute sum is never written over a newer one.
	owner     chan struct{}
	ledger    ledger
	failures  int       // flushes of Run that failed in a row
	toldLines int64     // droppedLines as last logged
	toldAt    time.Time // and when

	dropped      atomic.Int64
	droppedLines atomic.Int64
	lineBytes    atomic.Int64  // of records in shards and ledger
	settled      atomic.Uint64 // see Settled
	rows         accesslog.Epoch
}

// New returns a Meter of a fresh epoch over engine, whose rows under prefix 'u' are the meter's. It
// writes nothing until Flush or Run; without Run only Flush and Report make sums durable.
func New(engine kv.Engine, o Options) *Meter {
	o = o.withDefaults()
	n := min(maxShards, 1<<bits.Len(uint(shardsPerCPU*runtime.GOMAXPROCS(0)-1)))
	m := &Meter{
		engine: engine,
		o:      o,
		shards: make([]shard, n),
		mask:   uint32(n - 1),
		wake:   make(chan struct{}, 1),
		owner:  make(chan struct{}, 1),
	}
	for i := range m.shards {
		m.shards[i].sums = make(map[sumKey]*delta)
		m.shards[i].limit = max(1, o.MaxSums/n)
	}
	var base [epochBase]byte
	rand.Read(base[:]) // crypto/rand: never fails
	m.ledger = newLedger(base, o.MaxSums)
	m.rows = accesslog.Epoch(m.ledger.epoch(0))
	m.owner <- struct{}{}
	return m
}

// Record implements Recorder. An event that cannot be counted (see Dropped) is counted as dropped.
func (m *Meter) Record(e Event) {
	if e.At.IsZero() {
		e.At = m.o.Now()
	}
	if e.Source == AnySource {
		e.Source = REST
	}
	if !e.valid() {
		m.dropped.Add(1)
		return
	}
	held := len(e.Log.Lines) > 0 && m.holdLines(&e)
	// Any shard will do, the ledger adds them up; a random one keeps a single hot bucket from being
	// a single hot lock.
	s := &m.shards[randv2.Uint32()&m.mask]
	switch s.add(&e) {
	case shardFilling:
		m.wakeFlush()
	case shardFull:
		m.dropped.Add(1)
		if held {
			m.lineBytes.Add(-int64(len(e.Log.Lines)))
		}
	case shardTook:
	}
}

// holdLines takes the records of e into account; when there is no room for them, or rows cannot hold them, it takes them
// off e.
func (m *Meter) holdLines(e *Event) bool {
	n := int64(len(e.Log.Lines))
	held := m.lineBytes.Add(n)
	if held > m.o.MaxLines || !e.Log.valid() {
		m.lineBytes.Add(-n)
		m.droppedLines.Add(int64(bytes.Count(e.Log.Lines, []byte{'\n'})))
		e.Log = Log{}
		return false
	}
	if (held-n)/wakeLines != held/wakeLines {
		m.wakeFlush()
	}
	return true
}

// wakeFlush makes Run flush before the next tick.
func (m *Meter) wakeFlush() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// DroppedLines returns how many records of access logs were dropped while their events were counted: memory was full
// because nothing could be written, or they were over a bound.
func (m *Meter) DroppedLines() int64 { return m.droppedLines.Load() }

// Settled returns the epoch of this Meter's rows of access logs, and a sequence: the rows of that epoch below it are
// written for good. Others may be written, and be written again.
func (m *Meter) Settled() (accesslog.Epoch, uint64) { return m.rows, m.settled.Load() }

// Dropped returns how many events were not counted: malformed ones (a name over 512 bytes, a
// negative count), and events of new sums when memory was full because nothing could be written.
func (m *Meter) Dropped() int64 { return m.dropped.Load() }

// acquire takes the token of the ledger; release gives it back.
func (m *Meter) acquire(ctx context.Context) error {
	select {
	case <-m.owner:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (m *Meter) release() { m.owner <- struct{}{} }
