package fileblob_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"shoal/storage/blob"
	"shoal/storage/blob/fileblob"
)

// TestOpenThroughPowerCuts cuts the power before the writing operations of the first Open. What is left opens, and keeps
// a blob through the next cut.
func TestOpenThroughPowerCuts(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	disk := vfs.NewCrashableMem()
	var cuts []*vfs.MemFS
	mustOpen(t, "/data/blobs", fileblob.Options{FS: errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
		folder := op.Kind == errorfs.OpMkdirAll // one in eight: they are alike
		if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && (!folder || rng.IntN(8) == 0) {
			for _, percent := range []int{0, 50} {
				cuts = append(cuts, disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rng}))
			}
		}
		return nil
	}))})
	t.Logf("%d cuts", len(cuts))
	data := []byte("kept")
	for i, cut := range cuts {
		id := blob.NewID()
		s := mustOpen(t, "/data/blobs", fileblob.Options{FS: cut})
		if _, err := s.Put(t.Context(), id, bytes.NewReader(data)); err != nil {
			t.Fatalf("cut %d: put: %v", i, err)
		}
		s = mustOpen(t, "/data/blobs", fileblob.Options{FS: cut.CrashClone(vfs.CrashCloneCfg{})})
		if info, err := s.Stat(t.Context(), id); err != nil || info.Size != int64(len(data)) {
			t.Errorf("cut %d: got %+v, %v", i, info, err)
		}
		if err := blob.Verify(t.Context(), s, id, nil); err != nil {
			t.Errorf("cut %d: %v", i, err)
		}
	}
}
