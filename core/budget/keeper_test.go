package budget

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shoal/core/billing"
	"shoal/core/fault"
	"shoal/core/meter"
)

// world is a Store, and a meter whose report is what the test says.
type world struct {
	mu      sync.Mutex // guards all
	budgets []Budget
	states  map[string]State // by id
	commits int
	rows    []meter.Row
	err     error // of the store
	broken  error // of the meter
}

func (w *world) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

func (w *world) Budgets(context.Context) (all []Kept, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, b := range w.budgets {
		all = append(all, Kept{b, w.states[b.ID]})
	}
	return all, w.err
}

func (w *world) ChangeState(_ context.Context, b *Budget, change func(*State)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	if !slices.ContainsFunc(w.budgets, func(o Budget) bool { return o.ID == b.ID }) {
		return fault.New("change state", b.Name, fault.NoSuchEntity, nil)
	}
	s := w.states[b.ID]
	change(&s)
	w.states[b.ID] = s
	w.commits++
	return nil
}

func (w *world) Report(context.Context, meter.Query) ([]meter.Row, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rows, w.broken
}

func (*world) Record(meter.Event) {}

// alarms returns the thresholds of what waits for a target.
func alarms(t *testing.T, k *Keeper, target string) (all []int) {
	t.Helper()
	waiting, err := k.WaitingFor(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range waiting {
		for _, a := range b.State.Waiting {
			all = append(all, a.Threshold)
		}
	}
	return all
}

func (w *world) keeper(t *testing.T, plan *billing.Plan) (*meter.Months, *Keeper) {
	t.Helper()
	months := meter.NewMonths(w, w, time.Now)
	return months, New(t.Context(), w, months, Options{Plan: plan, Logger: slog.New(slog.DiscardHandler)})
}

// running runs k until the test ends.
func running(t *testing.T, k *Keeper) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- k.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
}

func sent(account, bucket string, bytes int64) meter.Event {
	return meter.Event{Account: account, Bucket: bucket, Operation: meter.GetObject, Tier: meter.Tier2, Requests: 1, BytesOut: bytes}
}

func wantInForce(t *testing.T, k *Keeper, bucket string, want Action) {
	t.Helper()
	if got := k.InForce("a", bucket); got != want {
		t.Errorf("in force for %q: %v, want %v", bucket, got, want)
	}
}

// TestWithinASecond: alarms and action follow the usage, the limit and the end of the budget within a second, and only for
// the scope.
func TestWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := someBudget()
		account.ID, account.Name, account.Scope.Bucket, account.Limit, account.Action = "id2", "all", "", 5000, StopAnonymousEgress
		w := &world{budgets: []Budget{someBudget(), account}, states: map[string]State{}}
		months, k := w.keeper(t, nil)
		running(t, k)
		step := func(bucket string, bytes int64, pond, other Action) {
			t.Helper()
			months.Record(sent("a", bucket, bytes))
			time.Sleep(time.Second)
			wantInForce(t, k, "pond", pond)
			wantInForce(t, k, "other", other)
		}
		step("pond", 999, None, None)
		step("other", 1000, None, None)
		step("pond", 1, TorrentsOnly, None)
		if got := k.InForce("b", "pond"); got != None {
			t.Errorf("another account: %v", got)
		}
		select {
		case <-k.Changed():
		default:
			t.Error("nobody was told that an action is in force")
		}
		step("other", 3000, StopAnonymousEgress, StopAnonymousEgress)
		if got := k.Stats(); got.Budgets != 2 || got.Raised != 6 || got.Waiting != 6 || got.Exceeded[TorrentsOnly] != 1 || got.Exceeded[StopAnonymousEgress] != 1 {
			t.Errorf("stats %+v", got)
		}
		w.set(func() { w.budgets[1].Limit = 1 << 40 })
		step("other", 0, TorrentsOnly, None)
		w.set(func() { w.budgets = w.budgets[1:] })
		step("pond", 0, None, None)
	})
}

