package pebblekv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"os"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/storage/durable"
	"shoal/storage/kv"
)

// Defaults and bounds of Options. Cache and memtables are touched as they fill, so that an idle server
// stays small.
const (
	defaultCacheBytes   = 32 << 20
	defaultMemtable     = 16 << 20
	defaultReserveBytes = 64 << 20
	defaultBallastBytes = 32 << 20
	maxOpenFiles        = 500 // of the 1024 that a process has by default; the rest is for blobs and sockets
	bloomBits           = 10  // about 1 % of absent keys touch a table for nothing
)

// formatVersion is the layout of rows, in the row formatName.
const formatVersion = 1

// Pebble keys start with one of these: rows of users, and rows of the engine itself.
const (
	userSpace    = 'd'
	userSpaceEnd = userSpace + 1
	formatName   = "iformat"
	epochName    = "iepoch"
)

// Options of Open. The zero value works.
type Options struct {
	FS            vfs.FS       // default vfs.Default, the real disk
	Logger        *slog.Logger // default: discard
	CacheBytes    int64        // block cache; default 32 MiB
	MemtableBytes int64        // default 16 MiB; two may exist during a flush
	ReserveBytes  int64        // free bytes below which only deletes commit; default 64 MiB, negative: none
	BallastBytes  int64        // file given up when the disk is full all the same; default 32 MiB, negative: none

	// Fatal is called once, when the engine can no longer tell what is durable. It should end the
	// process; the default logs and exits with status 1. When it returns, every later call of the engine fails.
	Fatal func(error)
}

// Engine is a kv.Engine, kv.PrefixScanner included. Create it with Open.
type Engine struct {
	db      *pebble.DB
	log     *slog.Logger
	space   *durable.Space
	ballast *ballast
	seed    maphash.Seed
	stripes stripes
	pending pending
	fatal   func(error)
	failed  atomic.Pointer[error]
	epoch   uint64
	counter atomic.Uint64
	stalls  atomic.Int64
}

var (
	_ kv.Engine        = (*Engine)(nil)
	_ kv.PrefixScanner = (*Engine)(nil)
)

// Open opens the database in dir, which is created when missing. One process may hold it at a time. The caller
// closes it, after every other call returned.
func Open(dir string, o Options) (*Engine, error) {
	o = o.withDefaults()
	if err := durable.MkdirAll(o.FS, dir); err != nil {
		return nil, fmt.Errorf("pebblekv: %w", err)
	}
	e := &Engine{
		log:     o.Logger,
		space:   durable.NewSpace(o.FS, dir, o.ReserveBytes),
		ballast: newBallast(o.FS, dir, o.BallastBytes, o.ReserveBytes, o.Logger),
		seed:    maphash.MakeSeed(),
		fatal:   o.Fatal,
	}
	// Whoever finds the disk full gives up the ballast and tries once more: Pebble takes a log that cannot be
	// written for fatal.
	fsys := vfs.OnDiskFull(markerFS{o.FS}, e.ballast.release)
	db, err := pebble.Open(dir, e.pebbleOptions(fsys, o))
	if err != nil {
		return nil, fmt.Errorf("pebblekv: open %s: %w", dir, err)
	}
	e.db = db
	if err := e.start(); err != nil {
		return nil, errors.Join(fmt.Errorf("pebblekv: open %s: %w", dir, err), db.Close())
	}
	e.ballast.refill(e.space) // only now: the lock of dir is held
	return e, nil
}

func (o Options) withDefaults() Options {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	orDefault := func(v *int64, d int64) {
		if *v == 0 {
			*v = d
		}
	}
	orDefault(&o.CacheBytes, defaultCacheBytes)
	orDefault(&o.MemtableBytes, defaultMemtable)
	orDefault(&o.ReserveBytes, defaultReserveBytes)
	orDefault(&o.BallastBytes, defaultBallastBytes)
	if o.Fatal == nil {
		o.Fatal = func(error) { os.Exit(1) }
	}
	return o
}

func (e *Engine) pebbleOptions(fsys vfs.FS, o Options) *pebble.Options {
	po := &pebble.Options{
		FS:                 fsys,
		CacheSize:          o.CacheBytes,
		MemTableSize:       uint64(o.MemtableBytes),
		MaxOpenFiles:       maxOpenFiles,
		FormatMajorVersion: pebble.FormatNewest,
		Logger:             pebbleLogger{e},
		EventListener: &pebble.EventListener{
			WriteStallBegin: func(i pebble.WriteStallBeginInfo) {
				e.stalls.Add(1)
				e.log.Warn("kv writes stalled", "reason", i.Reason)
			},
			BackgroundError: func(err error) { e.log.Error("kv background work failed", "error", err) },
		},
	}
	for i := range po.Levels {
		po.Levels[i].FilterPolicy = bloom.FilterPolicy(bloomBits)
	}
	return po
}

// start checks the layout's version and takes a new epoch, durably, before the first commit.
func (e *Engine) start() error {
	format, err := e.internal(formatName)
	if err != nil {
		return err
	}
	if format > formatVersion {
		return fmt.Errorf("format version %d is newer than %d, which this program reads", format, formatVersion)
	}
	epoch, err := e.internal(epochName)
	if err != nil {
		return err
	}
	if epoch+1 > maxEpoch {
		return fmt.Errorf("epoch %d is the last", epoch)
	}
	e.epoch = epoch + 1
	b := e.db.NewBatch()
	defer b.Close()
	for name, v := range map[string]uint64{formatName: formatVersion, epochName: e.epoch} {
		if err := b.Set([]byte(name), binary.BigEndian.AppendUint64(nil, v), nil); err != nil {
			return err
		}
	}
	return b.Commit(pebble.Sync)
}

// internal reads a number of the engine itself; an absent one is 0.
func (e *Engine) internal(name string) (uint64, error) {
	v, closer, err := e.db.Get([]byte(name))
	if errors.Is(err, pebble.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer closer.Close()
	if len(v) != 8 {
		return 0, fmt.Errorf("row %s has %d bytes, not 8", name, len(v))
	}
	return binary.BigEndian.Uint64(v), nil
}

// Close ends the engine. Every commit acknowledged before is durable already.
func (e *Engine) Close() error {
	if err := e.db.Close(); err != nil {
		return fmt.Errorf("pebblekv: close: %w", err)
	}
	return nil
}
