package pebblekv_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"shoal/storage/durable"
	"shoal/storage/kv"
	"shoal/storage/kv/pebblekv"
)

const (
	openCommits = 3 // synced and left in the log
	openDir     = "/data/db"
)

// openDisk keeps, while on, what a power cut would leave of it before every writing operation.
type openDisk struct {
	mem *vfs.MemFS
	rng *rand.Rand

	mu   sync.Mutex // guards what follows
	on   bool
	cuts []openCut
}

type openCut struct {
	at   string
	disk *vfs.MemFS
}

func (d *openDisk) String() string { return "power cut" }

// MaybeError injects no error, it takes the cuts. A close changes nothing.
func (d *openDisk) MaybeError(op errorfs.Op) error {
	if op.Kind.ReadOrWrite() == errorfs.OpIsRead || op.Kind == errorfs.OpFileClose {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.on {
		return nil
	}
	at := fmt.Sprintf("before operation %d on %s", op.Kind, op.Path)
	for _, percent := range []int{0, 50} {
		clone := d.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: d.rng})
		d.cuts = append(d.cuts, openCut{fmt.Sprintf("%s, %d %% of what was not synced", at, percent), clone})
	}
	d.cuts = append(d.cuts,
		openCut{at + ", what was removed and no new name", d.unordered("")},
		openCut{at + ", what was removed and new markers alone", d.unordered("marker.")})
	return nil
}

// unordered returns what POSIX allows and no CrashClone does: files removed are gone before the directory was synced,
// and of the new names those with a prefix have survived, or none when it is empty.
func (d *openDisk) unordered(prefix string) *vfs.MemFS {
	clone := d.mem.CrashClone(vfs.CrashCloneCfg{})
	was, err := clone.List(openDir)
	if err != nil {
		return clone // not there yet
	}
	is, _ := d.mem.List(openDir)
	for _, name := range was {
		if !slices.Contains(is, name) {
			_ = clone.Remove(clone.PathJoin(openDir, name))
		}
	}
	for _, name := range is {
		if prefix != "" && strings.HasPrefix(name, prefix) && !slices.Contains(was, name) {
			f, err := clone.Create(clone.PathJoin(openDir, name), vfs.WriteCategoryUnspecified)
			if err == nil {
				_ = f.Close()
			}
		}
	}
	_ = durable.SyncDir(clone, openDir)
	return clone
}

// take returns the cuts and ends them.
func (d *openDisk) take() []openCut {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.on = false
	return d.cuts
}

// TestOpenThroughPowerCuts cuts the power before every file operation of Open: in a directory that is not there yet,
// with a log to replay, and on what a cut of the Open before has left.
func TestOpenThroughPowerCuts(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	disk, acknowledged := vfs.NewCrashableMem(), 0
	lives := 6
	if testing.Short() {
		lives = 2
	}
	for life := range lives {
		d := &openDisk{mem: disk, rng: rng, on: true}
		e := mustOpen(t, openDir, openOptions(errorfs.Wrap(disk, d)))
		cuts := d.take()
		t.Logf("life %d: %d cuts", life, len(cuts))
		next := cuts[rng.IntN(len(cuts))].disk.CrashClone(vfs.CrashCloneCfg{}) // before it is opened here
		for _, c := range cuts {
			if err := opensWith(t, c.disk, acknowledged); err != nil {
				t.Errorf("life %d, %s: %v", life, c.at, err)
			}
		}
		if life%2 == 0 {
			for range openCommits {
				mustCommit(t, e, acknowledged)
				acknowledged++
			}
			next = disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rng})
		}
		wantClosed(t, e)
		disk = next
	}
}

func openOptions(fs vfs.FS) pebblekv.Options {
	return pebblekv.Options{FS: fs, MemtableBytes: crashMemtable, CacheBytes: 1 << 20, BallastBytes: -1}
}

func openKey(n int) []byte { return fmt.Appendf(nil, "%d", n) }

func mustCommit(t *testing.T, e kv.Engine, n int) {
	t.Helper()
	w := kv.Write{Key: openKey(n), Value: make([]byte, 10_000)}
	if err := e.Commit(t.Context(), kv.Commit{Writes: []kv.Write{w}}); err != nil {
		t.Fatal(err)
	}
}

// opensWith returns an error unless disk opens, holds so many commits, and takes another.
func opensWith(t *testing.T, disk vfs.FS, commits int) error {
	t.Helper()
	e, err := pebblekv.Open(openDir, openOptions(disk))
	if err != nil {
		return err
	}
	defer wantClosed(t, e)
	for n := range commits {
		rows, err := e.Get(t.Context(), openKey(n))
		if err != nil {
			return err
		}
		if !rows[0].Exists() {
			return fmt.Errorf("acknowledged commit %d is gone", n)
		}
	}
	return e.Commit(t.Context(), kv.Commit{Writes: []kv.Write{{Key: []byte("after")}}})
}
