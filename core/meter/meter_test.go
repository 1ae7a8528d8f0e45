package meter

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"shoal/storage/kv"
)

func TestSumsAreExactUnderConcurrency(t *testing.T) {
	const recorders, each = 16, 5000
	m := New(newFake(), Options{Now: fixedClock(noon)})
	var recording, flushing sync.WaitGroup
	stop := make(chan struct{})
	flushing.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				if err := m.Flush(t.Context()); err != nil {
					t.Errorf("Flush: %v", err)
					return
				}
			}
		}
	})
	for g := range recorders {
		recording.Go(func() {
			for i := range each {
				e := get(fmt.Sprintf("b%d", i%3), int64(g+1))
				e.BytesIn = 2
				if i%2 == 1 {
					e.Source = BitTorrent
				}
				m.Record(e)
			}
		})
	}
	recording.Wait()
	close(stop)
	flushing.Wait()

	got := make(map[string]int64)
	rows, err := m.Report(t.Context(), day(Hour))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		got[r.UsageType.String()] += r.UsageValue
	}
	want := map[string]int64{
		"Requests-Tier2":         recorders * each,
		"DataTransfer-In-Bytes":  2 * recorders * each,
		"DataTransfer-Out-Bytes": each * recorders * (recorders + 1) / 2,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("sums %v, want %v", got, want)
	}
	if len(rows) != 9 {
		t.Errorf("%d rows, want 3 buckets x 3 types", len(rows))
	}
}

func TestTiers(t *testing.T) {
	m := New(newFake(), Options{Now: fixedClock(noon)})
	for _, e := range []Event{
		{At: noon, Account: "a", Bucket: "b", Operation: PutObject, Tier: Tier1, Requests: 1, BytesIn: 10},
		{At: noon, Account: "a", Bucket: "b", Operation: DeleteObject, Tier: TierNone, Requests: 1, BytesOut: 5},
		{At: noon, Account: "a", Bucket: "b", Operation: DeleteObject, Tier: TierNone, Requests: 1},
		{Account: "a", Operation: ListAllMyBuckets, Tier: Tier1, Requests: 3},
	} {
		m.Record(e)
	}
	checkLines(t, m, day(Hour), `
		08-11T12 08-11T13 ListAllMyBuckets Requests-Tier1  3
		08-11T12 08-11T13 DeleteObject DataTransfer-Out-Bytes b 5
		08-11T12 08-11T13 PutObject DataTransfer-In-Bytes b 10
		08-11T12 08-11T13 PutObject Requests-Tier1 b 1
	`)
}

func TestMalformedEventsAreDropped(t *testing.T) {
	long := strings.Repeat("x", maxName+1)
	tests := map[string]func(*Event){
		"account":    func(e *Event) { e.Account = long },
		"bucket":     func(e *Event) { e.Bucket = long },
		"operation":  func(e *Event) { e.Operation = numOperations },
		"tier":       func(e *Event) { e.Tier = Tier2 + 1 },
		"source":     func(e *Event) { e.Source = numSources },
		"requests":   func(e *Event) { e.Requests = -1 },
		"in":         func(e *Event) { e.BytesIn = -1 },
		"out":        func(e *Event) { e.BytesOut = -1 },
		"before":     func(e *Event) { e.At = time.Unix(-1, 0) },
		"far future": func(e *Event) { e.At = time.Unix(maxSeconds, 0) },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			e := newFake()
			m := New(e, Options{Now: fixedClock(noon)})
			bad := get("b", 1)
			spoil(&bad)
			m.Record(bad)
			flush(t, m)
			if m.Dropped() != 1 || e.count() != 0 {
				t.Errorf("dropped %d, rows %d, want 1 and 0", m.Dropped(), e.count())
			}
		})
	}
}

func TestOnlyChangedSumsAreWritten(t *testing.T) {
	e := newFake()
	m := New(e, Options{Now: fixedClock(noon)})
	for i := range 150 {
		m.Record(get(fmt.Sprintf("b%03d", i), 1))
	}
	flush(t, m)
	if got := e.count(); got != 300 {
		t.Errorf("%d rows, want 150 buckets x 2 types", got)
	}
	for _, n := range e.written {
		if n > kv.MaxCommitOps {
			t.Errorf("commit of %d writes", n)
		}
	}
	e.written = nil
	flush(t, m)
	m.Record(get("b007", 1))
	flush(t, m)
	if fmt.Sprint(e.written) != "[2]" {
		t.Errorf("commits %v, want one of the 2 rows that changed", e.written)
	}
}

