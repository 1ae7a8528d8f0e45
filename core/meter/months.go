package meter

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Reporter answers what was used; Meter is the one in the binary.
type Reporter interface {
	Report(ctx context.Context, q Query) ([]Row, error)
}

// Scope is an account, or with a Bucket that one of its buckets.
type Scope struct{ Account, Bucket string }

// MonthNumber is a calendar month in UTC: 12 * year + month.
type MonthNumber int

// MonthOf returns the month that t is in.
func MonthOf(t time.Time) MonthNumber {
	y, m, _ := t.UTC().Date()
	return MonthNumber(12*y + int(m))
}

// Start is when the month begins; the next one begins at its end.
func (m MonthNumber) Start() time.Time {
	return time.Date((int(m)-1)/12, time.Month((int(m)-1)%12+1), 1, 0, 0, 0, 0, time.UTC)
}

// String returns the month as 2006-01.
func (m MonthNumber) String() string { return m.Start().Format("2006-01") }

// Report returns the query of what a scope used in the month.
func (m MonthNumber) Report(s Scope) Query {
	return Query{From: m.Start(), To: (m + 1).Start(), Granularity: Month, Account: s.Account, Bucket: s.Bucket}
}

// scopeMonth names one total.
type scopeMonth struct {
	Scope
	month MonthNumber
}

// Months keeps what scopes use in a month at hand, for those alone that somebody asks about: what the usage report had, and
// what was recorded since, or sent by a Transfer that is under way. Recording takes no lock but for the end of a Transfer; an
// event of a scope that nobody asks about costs a look-up, and none while nobody asks about any. Safe for concurrent use.
type Months struct {
	reporter Reporter
	next     Recorder
	now      func() time.Time

	mu     sync.Mutex // guards changes of totals
	totals atomic.Pointer[map[scopeMonth]*total]
}

// total is an upper bound of what a scope uses in a month.
type total struct {
	reading sync.Mutex // held while the report is read
	report  atomic.Pointer[reading]
	// seen are the requests and bytes recorded since the total is kept, and bytes under way. An event is in the meter before it
	// is here: what is here when a report is asked for, but for what is under way, that report has.
	seen     [numUsageTypes]atomic.Int64
	mu       sync.Mutex // guards underWay, and that seen changes with it
	underWay int64      // of seen[DataTransferOut]: what transfers have sent whose events are to come
}

// reading is a report of the usage of a scope.
type reading struct {
	at   time.Time
	rows []Row
	sent int64                // of DataTransferOut
	seen [numUsageTypes]int64 // what was recorded of total.seen before it was asked for
}

// streamed are the types of usage that events bring; what is stored only a report tells.
func streamed() []UsageType {
	return []UsageType{RequestsTier1, RequestsTier2, DataTransferIn, DataTransferOut}
}

// NewMonths returns Months that pass what they are told by Record on to next. reporter reports of what next was told.
func NewMonths(reporter Reporter, next Recorder, now func() time.Time) *Months {
	m := &Months{reporter: reporter, next: next, now: now}
	m.totals.Store(&map[scopeMonth]*total{})
	return m
}

// Record implements Recorder.
func (m *Months) Record(e Event) {
	m.next.Record(e)
	totals := *m.totals.Load()
	if len(totals) == 0 {
		return
	}
	at := e.At
	if at.IsZero() {
		at = m.now()
	}
	key := scopeMonth{Scope{e.Account, e.Bucket}, MonthOf(at)}
	if t := totals[key]; t != nil {
		t.add(&e)
	}
	if key.Bucket != "" {
		key.Bucket = ""
		if t := totals[key]; t != nil {
			t.add(&e)
		}
	}
}

func (t *total) add(e *Event) {
	add := func(u UsageType, n int64) {
		if n > 0 {
			t.seen[u].Add(n)
		}
	}
	add(DataTransferIn, e.BytesIn)
	t.arrive(e.BytesOut, e.Transfer.in(t))
	switch e.Tier {
	case Tier1:
		add(RequestsTier1, e.Requests)
	case Tier2:
		add(RequestsTier2, e.Requests)
	}
}