// TestMonthsEnd: at the new month nothing is in force, and every threshold may raise its alarm again.
func TestMonthsEnd(t *testing.T) {
	w := &world{budgets: []Budget{someBudget()}, states: map[string]State{}}
	now := time.Date(2026, 11, 30, 23, 59, 59, 0, time.UTC)
	clock := func() time.Time { return now }
	months := meter.NewMonths(w, w, clock)
	k := New(t.Context(), w, months, Options{Now: clock, Logger: slog.New(slog.DiscardHandler)})
	turn := func() {
		t.Helper()
		if err := errors.Join(k.keep(t.Context()), k.decide(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 20 {
		months.Record(sent("a", "pond", 1000))
		turn()
		wantInForce(t, k, "pond", TorrentsOnly)
		if got, want := len(alarms(t, k, "hook")), min(3*(i+1), MaxWaiting); got != want || k.Stats().Raised != int64(3*(i+1)) {
			t.Errorf("month %d: %d alarms wait of %d raised, want %d", i, got, k.Stats().Raised, want)
		}
		now = (meter.MonthOf(now) + 1).Start()
		turn()
		wantInForce(t, k, "pond", None)
	}
}

// TestRestart: what a Keeper before had raised is not raised again, what waited still does, and what is used up is so from
// the start.
func TestRestart(t *testing.T) {
	w := &world{budgets: []Budget{someBudget()}, states: map[string]State{}, rows: []meter.Row{{UsageType: meter.DataTransferOut, UsageValue: 850}}}
	_, k := w.keeper(t, nil)
	if got := alarms(t, k, "hook"); !slices.Equal(got, []int{50, 80}) || w.commits != 1 {
		t.Errorf("%v wait after %d commits, want two after one", got, w.commits)
	}
	select {
	case <-k.Alarmed("hook"):
	default:
		t.Error("the target is not told that alarms wait")
	}
	waiting, err := k.WaitingFor(t.Context(), "hook")
	if err != nil {
		t.Fatal(err)
	}
	first := waiting[0].State.Waiting[0]
	for range 2 { // the second as for one that was sent twice
		if err := k.Acknowledge(t.Context(), &waiting[0].Budget, first.ID); err != nil {
			t.Fatal(err)
		}
	}
	w.rows[0].UsageValue = 1000
	_, k = w.keeper(t, nil)
	wantInForce(t, k, "pond", TorrentsOnly)
	if got := alarms(t, k, "hook"); !slices.Equal(got, []int{80, 100}) {
		t.Errorf("%v wait, want 80 and 100", got)
	}
	w.rows[0].UsageValue = 400 // a crash lost the last second
	_, k = w.keeper(t, nil)
	wantInForce(t, k, "pond", None)
	if got := alarms(t, k, "hook"); !slices.Equal(got, []int{80, 100}) || k.Stats().Raised != 0 {
		t.Errorf("%v wait, %d raised, want the two from before", got, k.Stats().Raised)
	}
	if err := k.Acknowledge(t.Context(), &Budget{ID: "gone"}, first.ID); err != nil {
		t.Errorf("acknowledge for a budget that is gone: %v", err)
	}
}

// TestNoTarget: an alarm for nobody does not wait.
func TestNoTarget(t *testing.T) {
	b := someBudget()
	b.Target = ""
	w := &world{budgets: []Budget{b}, states: map[string]State{}, rows: []meter.Row{{UsageType: meter.DataTransferOut, UsageValue: 850}}}
	_, k := w.keeper(t, nil)
	if got := alarms(t, k, ""); len(got) != 0 || k.Stats().Raised != 2 {
		t.Errorf("%v wait, %d raised, want none of two", got, k.Stats().Raised)
	}
}

// TestCost: money counts requests and bytes at once, and what is stored when the report is read again.
func TestCost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := someBudget()
		b.Unit, b.Limit = Cost, 10_000_000
		w := &world{budgets: []Budget{b}, states: map[string]State{}}
		months, k := w.keeper(t, tenths(t))
		running(t, k)
		months.Record(sent("a", "pond", 98)) // and a request
		time.Sleep(time.Second)
		wantInForce(t, k, "pond", None)
		months.Record(sent("a", "pond", 0))
		time.Sleep(time.Second)
		wantInForce(t, k, "pond", TorrentsOnly)
		waiting, err := k.WaitingFor(t.Context(), "hook")
		if err != nil || len(waiting) != 1 {
			t.Fatalf("%d budgets with alarms, %v", len(waiting), err)
		}
		if a := waiting[0].State.Waiting[2]; a.Currency != "XTS" || a.Used != 10_000_000 || a.Action != TorrentsOnly {
			t.Errorf("alarm %+v", a)
		}
		w.set(func() { w.rows = []meter.Row{{UsageType: meter.DataTransferOut, UsageValue: 50}} })
		time.Sleep(priceAge + time.Second)
		wantInForce(t, k, "pond", None)
	})
}

// TestFaults: what cannot be found out is no reason not to start, and a hiccup of the store changes no action.
func TestFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		priced := someBudget()
		priced.ID, priced.Name, priced.Unit = "id2", "priced", Cost
		w := &world{budgets: []Budget{someBudget(), priced}, states: map[string]State{}, broken: errors.New("broken")}
		months, k := w.keeper(t, nil)
		running(t, k)
		months.Record(sent("a", "pond", 1000))
		time.Sleep(time.Second)
		wantInForce(t, k, "pond", None)
		w.set(func() { w.broken = nil })
		time.Sleep(time.Second)
		months.Record(sent("a", "pond", 1000))
		time.Sleep(time.Second)
		wantInForce(t, k, "pond", TorrentsOnly)
		w.set(func() { w.err = errors.New("no disk") })
		time.Sleep(time.Minute)
		wantInForce(t, k, "pond", TorrentsOnly)
		w.set(func() { w.err = nil })
		if got := alarms(t, k, "hook"); !slices.Equal(got, []int{50, 80, 100}) {
			t.Errorf("%v wait, want one alarm for each threshold", got)
		}
	})
}

// TestActionWithoutDisk: an action is in force although its alarm cannot be kept yet.
func TestActionWithoutDisk(t *testing.T) {
	w := &world{budgets: []Budget{someBudget()}, states: map[string]State{}, rows: []meter.Row{{UsageType: meter.DataTransferOut, UsageValue: 1000}}}
	full := fullStore{w}
	months := meter.NewMonths(w, w, time.Now)
	k := New(t.Context(), full, months, Options{Logger: slog.New(slog.DiscardHandler)})
	wantInForce(t, k, "pond", TorrentsOnly)
}

// fullStore keeps no states.
type fullStore struct{ *world }

func (fullStore) ChangeState(context.Context, *Budget, func(*State)) error {
	return fault.New("change state", "", fault.NoSpace, nil)
}

// TestInForceIsFree: asking allocates nothing, with and without budgets.
func TestInForceIsFree(t *testing.T) {
	for n := range 2 {
		w := &world{budgets: []Budget{someBudget()}[:n], states: map[string]State{}, rows: []meter.Row{{UsageType: meter.DataTransferOut, UsageValue: 1000}}}
		_, k := w.keeper(t, nil)
		if got := testing.AllocsPerRun(100, func() { k.InForce("a", "pond") }); got != 0 {
			t.Errorf("%v allocations with %d budgets, want none", got, n)
		}
	}
}

func BenchmarkInForce(b *testing.B) {
	for _, n := range []int{0, 1} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := &world{budgets: []Budget{someBudget()}[:n], states: map[string]State{}, rows: []meter.Row{{UsageType: meter.DataTransferOut, UsageValue: 1000}}}
			k := New(b.Context(), w, meter.NewMonths(w, w, time.Now), Options{Logger: slog.New(slog.DiscardHandler)})
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					k.InForce("a", "pond")
				}
			})
		})
	}
}
