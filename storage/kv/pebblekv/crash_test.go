package pebblekv_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"shoal/storage/kv"
	"shoal/storage/kv/pebblekv"
)

const (
	crashes       = 60
	crashWriters  = 4
	crashCommits  = 15 // of each writer
	opsPerCommit  = 2  // about as many file operations has a commit
	crashMemtable = 256 << 10
)

// TestPowerCuts cuts the power before a random file operation of concurrent commits. Each writer counts up in two
// rows, which every commit writes alike, and a reader remembers the highest that it saw.
func TestPowerCuts(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	acknowledged := int64(0)
	for i := range crashes {
		acknowledged += powerCut(t, i, seed)
		if t.Failed() {
			return
		}
	}
	if acknowledged == 0 {
		t.Error("no commit was acknowledged before a cut")
	}
}

// tally is how far one writer has got.
type tally struct{ begun, acknowledged, seen atomic.Int64 }

// powerCut returns the number of commits acknowledged before the cut.
func powerCut(t *testing.T, crash int, seed uint64) (sum int64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, uint64(crash)))
	disk := vfs.NewCrashableMem()
	var (
		tallies   [crashWriters]tally
		floor     [crashWriters]int64
		after     *vfs.MemFS
		countdown atomic.Int64
		armed     atomic.Bool
	)
	percent := rng.IntN(101)
	countdown.Store(int64(1 + rng.IntN(crashWriters*crashCommits*opsPerCommit)))
	cut := func() {
		for w := range tallies {
			floor[w] = max(tallies[w].acknowledged.Load(), tallies[w].seen.Load())
		}
		after = disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rng})
	}
	e := mustOpen(t, "/db", pebblekv.Options{MemtableBytes: crashMemtable, FS: errorfs.Wrap(disk, errorfs.InjectorFunc(func(errorfs.Op) error {
		if armed.Load() && countdown.Add(-1) == 0 {
			cut()
		}
		return nil
	}))})
	armed.Store(true)
	countUp(t, e, &tallies)
	wantClosed(t, e)
	if after == nil { // there were fewer operations
		cut()
	}
	checkCrash(t, crash, after, floor, &tallies)
	for _, n := range floor {
		sum += n
	}
	return sum
}

// countUp runs the writers and the reader.
func countUp(t *testing.T, e kv.Engine, tallies *[crashWriters]tally) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var writers, reader sync.WaitGroup
	for w := range tallies {
		writers.Go(func() {
			for n := int64(1); n <= crashCommits; n++ {
				tallies[w].begun.Store(n)
				value := append(strconv.AppendInt(nil, n, 10), make([]byte, 2000)...)
				err := e.Commit(ctx, kv.Commit{Writes: []kv.Write{{Key: leftKey(w), Value: value}, {Key: rightKey(w), Value: value}}})
				if err != nil {
					t.Errorf("commit: %v", err)
					return
				}
				tallies[w].acknowledged.Store(n)
			}
		})
	}
	reader.Go(func() {
		for ctx.Err() == nil {
			for w := range tallies {
				rows, err := e.Get(ctx, leftKey(w))
				if err == nil {
					tallies[w].seen.Store(count(t, rows[0]))
				}
			}
		}
	})
	writers.Wait()
	cancel()
	reader.Wait()
}

func leftKey(w int) []byte  { return fmt.Appendf(nil, "a%d", w) }
func rightKey(w int) []byte { return fmt.Appendf(nil, "z%d", w) }

func count(t *testing.T, r kv.Row) int64 {
	t.Helper()
	if !r.Exists() {
		return 0
	}
	digits := r.Value
	for len(digits) > 0 && digits[len(digits)-1] == 0 {
		digits = digits[:len(digits)-1]
	}
	n, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil {
		t.Error(err)
	}
	return n
}

func checkCrash(t *testing.T, crash int, disk vfs.FS, floor [crashWriters]int64, tallies *[crashWriters]tally) {
	t.Helper()
	e := mustOpen(t, "/db", pebblekv.Options{FS: disk})
	defer wantClosed(t, e)
	for w := range floor {
		rows, err := e.Get(t.Context(), leftKey(w), rightKey(w))
		if err != nil {
			t.Fatal(err)
		}
		left, right := count(t, rows[0]), count(t, rows[1])
		if left != right {
			t.Errorf("crash %d, writer %d: half a commit: %d and %d", crash, w, left, right)
		}
		if left < floor[w] || left > tallies[w].begun.Load() {
			t.Errorf("crash %d, writer %d: got %d, want at least the acknowledged or seen %d", crash, w, left, floor[w])
		}
	}
	if err := e.Commit(t.Context(), kv.Commit{Writes: []kv.Write{{Key: []byte("after"), Value: nil}}}); err != nil {
		t.Errorf("crash %d: commit after it: %v", crash, err)
	}
}
