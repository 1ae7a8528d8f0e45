package durable_test

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"shoal/storage/durable"
)

const fileLimit = 1 << 20

func read(t *testing.T, fsys vfs.FS, name string) string {
	t.Helper()
	data, err := durable.ReadFile(fsys, name, fileLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return "(absent)"
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestWriteFileSurvivesTheWorstCrash(t *testing.T) {
	disk := vfs.NewCrashableMem()
	if err := durable.MkdirAll(disk, "/a/b/c"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"one", "two, longer"} {
		if err := durable.WriteFile(disk, "/a/b/c/f", []byte(want)); err != nil {
			t.Fatal(err)
		}
		// The zero CrashCloneCfg keeps nothing that was not synced.
		if got := read(t, disk.CrashClone(vfs.CrashCloneCfg{}), "/a/b/c/f"); got != want {
			t.Errorf("after a crash: got %q, want %q", got, want)
		}
	}
}

// TestWriteFileStoppedAtEveryStep cuts the power before each file operation of a WriteFile.
func TestWriteFileStoppedAtEveryStep(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	const steps = 200
	finished := false
	for step := int32(0); step < steps && !finished; step++ {
		disk := vfs.NewCrashableMem()
		if err := errors.Join(durable.MkdirAll(disk, "/d"), durable.WriteFile(disk, "/d/f", []byte("old"))); err != nil {
			t.Fatal(err)
		}
		var count atomic.Int32
		cut := errorfs.Wrap(disk, errorfs.InjectorFunc(func(errorfs.Op) error {
			if count.Add(1) > step {
				return errorfs.ErrInjected
			}
			return nil
		}))
		err := durable.WriteFile(cut, "/d/f", []byte("brand new"))
		finished = err == nil
		for range 8 {
			after := disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rand.New(rand.NewPCG(seed, uint64(step)))})
			got := read(t, after, "/d/f")
			if got != "brand new" && (got != "old" || finished) {
				t.Fatalf("step %d, error %v: got %q", step, err, got)
			}
		}
	}
	if !finished {
		t.Fatalf("WriteFile did not finish in %d steps", steps)
	}
}

// TestMkdirAllAfterAKill kills the process before each file operation of a MkdirAll, starts it again and cuts the power.
func TestMkdirAllAfterAKill(t *testing.T) {
	const steps = 100
	finished := false
	for step := int32(0); step < steps && !finished; step++ {
		disk := vfs.NewCrashableMem()
		var count atomic.Int32
		killed := errorfs.Wrap(disk, errorfs.InjectorFunc(func(errorfs.Op) error {
			if count.Add(1) > step {
				return errorfs.ErrInjected
			}
			return nil
		}))
		finished = durable.MkdirAll(killed, "/a/b/c") == nil
		if err := durable.MkdirAll(disk, "/a/b/c"); err != nil {
			t.Fatalf("step %d: %v", step, err)
		}
		if _, err := disk.CrashClone(vfs.CrashCloneCfg{}).Stat("/a/b/c"); err != nil {
			t.Errorf("step %d: %v", step, err)
		}
	}
	if !finished {
		t.Fatalf("MkdirAll did not finish in %d steps", steps)
	}
}

func TestMkdirAllRefusesAFile(t *testing.T) {
	disk := vfs.NewMem()
	if err := durable.WriteFile(disk, "f", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := durable.MkdirAll(disk, "f/sub"); err == nil {
		t.Error("MkdirAll under a file: got nil, want an error")
	}
}

func TestOnTheRealDisk(t *testing.T) {
	dir := t.TempDir() + "/x/y"
	if err := errors.Join(durable.MkdirAll(vfs.Default, dir), durable.MkdirAll(vfs.Default, dir)); err != nil {
		t.Fatal(err)
	}
	if err := durable.WriteFile(vfs.Default, dir+"/f", []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if got := read(t, vfs.Default, dir+"/f"); got != "hello" {
		t.Errorf("got %q, want hello", got)
	}
	if _, err := durable.ReadFile(vfs.Default, dir+"/f", 4); err == nil {
		t.Error("ReadFile over its limit: got nil, want an error")
	}
}
