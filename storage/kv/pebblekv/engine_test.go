package pebblekv_test

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/storage/kv"
	"shoal/storage/kv/kvtest"
	"shoal/storage/kv/pebblekv"
)

func mustOpen(t testing.TB, dir string, o pebblekv.Options) *pebblekv.Engine {
	t.Helper()
	e, err := pebblekv.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestConformanceInMemory(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Engine {
		e := mustOpen(t, "db", pebblekv.Options{FS: vfs.NewMem()})
		t.Cleanup(func() { wantClosed(t, e) })
		return e
	}, kvtest.Options{})
}

func TestConformanceOnDisk(t *testing.T) {
	dirs := map[kv.Engine]string{} // open engines
	start := func(t *testing.T, dir string) kv.Engine {
		e := mustOpen(t, dir, pebblekv.Options{BallastBytes: 1 << 20})
		dirs[e] = dir
		t.Cleanup(func() {
			if _, open := dirs[e]; open {
				wantClosed(t, e)
			}
		})
		return e
	}
	kvtest.Run(t, func(t *testing.T) kv.Engine { return start(t, t.TempDir()+"/sub/db") }, kvtest.Options{
		Reopen: func(t *testing.T, e kv.Engine) kv.Engine {
			dir := dirs[e]
			delete(dirs, e)
			wantClosed(t, e)
			return start(t, dir)
		},
	})
}

func wantClosed(t *testing.T, e kv.Engine) {
	t.Helper()
	if err := e.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}
