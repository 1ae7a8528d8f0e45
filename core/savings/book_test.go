package savings

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"shoal/core/billing"
	"shoal/core/fault"
	"shoal/core/object"
	"shoal/storage/kv"
	"shoal/storage/kv/pebblekv"
)

// march is a moment to count at.
var march = time.Date(2006, 3, 14, 12, 0, 0, 0, time.UTC)

// torrentOf is a torrent of 100 bytes of a version.
func torrentOf(account, bucket, key string, version byte) *object.Torrent {
	return &object.Torrent{
		Bucket:  &object.Bucket{Name: bucket, Owner: account},
		Version: &object.Version{Key: key, ID: object.VersionID{15: version}, Size: 100},
	}
}

// failing is an engine whose commits can be made to fail.
type failing struct {
	kv.Engine
	err error
}

func (f *failing) Commit(ctx context.Context, c kv.Commit) error {
	if f.err != nil {
		return f.err
	}
	return f.Engine.Commit(ctx, c)
}

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

// lines returns what was counted in march as "account bucket/key size counts", one line each.
func lines(t *testing.T, b *Book) string { return linesOf(t, b, billing.MonthOf(march), "") }

func linesOf(t *testing.T, b *Book, m billing.Month, account string) string {
	t.Helper()
	list, err := b.Lines(t.Context(), m, account)
	if err != nil {
		t.Fatalf("Lines: %v", err)
	}
	var out strings.Builder
	for _, l := range list {
		fmt.Fprintf(&out, "%s %s/%s %d %v\n", l.Account, l.Bucket, l.Key, l.Size, l.Counts)
	}
	return out.String()
}

func TestLines(t *testing.T) {
	engine := openEngine(t, vfs.NewMem())
	b := New(engine, Options{})
	iso, song, other := torrentOf("jeff", "b", "iso", 1), torrentOf("jeff", "c", "song", 2), torrentOf("werner", "a", "film", 3)
	b.Count(iso, march, Counts{OriginBytes: 10, OriginPieces: 1})
	b.Count(song, march, Counts{ClaimedBytes: 7})
	b.Count(other, march, Counts{Completions: 1})
	b.Count(iso, march.AddDate(0, 1, 0), Counts{ObservedBytes: 5})
	if err := b.Flush(t.Context()); err != nil {
		t.Fatalf("Flush: %v", err)
	}
	b = New(engine, Options{}) // another process, and so another epoch
	b.Count(iso, march, Counts{OriginBytes: 20, OriginPieces: 2})
	month := billing.MonthOf(march)
	for _, c := range []struct {
		name    string
		month   billing.Month
		account string
		want    string
	}{
		{"all", month, "", "jeff b/iso 100 {30 3 0 0 0}\njeff c/song 100 {0 0 7 0 0}\nwerner a/film 100 {0 0 0 1 0}\n"},
		{"account", month, "werner", "werner a/film 100 {0 0 0 1 0}\n"},
		{"a beginning of a name", month, "jef", ""},
		{"next month", billing.MonthOf(month.End()), "", "jeff b/iso 100 {0 0 0 0 5}\n"},
		{"the month before", billing.MonthOf(month.Start().Add(-1)), "", ""},
	} {
		if got := linesOf(t, b, c.month, c.account); got != c.want {
			t.Errorf("%s: got:\n%swant:\n%s", c.name, got, c.want)
		}
	}
}

// TestFullBook: what does not fit in memory counts for its bucket, and sums that nobody changes make room.
func TestFullBook(t *testing.T) {
	b := New(openEngine(t, vfs.NewMem()), Options{MaxSums: numShards})
	for v := range byte(3) { // all of one shard, which has room for one
		b.Count(torrentOf("jeff", "b", fmt.Sprint(v), numShards*(v+1)), march, Counts{OriginBytes: 1 << v})
	}
	if got, want := lines(t, b), "jeff b/ 0 {6 0 0 0 0}\njeff b/0 100 {1 0 0 0 0}\n"; got != want {
		t.Errorf("full: got:\n%swant:\n%s", got, want)
	}
	for range idleFlushes + 2 {
		if err := b.Flush(t.Context()); err != nil {
			t.Fatalf("Flush: %v", err)
		}
	}
	b.Count(torrentOf("jeff", "b", "0", numShards), march, Counts{OriginBytes: 100})
	b.Count(torrentOf("jeff", "b", "1", 2*numShards), march, Counts{OriginBytes: 100})
	if got, want := lines(t, b), "jeff b/ 0 {106 0 0 0 0}\njeff b/0 100 {101 0 0 0 0}\n"; got != want {
		t.Errorf("after a while: got:\n%swant:\n%s", got, want)
	}
}

