package meter

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

// told is a Reporter and Recorder whose report is what the test says.
type told struct {
	mu     sync.Mutex // guards all
	rows   []Row
	err    error
	asked  []Query
	events int
	during func() // runs while the report is read
}

func (w *told) Report(_ context.Context, q Query) ([]Row, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, q)
	if w.during != nil {
		w.during()
	}
	return w.rows, w.err
}

func (w *told) Record(Event) { w.events++ }

func wantSent(t *testing.T, m *Months, s Scope, want int64) {
	t.Helper()
	if got, ok := m.Sent(s); !ok || got != want {
		t.Errorf("sent by %v: %d, %t, want %d", s, got, ok, want)
	}
}

func TestMonthsOfScopes(t *testing.T) {
	now := time.Date(2026, 1, 31, 23, 59, 59, 0, time.UTC)
	w := &told{rows: []Row{{UsageType: DataTransferOut, UsageValue: 100}, {UsageType: DataTransferIn, UsageValue: 7}}}
	m := NewMonths(w, w, func() time.Time { return now })
	bucket, account := Scope{"a", "b"}, Scope{Account: "a"}
	record := func(account, bucket string, at time.Time) {
		m.Record(Event{At: at, Account: account, Bucket: bucket, Tier: Tier2, Requests: 1, BytesOut: 10})
	}
	record("a", "b", now) // the report has it
	if _, ok := m.Sent(bucket); ok || len(*m.totals.Load()) != 0 {
		t.Error("known before anybody asked")
	}
	for _, s := range []Scope{bucket, account, bucket} {
		if err := m.Keep(t.Context(), s, 0); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.asked) != 2 || w.asked[0].Bucket != "b" || w.asked[0].To != w.asked[0].From.AddDate(0, 1, 0) {
		t.Errorf("asked for %+v, want the month of the bucket and that of the account, once each", w.asked)
	}
	record("a", "b", time.Time{}) // now
	record("a", "other", now)
	record("other", "b", now)
	record("a", "b", now.AddDate(0, -1, 0))
	record("a", "", now)
	wantSent(t, m, bucket, 110)
	wantSent(t, m, account, 130)
	if w.events != 6 {
		t.Errorf("%d events passed on, want all 6", w.events)
	}
	rows, ok := m.Rows(bucket)
	if !ok || len(rows) != 4 || rows[2].UsageType != RequestsTier2 || rows[2].UsageValue != 1 || rows[3].UsageValue != 10 || rows[3].Resource != "b" {
		t.Errorf("rows %+v", rows)
	}

	now = now.Add(time.Second)
	if _, ok := m.Sent(bucket); ok {
		t.Error("known in the next month before anybody asked")
	}
	w.rows = nil
	if err := m.Keep(t.Context(), bucket, 0); err != nil {
		t.Fatal(err)
	}
	m.Forget()
	wantSent(t, m, bucket, 0)
	if n := len(*m.totals.Load()); n != 1 {
		t.Errorf("%d totals, want that of the new month", n)
	}
}

// TestMonthsAreAnUpperBound: what comes in while the report is read is never lost, and counts once after the next report.
func TestMonthsAreAnUpperBound(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	w := &told{rows: []Row{{UsageType: DataTransferOut, UsageValue: 10}}}
	m := NewMonths(w, w, func() time.Time { return now })
	w.during = func() { m.Record(Event{Account: "a", BytesOut: 10}) }
	s := Scope{Account: "a"}
	for range 2 { // the second is young enough
		if err := m.Keep(t.Context(), s, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	wantSent(t, m, s, 20)
	w.during = nil
	now = now.Add(time.Minute)
	if err := m.Keep(t.Context(), s, time.Minute); err != nil {
		t.Fatal(err)
	}
	wantSent(t, m, s, 10)
	w.err, now = errors.New("broken"), now.Add(time.Minute)
	if err := m.Keep(t.Context(), s, time.Minute); !errors.Is(err, w.err) {
		t.Errorf("error %v", err)
	}
	wantSent(t, m, s, 10) // the last one counts
}

// TestMonthsOfNobodyCostNothing: recording takes no memory, asked for or not.
func TestMonthsOfNobodyCostNothing(t *testing.T) {
	w := &told{}
	m := NewMonths(w, w, time.Now)
	e := Event{At: time.Now(), Account: "a", Bucket: "b", BytesOut: 1}
	if n := testing.AllocsPerRun(100, func() { m.Record(e) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
	if err := m.Keep(t.Context(), Scope{Account: "a"}, 0); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { m.Record(e) }); n != 0 {
		t.Errorf("%v allocations of a total, want none", n)
	}
}

func TestMonthNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"2026-01-01T00:00:00Z": "2026-01", "2026-12-31T23:59:59Z": "2026-12", "2027-03-01T01:00:00+02:00": "2027-02",
	} {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		m := MonthOf(at)
		if m.String() != want || at.Before(m.Start()) || !at.Before((m + 1).Start()) || m.Start().Day() != 1 {
			t.Errorf("%s is in %s, from %s, want %s", text, m, m.Start(), want)
		}
	}
}

func BenchmarkMonths(b *testing.B) {
	for name, asked := range map[string]Scope{"nobody": {}, "another": {Account: "other"}, "both": {Account: "a", Bucket: "b"}} {
		b.Run(name, func(b *testing.B) {
			m := NewMonths(&told{}, nothing{}, time.Now)
			if asked != (Scope{}) {
				for _, s := range []Scope{asked, {Account: asked.Account}} {
					if err := m.Keep(b.Context(), s, 0); err != nil {
						b.Fatal(err)
					}
				}
			}
			e := Event{At: time.Now(), Account: "a", Bucket: "b", Tier: Tier2, Requests: 1, BytesOut: 1}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					m.Record(e)
				}
			})
		})
	}
}

// nothing is a Recorder that does nothing.
type nothing struct{}

func (nothing) Record(Event) {}
