package fileblob_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"shoal/storage/blob"
	"shoal/storage/blob/fileblob"
)

const (
	crashes       = 100
	crashWriters  = 3
	crashPuts     = 6  // of each writer
	opsPerPut     = 12 // about as many file operations has a put
	crashMaxBytes = 3 * blob.LeafSize
)

// ledger is what the writers know of each blob.
type ledger struct {
	mu      sync.Mutex
	put     map[blob.ID][]byte // Put returned nil
	deleted map[blob.ID]bool   // Delete was called; true once it returned
}

// acknowledged returns copies as of now.
func (l *ledger) acknowledged() (put map[blob.ID][]byte, deleted map[blob.ID]bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	put, deleted = map[blob.ID][]byte{}, map[blob.ID]bool{}
	for id, data := range l.put {
		put[id] = data
	}
	for id, done := range l.deleted {
		deleted[id] = done
	}
	return put, deleted
}

// TestPowerCuts cuts the power before a random file operation of concurrent puts and deletes, each time on a fresh
// disk.
func TestPowerCuts(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	acknowledged := 0
	for i := range crashes {
		acknowledged += powerCut(t, i, seed)
		if t.Failed() {
			return
		}
	}
	if acknowledged == 0 {
		t.Error("no put was acknowledged before a cut")
	}
}

// powerCut returns the number of puts acknowledged before the cut.
func powerCut(t *testing.T, crash int, seed uint64) int {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, uint64(crash)))
	disk := vfs.NewCrashableMem()
	mustOpen(t, "/blobs", fileblob.Options{FS: disk})
	l := &ledger{put: map[blob.ID][]byte{}, deleted: map[blob.ID]bool{}}
	var (
		countdown  atomic.Int64
		after      *vfs.MemFS
		put        map[blob.ID][]byte
		done, late map[blob.ID]bool
	)
	countdown.Store(int64(1 + rng.IntN(crashWriters*crashPuts*opsPerPut)))
	percent := rng.IntN(101)
	cut := func() {
		// What is acknowledged before the cut must be there; deletes may begin until after it.
		put, done = l.acknowledged()
		after = disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rng})
		_, late = l.acknowledged()
	}
	s := mustOpen(t, "/blobs", fileblob.Options{FS: errorfs.Wrap(disk, errorfs.InjectorFunc(func(errorfs.Op) error {
		if countdown.Add(-1) == 0 {
			cut()
		}
		return nil
	}))})
	var writers sync.WaitGroup
	for w := range crashWriters {
		writers.Go(func() { churn(t, s, l, rand.New(rand.NewPCG(seed, uint64(crash*crashWriters+w)))) })
	}
	writers.Wait()
	if after == nil { // there were fewer operations
		cut()
	}
	checkCrash(t, crash, after, put, done, late)
	return len(put)
}

func churn(t *testing.T, s *fileblob.Store, l *ledger, rng *rand.Rand) {
	for range crashPuts {
		id := blob.NewID()
		data := bytes.Repeat([]byte{byte(rng.Uint32())}, rng.IntN(crashMaxBytes))
		if _, err := s.Put(t.Context(), id, bytes.NewReader(data)); err != nil {
			t.Errorf("put: %v", err)
			return
		}
		l.mu.Lock()
		l.put[id] = data
		l.mu.Unlock()
		if rng.IntN(3) != 0 {
			continue
		}
		l.mu.Lock()
		l.deleted[id] = false
		l.mu.Unlock()
		if err := s.Delete(t.Context(), id); err != nil {
			t.Errorf("delete: %v", err)
			return
		}
		l.mu.Lock()
		l.deleted[id] = true
		l.mu.Unlock()
	}
}

func checkCrash(t *testing.T, crash int, disk vfs.FS, put map[blob.ID][]byte, done, begun map[blob.ID]bool) {
	t.Helper()
	s := mustOpen(t, "/blobs", fileblob.Options{FS: disk})
	for id, data := range put {
		info, err := s.Stat(t.Context(), id)
		_, maybe := begun[id]
		switch {
		case done[id]:
			if !errors.Is(err, blob.ErrGone) {
				t.Errorf("crash %d: deleted blob: got %v, want ErrGone", crash, err)
			}
		case maybe && errors.Is(err, blob.ErrGone):
		case err != nil || info.Size != int64(len(data)):
			t.Errorf("crash %d: blob of %d: got %+v, %v", crash, len(data), info, err)
		default:
			if err := blob.Verify(t.Context(), s, id, nil); err != nil {
				t.Errorf("crash %d: %v", crash, err)
			}
		}
	}
	checkRest(t, crash, s, put)
}

// checkRest looks at blobs that nobody was told of: whole, or known to be broken; and they can be deleted.
func checkRest(t *testing.T, crash int, s *fileblob.Store, put map[blob.ID][]byte) {
	t.Helper()
	entries, err := s.List(t.Context(), blob.ID{}, 1<<20)
	if err != nil {
		t.Error(err)
	}
	for _, e := range entries {
		if _, ok := put[e.ID]; ok {
			continue
		}
		err := blob.Verify(t.Context(), s, e.ID, nil)
		if err != nil && !errors.Is(err, blob.ErrCorrupt) {
			t.Errorf("crash %d: unacknowledged blob: got %v, want it whole or ErrCorrupt", crash, err)
		}
		if err := s.Delete(t.Context(), e.ID); err != nil {
			t.Errorf("crash %d: delete: %v", crash, err)
		}
	}
}
