package quota

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"shoal/core/fault"
	"shoal/core/meter"
)

// world is a Source of which the test says everything, and the clock.
type world struct {
	mu       sync.Mutex // guards all
	now      time.Time
	accounts map[string]Limits
	held     map[BucketID]Held
	sent     int64
	err      error
	reads    int
}

func (w *world) AccountLimits(context.Context) (map[string]Limits, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.accounts, w.err
}

func (w *world) Held(_ context.Context, b Bucket) (sum Held, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reads++
	if b.ID != (BucketID{}) {
		return w.held[b.ID], w.err
	}
	for _, h := range w.held {
		sum = sum.plus(h)
	}
	return sum, w.err
}

// Report implements meter.Reporter.
func (w *world) Report(context.Context, meter.Query) ([]meter.Row, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reads++
	return []meter.Row{{UsageType: meter.DataTransferOut, UsageValue: w.sent}}, w.err
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

// Record implements meter.Recorder.
func (w *world) Record(e meter.Event) { w.set(func() { w.sent += e.BytesOut }) }

func newWorld(t *testing.T) (*world, *Keeper) {
	t.Helper()
	w := &world{now: time.Date(2026, 1, 31, 23, 0, 0, 0, time.UTC), held: map[BucketID]Held{}}
	k, err := New(t.Context(), w, meter.NewMonths(w, w, w.clock), Options{Now: w.clock, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return w, k
}

// put is one write: room, the commit, which may fail, and the report.
func (w *world) put(t *testing.T, k *Keeper, b Bucket, adds Held, fails bool) error {
	done, err := k.Admit(t.Context(), b, adds)
	if err != nil {
		return err
	}
	if !fails {
		w.set(func() { w.held[b.ID] = w.held[b.ID].plus(adds) })
	}
	done(!fails)
	return nil
}

func wantQuota(t *testing.T, what string, err error, exceeded bool) {
	t.Helper()
	if exceeded != fault.Is(err, fault.QuotaExceeded) || !exceeded && err != nil {
		t.Errorf("%s: error %v, want exceeded %t", what, err, exceeded)
	}
}

func TestWithoutQuota(t *testing.T) {
	w, k := newWorld(t)
	b := Bucket{ID: BucketID{1}, Name: "b", Account: "a"}
	wantQuota(t, "put", w.put(t, k, b, Held{1 << 60, 1}, false), false)
	wantQuota(t, "get", k.MaySend(t.Context(), b), false)
	if w.reads != 0 || len(k.gauges) != 0 {
		t.Errorf("%d reads, %d gauges, want none", w.reads, len(k.gauges))
	}
	if n := testing.AllocsPerRun(100, func() {
		if done, err := k.Admit(t.Context(), b, Held{1, 1}); err == nil {
			done(true)
		}
		_ = k.MaySend(t.Context(), b)
	}); n != 0 {
		t.Errorf("%v allocations without a quota, want none", n)
	}
}

func TestAdmit(t *testing.T) {
	w, k := newWorld(t)
	w.set(func() { w.accounts = map[string]Limits{"a": {Objects: 5}} })
	if err := k.readLimits(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := Bucket{ID: BucketID{1}, Name: "b", Account: "a", Limits: Limits{Bytes: 100}}
	other := Bucket{ID: BucketID{2}, Name: "o", Account: "a"}
	w.set(func() { w.held[BucketID{1}] = Held{Bytes: 40, Objects: 1} })
	for _, step := range []struct {
		name     string
		b        Bucket
		adds     Held
		fails    bool
		exceeded bool
	}{
		{"more than there is room for", b, Held{61, 1}, false, true},
		{"exactly", b, Held{60, 1}, true, false},
		{"again, as that failed", b, Held{60, 1}, false, false},
		{"one byte", b, Held{1, 0}, false, true},
		{"another bucket", other, Held{1000, 3}, false, false},
		{"the account is full", other, Held{0, 1}, false, true},
		{"an empty object in the bucket", b, Held{0, 1}, false, true},
	} {
		wantQuota(t, step.name, w.put(t, k, step.b, step.adds, step.fails), step.exceeded)
	}
	w.set(func() { w.held[BucketID{1}], w.now = Held{Bytes: 10}, w.now.Add(rereadAfter) })
	wantQuota(t, "a second after a delete", w.put(t, k, b, Held{90, 1}, false), false)
	b.Limits.Bytes = 200
	wantQuota(t, "a greater quota", w.put(t, k, b, Held{100, 1}, false), false)
}

// TestNeverOver races writers that may fail against a quota, with deletes and counts read anew in between.
func TestNeverOver(t *testing.T) {
	w, k := newWorld(t)
	b := Bucket{ID: BucketID{1}, Name: "b", Account: "a", Limits: Limits{Bytes: 50, Objects: 30}}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 200 {
				adds := Held{Bytes: rand.Int64N(4), Objects: 1}
				if err := w.put(t, k, b, adds, rand.N(4) == 0); err != nil && !fault.Is(err, fault.QuotaExceeded) {
					t.Error(err)
				}
				w.set(func() {
					if h := w.held[BucketID{1}]; h.Bytes > 50 || h.Objects > 30 {
						t.Errorf("held %+v", h)
					} else if h.Objects > 0 && rand.N(3) == 0 {
						w.held[BucketID{1}] = Held{Bytes: h.Bytes - h.Bytes/h.Objects, Objects: h.Objects - 1}
					}
					w.now = w.now.Add(time.Duration(rand.Int64N(int64(rereadAfter))))
				})
			}
		})
	}
	wg.Wait()
	w.set(func() { w.now = w.now.Add(staleAfter) })
	left := b.Limits.Objects - w.held[BucketID{1}].Objects
	w.put(t, k, b, Held{0, left}, true)
	if g := k.gauge(b); g.reserved != (Held{}) || g.held != w.held[BucketID{1}] {
		t.Errorf("gauge %+v reserved %+v, want %+v", g.held, g.reserved, w.held[BucketID{1}])
	}
}

func TestSourceFails(t *testing.T) {
	w, k := newWorld(t)
	broken := errors.New("broken")
	w.set(func() { w.err = broken })
	b := Bucket{ID: BucketID{1}, Name: "b", Limits: Limits{Bytes: 1, Egress: 1}}
	if err := w.put(t, k, b, Held{}, false); !errors.Is(err, broken) {
		t.Errorf("put: %v", err)
	}
	if err := k.MaySend(t.Context(), b); !errors.Is(err, broken) {
		t.Errorf("get: %v", err)
	}
	w.set(func() { w.err = nil })
	wantQuota(t, "put", w.put(t, k, b, Held{}, false), false)
	wantQuota(t, "get", k.MaySend(t.Context(), b), false)
}

// TestEgress: what was sent before the start and since counts, of the bucket and of the account, to the end of the month.
func TestEgress(t *testing.T) {
	w, k := newWorld(t)
	w.set(func() { w.sent = 90 })
	b := Bucket{ID: BucketID{1}, Name: "b", Account: "a", Limits: Limits{Egress: 100}}
	wantQuota(t, "at first", k.MaySend(t.Context(), b), false)
	send := func(account, bucket string, n int64) {
		k.months.Record(meter.Event{At: w.clock(), Account: account, Bucket: bucket, BytesOut: n})
	}
	send("a", "b", 9)
	send("a", "other", 50)
	send("other", "b", 50)
	wantQuota(t, "99 bytes", k.MaySend(t.Context(), b), false)
	send("a", "b", 1)
	wantQuota(t, "100 bytes", k.MaySend(t.Context(), b), true)
	if w.sent != 200 {
		t.Errorf("%d bytes passed on to the meter, want 200", w.sent)
	}
	b.Limits.Egress = 101
	wantQuota(t, "a greater quota", k.MaySend(t.Context(), b), false)

	b.Limits.Egress = 0
	w.set(func() { w.accounts = map[string]Limits{"a": {Egress: 210}} })
	if err := k.readLimits(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantQuota(t, "the account", k.MaySend(t.Context(), b), false)
	send("a", "other", 10)
	wantQuota(t, "the account, with another bucket", k.MaySend(t.Context(), b), true)

	w.set(func() { w.now, w.sent = time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), 0 })
	wantQuota(t, "the next month", k.MaySend(t.Context(), b), false)
}

func TestForget(t *testing.T) {
	w, k := newWorld(t)
	for i := range 3 {
		b := Bucket{ID: BucketID{1, byte(i)}, Limits: Limits{Objects: 1}}
		if _, err := k.Admit(t.Context(), b, Held{}); err != nil {
			t.Fatal(err)
		}
	}
	done, err := k.Admit(t.Context(), Bucket{ID: BucketID{9}, Limits: Limits{Objects: 1}}, Held{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	later := w.now.Add(forgetAfter + time.Second)
	k.forget(later)
	if len(k.gauges) != 1 {
		t.Errorf("%d gauges, want the one that holds room", len(k.gauges))
	}
	done(true)
	k.forget(later)
	if len(k.gauges) != 0 {
		t.Errorf("%d gauges, want none", len(k.gauges))
	}
}