// since returns what was recorded of u after r was asked for.
func (t *total) since(r *reading, u UsageType) int64 { return t.seen[u].Load() - r.seen[u] }

// Keep makes what s uses in this month known, and keeps it so until the month is over. A report older than maxAge is read
// again, which has what is stored; 0 is any age. What is recorded while a report is read may count twice until the next
// one. Errors are those of the report.
func (m *Months) Keep(ctx context.Context, s Scope, maxAge time.Duration) error {
	now := m.now()
	key := scopeMonth{s, MonthOf(now)}
	t := m.total(key)
	if fresh(t.report.Load(), now, maxAge) {
		return nil
	}
	t.reading.Lock()
	defer t.reading.Unlock()
	if fresh(t.report.Load(), now, maxAge) {
		return nil
	}
	r := &reading{at: now}
	for _, u := range streamed() {
		r.seen[u] = t.seen[u].Load()
	}
	r.seen[DataTransferOut] = t.recorded()
	var err error
	if r.rows, err = m.reporter.Report(ctx, key.month.Report(s)); err != nil {
		return fmt.Errorf("usage of %s %s in %s: %w", s.Account, s.Bucket, key.month, err)
	}
	for i := range r.rows {
		if r.rows[i].UsageType == DataTransferOut {
			r.sent += r.rows[i].UsageValue
		}
	}
	t.report.Store(r)
	return nil
}

func fresh(r *reading, now time.Time, maxAge time.Duration) bool {
	return r != nil && (maxAge == 0 || now.Sub(r.at).Abs() < maxAge) // a clock that was set back makes it old
}

// Sent returns the bytes that s has sent in this month: its DataTransfer-Out-Bytes, and those of transfers under way. ok is
// false before they are known: see Keep.
func (m *Months) Sent(s Scope) (bytes int64, ok bool) {
	t, r := m.known(s)
	if r == nil {
		return 0, false
	}
	return r.sent + t.since(r, DataTransferOut), true
}

// Rows returns the usage report of s in this month, to the last event and with transfers under way: what the report that was
// read has not is in rows of its own, as GetObject. ok is as for Sent.
func (m *Months) Rows(s Scope) (rows []Row, ok bool) {
	t, r := m.known(s)
	if r == nil {
		return nil, false
	}
	month := MonthOf(m.now())
	rows = slices.Clone(r.rows)
	for _, u := range streamed() {
		if n := t.since(r, u); n > 0 {
			rows = append(rows, Row{
				Service: Service, Account: s.Account, Operation: GetObject, UsageType: u, Resource: s.Bucket,
				StartTime: month.Start(), EndTime: (month + 1).Start(), UsageValue: n,
			})
		}
	}
	return rows, true
}

// known returns the total of s and its last report, nil when there is none.
func (m *Months) known(s Scope) (*total, *reading) {
	t := (*m.totals.Load())[scopeMonth{s, MonthOf(m.now())}]
	if t == nil {
		return nil, nil
	}
	return t, t.report.Load()
}

// total returns the total of key, from now on told of what is recorded.
func (m *Months) total(key scopeMonth) *total {
	if t := (*m.totals.Load())[key]; t != nil {
		return t
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old := *m.totals.Load()
	if t := old[key]; t != nil {
		return t
	}
	next := maps.Clone(old) // readers take no lock
	t := &total{}
	next[key] = t
	m.totals.Store(&next)
	return t
}

// Forget drops the totals of months that are over.
func (m *Months) Forget() {
	current := MonthOf(m.now())
	past := func(key scopeMonth, _ *total) bool { return key.month < current }
	m.mu.Lock()
	defer m.mu.Unlock()
	old := *m.totals.Load()
	next := maps.Clone(old)
	maps.DeleteFunc(next, past)
	if len(next) != len(old) {
		m.totals.Store(&next)
	}
}
