package meter

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/storage/kv/pebblekv"
)

func openEngine(t *testing.T, fs vfs.FS) *pebblekv.Engine {
	t.Helper()
	e, err := pebblekv.Open("data", pebblekv.Options{
		FS: fs, Logger: slog.New(slog.DiscardHandler), ReserveBytes: -1, BallastBytes: -1,
		Fatal: func(err error) { t.Errorf("engine: %v", err) },
	})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return e
}

// After a power cut the rows say at least what was flushed and at most what was recorded, and go on
// from there in the next epoch, crash after crash.
func TestCrashLosesOnlyTheUnflushedAndCountsNothingTwice(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	fs := vfs.NewCrashableMem()
	counted := int64(0) // what the rows held when this life began
	for life := range 12 {
		e := openEngine(t, fs)
		m := New(e, Options{Now: fixedClock(noon)})
		if got := outBytes(t, m); got != counted {
			t.Fatalf("life %d starts with %d, the report of the crashed disk was %d", life, got, counted)
		}
		recorded, flushed := counted, counted
		for range rng.IntN(6) {
			for range 1 + rng.IntN(300) {
				n := 1 + rng.Int64N(1000)
				m.Record(get(fmt.Sprintf("b%d", rng.IntN(100)), n))
				recorded += n
			}
			if rng.IntN(3) > 0 {
				flush(t, m)
				flushed = recorded
			}
		}
		// Cut the power during a flush as well as at rest: the clone is taken beside it.
		flushing := make(chan error, 1)
		go func() { flushing <- m.Flush(t.Context()) }()
		fs = fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
		if err := <-flushing; err != nil {
			t.Fatalf("Flush: %v", err)
		}

		after := openEngine(t, fs)
		counted = outBytes(t, New(after, Options{Now: fixedClock(noon)}))
		if counted < flushed || counted > recorded {
			t.Fatalf("life %d: %d after the crash, want %d (flushed) to %d (recorded)", life, counted, flushed, recorded)
		}
		fs = fs.CrashClone(vfs.CrashCloneCfg{})
	}
}
