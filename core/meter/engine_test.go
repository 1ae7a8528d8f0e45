package meter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shoal/storage/kv"
)

var errTest = errors.New("engine is out of order")

// fakeEngine is a kv.Engine in a map, whose commits can be made to fail.
type fakeEngine struct {
	mu      sync.Mutex
	rows    map[string]string // guarded by mu, as all below
	fail    error             // what Commit returns when it is not nil
	maybe   bool              // a failing Commit is applied all the same
	commits int
	written []int  // writes of each commit
	page    int    // rows of a page; 0 = kv.MaxScanRows
	after   func() // called after each commit, without mu
	budget  int    // commits until they fail with errTest, when it is not 0
}

func newFake() *fakeEngine { return &fakeEngine{rows: make(map[string]string)} }

func (e *fakeEngine) setFail(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fail = err
}

// failAfter makes the nth commit from here, and all behind it, fail.
func (e *fakeEngine) failAfter(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.budget = n
}

func (e *fakeEngine) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.rows)
}

func (e *fakeEngine) Get(context.Context, ...[]byte) ([]kv.Row, error) {
	return nil, errors.New("the meter does not get rows")
}

func (e *fakeEngine) Scan(_ context.Context, from, to []byte, o kv.ScanOptions) ([]kv.Row, bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var rows []kv.Row
	for k, v := range e.rows {
		if k >= string(from) && k < string(to) {
			rows = append(rows, kv.Row{Key: []byte(k), Value: []byte(v), Version: kv.Version("v")})
		}
	}
	slices.SortFunc(rows, func(a, b kv.Row) int { return bytes.Compare(a.Key, b.Key) })
	if e.page > 0 && len(rows) > e.page {
		return rows[:e.page], true, nil
	}
	return rows, false, nil
}

func (e *fakeEngine) Commit(_ context.Context, c kv.Commit) error {
	if e.after != nil {
		defer e.after()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	size, keys := 0, make(map[string]bool)
	for _, w := range c.Writes {
		size += len(w.Key) + len(w.Value)
		if len(w.Key) > kv.MaxKey || keys[string(w.Key)] {
			return fmt.Errorf("bad key %x", w.Key)
		}
		keys[string(w.Key)] = true
	}
	if len(c.Writes) == 0 || len(c.Writes) > kv.MaxCommitOps || size > kv.MaxCommitBytes {
		return fmt.Errorf("commit of %d writes, %d bytes: %w", len(c.Writes), size, kv.ErrTooLarge)
	}
	if e.budget > 0 {
		if e.budget--; e.budget == 0 {
			e.fail = errTest
		}
	}
	if e.fail != nil && !e.maybe {
		return e.fail
	}
	for _, w := range c.Writes {
		e.rows[string(w.Key)] = string(w.Value)
	}
	e.commits++
	e.written = append(e.written, len(c.Writes))
	return e.fail
}

func (e *fakeEngine) Close() error { return nil }

// noon is an hour to count in.
var noon = time.Date(2012, 8, 11, 12, 0, 0, 0, time.UTC)

func get(bucket string, bytes int64) Event {
	return Event{
		At: noon, Account: "acct", Bucket: bucket, Operation: GetObject, Tier: Tier2, Source: REST,
		Requests: 1, BytesOut: bytes,
	}
}

func fixedClock(t time.Time) func() time.Time { return func() time.Time { return t } }

func flush(t *testing.T, m *Meter) {
	t.Helper()
	if err := m.Flush(t.Context()); err != nil {
		t.Fatalf("Flush: %v", err)
	}
}

// lines returns the report of q as "start end operation type bucket value", and the protocol where there is one, one per row.
func lines(t *testing.T, m *Meter, q Query) string {
	t.Helper()
	rows, err := m.Report(t.Context(), q)
	if err != nil {
		t.Fatalf("Report: %v", err)
	}
	var b strings.Builder
	for _, r := range rows {
		line := fmt.Sprintf("%s %s %s %s %s %d %s", r.StartTime.Format("01-02T15"), r.EndTime.Format("01-02T15"),
			r.Operation, r.UsageType, r.Resource, r.UsageValue, r.Source.Protocol())
		b.WriteString(strings.TrimSuffix(line, " ") + "\n")
	}
	return b.String()
}

// day is a query of the whole day of noon.
func day(g Granularity) Query {
	start := noon.Truncate(24 * time.Hour)
	return Query{From: start, To: start.Add(24 * time.Hour), Granularity: g}
}

func checkLines(t *testing.T, m *Meter, q Query, want string) {
	t.Helper()
	want = strings.ReplaceAll(strings.TrimLeft(want, "\n"), "\t", "")
	if got := lines(t, m, q); got != want {
		t.Errorf("report:\n%swant:\n%s", got, want)
	}
}
