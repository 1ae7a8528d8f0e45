package fileblob_test

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"shoal/storage/blob"
	"shoal/storage/blob/fileblob"
)

func TestDamagedLeavesAndTrailer(t *testing.T) {
	const size, leafBytes, trailerBytes = 50_000, 32, 64
	dir := t.TempDir()
	s := mustOpen(t, dir, fileblob.Options{})
	for _, c := range []struct {
		name string
		off  int64
		stat bool // Stat sees it
	}{
		{"first leaf", size, false},
		{"last leaf", size + 3*leafBytes, false},
		{"trailer", -trailerBytes + 20, true},
		{"checksum", -1, true},
	} {
		id := blob.NewID()
		if _, err := s.Put(t.Context(), id, bytes.NewReader(make([]byte, size))); err != nil {
			t.Fatal(err)
		}
		flip(t, filepath.Join(dir, id.String()[:2], id.String()), c.off)
		if _, err := s.Stat(t.Context(), id); errors.Is(err, blob.ErrCorrupt) != c.stat {
			t.Errorf("stat with the %s damaged: got %v, want ErrCorrupt %v", c.name, err, c.stat)
		}
		if err := blob.Verify(t.Context(), s, id, nil); !errors.Is(err, blob.ErrCorrupt) {
			t.Errorf("verify with the %s damaged: got %v, want ErrCorrupt", c.name, err)
		}
		if err := s.Delete(t.Context(), id); err != nil {
			t.Errorf("delete with the %s damaged: %v", c.name, err)
		}
	}
}

func TestReserveStopsPutsBeforeTheDiskIsFull(t *testing.T) {
	disk := vfs.NewMem()
	s := mustOpen(t, "/b", fileblob.Options{FS: disk, ReserveBytes: 100 << 20})
	avail := func(mib uint64) { disk.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: mib << 20, TotalBytes: 1 << 40}) }
	put := func(r io.Reader) (blob.ID, error) {
		id := blob.NewID()
		_, err := s.Put(t.Context(), id, r)
		return id, err
	}
	data := func(mib int) io.Reader { return bytes.NewReader(make([]byte, mib<<20)) }
	avail(110)
	kept, err := put(data(4))
	if err != nil {
		t.Fatal(err)
	}
	// The disk fills on the way.
	id, err := put(io.MultiReader(data(4), &onRead{func() { avail(90) }}, data(8)))
	if !errors.Is(err, blob.ErrNoSpace) {
		t.Errorf("put over the reserve: got %v, want ErrNoSpace", err)
	}
	if _, err := s.Stat(t.Context(), id); !errors.Is(err, blob.ErrGone) {
		t.Errorf("stat after it: got %v, want ErrGone", err)
	}
	avail(50)
	if err := blob.Verify(t.Context(), s, kept, nil); err != nil {
		t.Errorf("read on a full disk: %v", err)
	}
	if err := s.Delete(t.Context(), kept); err != nil {
		t.Errorf("delete on a full disk: %v", err)
	}
	avail(200)
	if _, err := put(data(1)); err != nil {
		t.Errorf("put after space came back: %v", err)
	}
}

// onRead calls do at its first Read and is empty.
type onRead struct{ do func() }

func (o *onRead) Read([]byte) (int, error) {
	o.do()
	return 0, io.EOF
}

// TestFailingDisk fails each file operation of a Put in turn: Put says so, and nothing is left.
func TestFailingDisk(t *testing.T) {
	for _, c := range []struct {
		cause, want error
	}{{syscall.ENOSPC, blob.ErrNoSpace}, {syscall.EDQUOT, blob.ErrNoSpace}, {syscall.EIO, syscall.EIO}} {
		for _, size := range []int{100, 2<<20 + 1} {
			done := false
			for step := int32(0); !done; step++ {
				done = putWithFailure(t, c.cause, c.want, size, step)
			}
		}
	}
}

// putWithFailure fails the write operation number step, and reports whether there was none.
func putWithFailure(t *testing.T, cause, want error, size int, step int32) (done bool) {
	t.Helper()
	disk := vfs.NewMem()
	var armed atomic.Bool
	var count atomic.Int32
	s := mustOpen(t, "/b", fileblob.Options{FS: errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
		write := op.Kind.ReadOrWrite() == errorfs.OpIsWrite && op.Kind != errorfs.OpRemove
		if armed.Load() && write && count.Add(1) == step+1 {
			return cause
		}
		return nil
	}))})
	armed.Store(true)
	id := blob.NewID()
	_, err := s.Put(t.Context(), id, bytes.NewReader(make([]byte, size)))
	if count.Load() <= step {
		if err != nil {
			t.Errorf("put without a failure: %v", err)
		}
		return true
	}
	armed.Store(false)
	if !errors.Is(err, want) {
		t.Errorf("step %d of a put of %d, %v: got %v, want %v", step, size, cause, err, want)
	}
	if _, err := s.Stat(t.Context(), id); !errors.Is(err, blob.ErrGone) {
		t.Errorf("step %d of a put of %d, %v: stat: got %v, want ErrGone", step, size, cause, err)
	}
	return false
}

func TestReaderThatGivesNothing(t *testing.T) {
	s := mustOpen(t, "/b", fileblob.Options{FS: vfs.NewMem()})
	if _, err := s.Put(t.Context(), blob.NewID(), idle{}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("got %v, want io.ErrNoProgress", err)
	}
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }
