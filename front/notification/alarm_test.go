package notification

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shoal/core/budget"
	"shoal/core/meter"
)

// waiting are the Alarms of one budget whose target is "hook".
type waiting struct {
	mu     sync.Mutex // guards kept
	kept   budget.Kept
	tokens chan struct{}
}

func newWaiting(ids ...string) *waiting {
	w := &waiting{tokens: make(chan struct{}, 1)}
	w.kept.Budget = budget.Budget{
		ID: "b", Name: "month", Scope: meter.Scope{Account: "ann", Bucket: "pond"}, Limit: 1000, Target: "hook",
	}
	for i, id := range ids {
		w.kept.State.Waiting = append(w.kept.State.Waiting, budget.Alarm{
			ID: id, Month: 12*2026 + 11, Threshold: 50 * (i + 1), Used: int64(500 * (i + 1)), Limit: 1000,
			Action: budget.Action(2 * i), At: time.Unix(1_800_000_000, 0),
		})
	}
	w.tokens <- struct{}{}
	return w
}

func (w *waiting) Alarmed(target string) <-chan struct{} {
	if target == "hook" {
		return w.tokens
	}
	return nil
}

func (w *waiting) WaitingFor(_ context.Context, target string) ([]budget.Kept, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if target != "hook" || len(w.kept.State.Waiting) == 0 {
		return nil, nil
	}
	kept := w.kept
	kept.State.Waiting = slices.Clone(kept.State.Waiting)
	return []budget.Kept{kept}, nil
}

func (w *waiting) Acknowledge(_ context.Context, b *budget.Budget, id string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kept.State.Waiting = slices.DeleteFunc(w.kept.State.Waiting, func(a budget.Alarm) bool { return a.ID == id })
	return nil
}

// fakeTarget fails as often as it is told to, and remembers what it took.
type fakeTarget struct {
	mu    sync.Mutex // guards what follows
	fails int
	ids   []string
}

func (f *fakeTarget) Send(_ context.Context, m Message) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fails > 0 {
		f.fails--
		return io.ErrUnexpectedEOF
	}
	f.ids = append(f.ids, m.Key+" "+m.ID)
	return nil
}

func (*fakeTarget) Close() {}

// TestAlarms: what a target refuses waits and comes again, longer each time while Alarmed keeps saying so; what it took
// does not.
func TestAlarms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target, w := &fakeTarget{fails: 3}, newWaiting("A", "B")
		d := &Deliverer{o: Options{Logger: slog.New(slog.DiscardHandler)}, targets: []*delivery{{name: "hook", to: target}, {name: "other", to: target}}}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- d.RunAlarms(ctx, w) }()
		for range 60 { // as a Keeper does
			select {
			case w.tokens <- struct{}{}:
			default:
			}
			time.Sleep(time.Second)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("RunAlarms = %v", err)
		}
		if want := []string{"ann/month A", "ann/month B"}; !slices.Equal(target.ids, want) {
			t.Errorf("taken %v, want %v", target.ids, want)
		}
		if got := d.Stats()[0]; got.Delivered != 2 || got.Failed != 3 {
			t.Errorf("stats %+v", got)
		}
	})
}

// TestAlarmAtWebhook: the message of an alarm as a webhook gets it.
func TestAlarmAtWebhook(t *testing.T) {
	got := make(chan string, 2)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- r.Header.Get("Authorization") + " " + string(body)
	}))
	defer receiver.Close()
	u, err := url.Parse(receiver.URL)
	if err != nil {
		t.Fatal(err)
	}
	d, err := New(nil, []Spec{{Name: "hook", URL: u, Secret: "token"}}, Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	w := newWaiting("A", "B")
	if err := d.sendWaiting(t.Context(), d.targets[0], w); err != nil {
		t.Fatal(err)
	}
	want := `Bearer token {"event":"shoal:BudgetAlarm","version":"1.0","id":"A","time":"2027-01-15T08:00:00Z","budget":"month","account":"ann",` +
		`"bucket":"pond","month":"2026-11","threshold_percent":50,"used":500,"limit":1000,"unit":"bytes","action":"none"}`
	if text := <-got; text != want {
		t.Errorf("the webhook got\n%s\nwant\n%s", text, want)
	}
	if text := <-got; !strings.Contains(text, `"id":"B"`) || !strings.Contains(text, `"action":"stop-anonymous-egress"`) {
		t.Errorf("the webhook got %s", text)
	}
	if left, _ := w.WaitingFor(t.Context(), "hook"); left != nil {
		t.Errorf("%+v are left", left)
	}
	priced := budget.Budget{Name: "month", Unit: budget.Cost}
	text, err := renderAlarm(&priced, &budget.Alarm{Currency: "EUR"})
	if err != nil || !strings.Contains(string(text), `"unit":"millionths","currency":"EUR"`) || strings.Contains(string(text), `"bucket"`) {
		t.Errorf("of a cost: %s, %v", text, err)
	}
}
