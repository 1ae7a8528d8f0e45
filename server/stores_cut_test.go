package server

import (
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"shoal/core/account"
)

// firstStart opens the stores of a data directory and makes sure of the root key.
func firstStart(t *testing.T, fs vfs.FS) (key account.AccessKey, made bool, st *stores) {
	t.Helper()
	st, err := openStores(fs, "/srv/data", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	key, made, err = account.New(st.metadata, account.Options{}).EnsureRoot(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	return key, made, st
}

// TestFirstStartThroughPowerCuts cuts the power before each file operation of a first start that makes a name or a
// sync. What is left starts; and once the root key could have been printed, it has that key.
func TestFirstStartThroughPowerCuts(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	disk := vfs.NewCrashableMem()
	var mu sync.Mutex // guards cuts
	var cuts []*vfs.MemFS
	key, made, st := firstStart(t, errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
		switch op.Kind {
		case errorfs.OpCreate, errorfs.OpRename, errorfs.OpRemove, errorfs.OpFileSync, errorfs.OpFileSyncData:
			mu.Lock()
			defer mu.Unlock()
			cuts = append(cuts, disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rng}))
		}
		return nil
	})))
	printed := disk.CrashClone(vfs.CrashCloneCfg{})
	if err := st.close(); err != nil || !made {
		t.Fatalf("first start: made %v, close %v", made, err)
	}
	t.Logf("%d cuts", len(cuts))
	for _, cut := range cuts {
		_, _, st := firstStart(t, cut)
		if err := st.close(); err != nil {
			t.Error(err)
		}
	}
	again, made, st := firstStart(t, printed)
	if made || again.ID != key.ID || again.Secret != key.Secret {
		t.Errorf("after the key was printed: made %v, key %s, want %s", made, again.ID, key.ID)
	}
	if err := st.close(); err != nil {
		t.Error(err)
	}
}
