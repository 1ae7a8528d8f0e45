package pebblekv

import (
	"errors"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/storage/durable"
)

// A full disk is met in three steps, so that deletes, which must write, always can:
//  1. Below Options.ReserveBytes of free space, commits answer kv.ErrNoSpace, except those that delete or say
//     kv.Commit.Reserve.
//  2. When others fill the disk to the last byte, the first write that fails gives up the ballast file, whose
//     blocks are allocated, and is tried again. The log goes on, and step 1 holds from then on.
//  3. When that is used up too, a log write fails and Options.Fatal ends the process.

// ballastName is not a name of Pebble's, which leaves it alone.
const ballastName = "ballast"

// ballastMargin is how many times its size must be free above the reserve before the ballast is made (again).
const ballastMargin = 4

// ballast is a file that holds disk blocks until they are needed badly.
type ballast struct {
	fs      vfs.FS
	name    string
	size    int64
	reserve int64
	log     *slog.Logger
	held    atomic.Bool
	mu      sync.Mutex // held while the file is made or removed
}

func newBallast(fsys vfs.FS, dir string, size, reserve int64, log *slog.Logger) *ballast {
	return &ballast{
		fs: fsys, name: fsys.PathJoin(dir, ballastName), log: log,
		size: max(size, 0), reserve: max(reserve, 0),
	}
}

// release gives the blocks back. It is called with every write of the engine waiting.
func (b *ballast) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held.Store(false)
	if err := b.fs.Remove(b.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		b.log.Error("kv ballast could not be released", "file", b.name, "error", err)
		return
	}
	b.log.Error("disk is full; kv ballast released, only deletes are accepted until there is space", "file", b.name)
}

// refill makes the ballast when it is missing and the disk has room. A failure is only logged: the store works
// without.
func (b *ballast) refill(space *durable.Space) {
	if b.size == 0 || b.held.Load() || !b.mu.TryLock() {
		return
	}
	defer b.mu.Unlock()
	free, err := space.Free()
	if err != nil || free < uint64(b.reserve+ballastMargin*b.size) {
		return
	}
	if err := b.create(); err != nil {
		b.log.Warn("kv ballast could not be made", "file", b.name, "error", err)
		_ = b.fs.Remove(b.name)
	}
	b.held.Store(true) // also after a failure: a disk without fallocate is not asked at every commit
}

func (b *ballast) create() error {
	f, err := b.fs.Create(b.name, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	return errors.Join(f.Preallocate(0, b.size), f.Close())
}