func TestLateEventOfAnEvictedHourIsAdded(t *testing.T) {
	e := newFake()
	now := noon.Add(10 * time.Minute)
	m := New(e, Options{Now: func() time.Time { return now }, Lateness: 5 * time.Minute})
	m.Record(get("b", 100))
	flush(t, m)

	now = noon.Add(time.Hour + 4*time.Minute) // within lateness: the same row grows
	m.Record(get("b", 10))
	flush(t, m)
	if got := e.count(); got != 2 {
		t.Fatalf("%d rows after a slightly late event, want 2", got)
	}

	now = noon.Add(2*time.Hour + 5*time.Minute)
	flush(t, m)
	if n := len(m.ledger.sums); n != 0 {
		t.Fatalf("%d sums of a past hour in memory", n)
	}
	m.Record(get("b", 1))
	flush(t, m)
	if got := e.count(); got != 4 {
		t.Errorf("%d rows after a very late event, want 4", got)
	}
	checkLines(t, m, day(Hour), `
		08-11T12 08-11T13 GetObject DataTransfer-Out-Bytes b 111
		08-11T12 08-11T13 GetObject Requests-Tier2 b 3
	`)
}

func TestMemoryIsBounded(t *testing.T) {
	e := newFake()
	m := New(e, Options{Now: fixedClock(noon), MaxSums: minMaxSums})
	const buckets = 5 * minMaxSums
	want := int64(0)
	for round := range 3 {
		for i := range buckets {
			m.Record(get(fmt.Sprintf("b%04d", i), 1))
			want++
			select {
			case <-m.wake: // as Run does
				flush(t, m)
			default:
			}
			if n := len(m.ledger.sums); n > minMaxSums {
				t.Fatalf("round %d: %d sums in memory, want at most %d", round, n, minMaxSums)
			}
		}
	}
	if got := outBytes(t, m); got != want || m.Dropped() != 0 {
		t.Errorf("counted %d, dropped %d, want %d and 0", got, m.Dropped(), want)
	}
}

func TestFullMemoryDropsOnlyNewSums(t *testing.T) {
	e := newFake()
	e.setFail(kv.ErrNoSpace)
	m := New(e, Options{Now: fixedClock(noon), MaxSums: minMaxSums})
	recorded := int64(0)
	for i := range 8 * minMaxSums {
		m.Record(get(fmt.Sprintf("b%04d", i), 1))
		recorded++
		_ = m.Flush(t.Context())
	}
	if m.Dropped() == 0 {
		t.Fatal("nothing dropped: memory is not bounded")
	}
	held := len(m.ledger.sums)
	for i := range m.shards {
		held += len(m.shards[i].sums)
	}
	if held > 2*minMaxSums {
		t.Errorf("%d sums held, want at most %d", held, 2*minMaxSums)
	}
	dropped := m.Dropped()
	for range 1000 { // the first bucket is in the ledger, but not in every shard
		m.Record(get("b0000", 1))
		recorded++
	}
	e.setFail(nil)
	if got, want := outBytes(t, m), recorded-m.Dropped(); got != want {
		t.Errorf("counted %d, want %d = recorded - dropped (%d before)", got, want, dropped)
	}
}

func outBytes(t *testing.T, m *Meter) int64 {
	t.Helper()
	rows, err := m.Report(t.Context(), day(Day))
	if err != nil {
		t.Fatal(err)
	}
	var n int64
	for _, r := range rows {
		if r.UsageType == DataTransferOut {
			n += r.UsageValue
		}
	}
	return n
}

func TestFailedCommitsLoseAndDoubleNothing(t *testing.T) {
	for name, maybe := range map[string]bool{"refused": false, "applied with an error": true} {
		t.Run(name, func(t *testing.T) {
			e := newFake()
			e.maybe = maybe
			m := New(e, Options{Now: fixedClock(noon), Logger: slog.New(slog.DiscardHandler)})
			m.Record(get("b", 1))
			flush(t, m)
			e.setFail(errTest)
			for i := range 5 {
				m.Record(get("b", 10))
				m.Record(get(fmt.Sprintf("c%d", i), 1000))
				if err := m.Flush(t.Context()); err == nil {
					t.Fatal("Flush: no error")
				}
			}
			// The report is whole although nothing can be written, and stays so afterwards.
			for range 2 {
				if got := outBytes(t, m); got != 5051 {
					t.Errorf("counted %d, want 5051", got)
				}
				e.setFail(nil)
			}
			again := New(e, Options{Now: fixedClock(noon)})
			if got := outBytes(t, again); got != 5051 {
				t.Errorf("rows say %d, want 5051", got)
			}
		})
	}
}