// TestEngineOutOfOrder: what could not be written is written later, once, and a report says so rather than leave it out.
func TestEngineOutOfOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := &failing{Engine: openEngine(t, vfs.NewMem()), err: errors.New("no space")}
		b := New(engine, Options{})
		b.Count(torrentOf("jeff", "b", "iso", 1), march, Counts{OriginBytes: 10})
		if _, err := b.Lines(t.Context(), billing.MonthOf(march), ""); fault.KindOf(err) != fault.Internal || !errors.Is(err, engine.err) {
			t.Errorf("lines: got %v, want %v", err, engine.err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- b.Run(ctx) }()
		time.Sleep(3 * defaultFlushEvery)
		synctest.Wait()
		engine.err = nil
		b.Count(torrentOf("jeff", "b", "iso", 1), march, Counts{OriginBytes: 1})
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		if got, want := lines(t, New(engine, Options{})), "jeff b/iso 100 {11 0 0 0 0}\n"; got != want {
			t.Errorf("after the stop: got:\n%swant:\n%s", got, want)
		}
	})
}

// TestCrashLosesOnlyTheUnflushedAndCountsNothingTwice cuts the power beside a flush, life after life.
func TestCrashLosesOnlyTheUnflushedAndCountsNothingTwice(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	fs := vfs.NewCrashableMem()
	total := func(b *Book) (n int64) {
		list, err := b.Lines(t.Context(), billing.MonthOf(march), "")
		if err != nil {
			t.Fatalf("Report: %v", err)
		}
		for _, l := range list {
			n += l.OriginBytes
		}
		return n
	}
	counted := int64(0)
	for life := range 10 {
		b := New(openEngine(t, fs), Options{})
		if got := total(b); got != counted {
			t.Fatalf("life %d starts with %d, the report of the crashed disk was %d", life, got, counted)
		}
		all, flushed := counted, counted
		for range rng.IntN(5) {
			for range 1 + rng.IntN(300) {
				n := 1 + rng.Int64N(1000)
				b.Count(torrentOf("jeff", "b", "k", byte(rng.IntN(200))), march, Counts{OriginBytes: n})
				all += n
			}
			if rng.IntN(3) > 0 {
				if err := b.Flush(t.Context()); err != nil {
					t.Fatalf("Flush: %v", err)
				}
				flushed = all
			}
		}
		flushing := make(chan error, 1)
		go func() { flushing <- b.Flush(t.Context()) }()
		fs = fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
		if err := <-flushing; err != nil {
			t.Fatalf("Flush: %v", err)
		}
		counted = total(New(openEngine(t, fs), Options{}))
		if counted < flushed || counted > all {
			t.Fatalf("life %d: %d after the crash, want %d (flushed) to %d (counted)", life, counted, flushed, all)
		}
		fs = fs.CrashClone(vfs.CrashCloneCfg{})
	}
}

// TestBookIsASum compares a book, through flushes, restarts and full memory, with plain maps.
func TestBookIsASum(t *testing.T) {
	engine := openEngine(t, vfs.NewMem())
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++ // each has an account of its own
		account := fmt.Sprint(runs)
		b := New(engine, Options{MaxSums: numShards})
		want := make(map[string]Counts) // by bucket, whatever the object
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			switch rapid.IntRange(0, 5).Draw(rt, "step") {
			case 0:
				if err := b.Flush(t.Context()); err != nil {
					rt.Fatalf("Flush: %v", err)
				}
				b = New(engine, Options{MaxSums: numShards})
			case 1:
				for range idleFlushes / 2 {
					if err := b.Flush(t.Context()); err != nil {
						rt.Fatalf("Flush: %v", err)
					}
				}
			default:
				bucket, n := rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "bucket"), rapid.Int64Range(0, 1<<40)
				c := Counts{n.Draw(rt, "1"), n.Draw(rt, "2"), n.Draw(rt, "3"), n.Draw(rt, "4"), n.Draw(rt, "5")}
				version := rapid.Byte().Draw(rt, "version")
				b.Count(torrentOf(account, bucket, fmt.Sprint(version), version), march, c)
				want[bucket] = want[bucket].add(c)
			}
		}
		got := make(map[string]Counts)
		list, err := b.Lines(t.Context(), billing.MonthOf(march), account)
		if err != nil {
			rt.Fatalf("Report: %v", err)
		}
		for _, l := range list {
			got[l.Bucket] = got[l.Bucket].add(l.Counts)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			rt.Errorf("got %v, want %v", got, want)
		}
	})
}
