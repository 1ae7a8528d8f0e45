package meter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"time"

	"shoal/core/fault"
	"shoal/storage/kv"
)

// Service is the Service column of every row.
const Service = "AmazonS3"

// maxReportRows bounds the memory of one report (about 200 MB): the rows of one period, and all that Report returns. A
// query over it is refused; a coarser granularity, a shorter time or a filter brings it under.
const maxReportRows = 1 << 20

// Query says what a report holds.
type Query struct {
	From, To    time.Time // From is rounded down to the hour, To up; To is exclusive
	Granularity Granularity
	Account     string // "" = all
	Bucket      string // "" = all, usage without a bucket too
	Source      Source // AnySource = all
	BySource    bool   // a row for each source, instead of one of their sum
	Operations  []Operation
	UsageTypes  []UsageType // of both, none = all
}

// Row is one line of the usage report. StartTime and EndTime are UTC, EndTime is exclusive; they are the
// period of the query's granularity, cut to the time that was asked for.
type Row struct {
	Service    string // always Service
	Account    string // who pays; not a column of the AWS report
	Operation  Operation
	UsageType  UsageType
	Resource   string // the bucket
	StartTime  time.Time
	EndTime    time.Time
	UsageValue int64 // requests, bytes, byte-hours (rounded down) or objects (average, to the nearest)
	// Source is AnySource unless the query is BySource, and for what is stored, which comes by none.
	Source Source
}

// Report returns what Rows yields.
func (m *Meter) Report(ctx context.Context, q Query) ([]Row, error) {
	var rows []Row
	for r, err := range m.Rows(ctx, q) {
		if err == nil && len(rows) == maxReportRows {
			err = fault.New("report usage", q.Bucket, fault.InvalidArgument, errReportTooLarge)
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// Sent returns the bytes that an account has sent from from until to, of one bucket unless that is "": its
// DataTransfer-Out-Bytes. Times and errors are as for Report, whose cost it has but for storage.
func (m *Meter) Sent(ctx context.Context, account, bucket string, from, to time.Time) (sum int64, err error) {
	rows, err := m.Report(ctx, Query{
		From: from, To: to, Granularity: Month, Account: account, Bucket: bucket, UsageTypes: []UsageType{DataTransferOut},
	})
	for _, r := range rows {
		sum += r.UsageValue
	}
	return sum, err
}

func reportKind(ctx context.Context, err error) fault.Kind {
	switch {
	case errors.Is(err, errReportTooLarge):
		return fault.InvalidArgument
	case ctx.Err() != nil:
		return fault.Canceled
	default:
		return fault.Internal
	}
}

// flushForReport flushes. When that fails it returns, by key, the rows that should have been written.
func (m *Meter) flushForReport(ctx context.Context) (map[string]kv.Write, error) {
	if err := m.acquire(ctx); err != nil {
		return nil, err
	}
	defer m.release()
	err := m.flush(ctx)
	if err == nil {
		return nil, nil
	}
	if ctx.Err() != nil {
		return nil, err
	}
	m.o.Logger.LogAttrs(ctx, slog.LevelWarn, "report of usage that is partly in memory only", slog.Any("error", err))
	unwritten := make(map[string]kv.Write)
	for _, s := range m.ledger.dirty {
		for _, w := range m.ledger.changed(s, &s.now) {
			unwritten[string(w.Key)] = w
		}
	}
	return unwritten, nil
}

var errReportTooLarge = fmt.Errorf("report of more than %d rows at a time: ask for a shorter time, a coarser granularity or one bucket", maxReportRows)

// fold adds stored rows, which come in order of hour, up to the rows of a report, period by period.
type fold struct {
	q        Query
	now      time.Time                    // of the report
	storage  int                          // most sums of storage at a time
	from, to hour                         // end exclusive
	sums     map[int64]map[foldKey]amount // by the start of their period
	held     int                          // in sums

	hour       hour // of start and end
	start, end int64
}

type foldKey struct {
	start, end int64 // Unix seconds
	operation  Operation
	usageType  UsageType
	source     Source
	account    string
	bucket     string
}

func newFold(q Query, o Options) (*fold, error) {
	if q.Granularity > Month {
		return nil, fmt.Errorf("unknown granularity %d", q.Granularity)
	}
	if q.Source >= numSources {
		return nil, fmt.Errorf("unknown source %d", q.Source)
	}
	if !q.From.Before(q.To) {
		return nil, fmt.Errorf("start %s is not before end %s", q.From.UTC().Format(time.RFC3339), q.To.UTC().Format(time.RFC3339))
	}
	if q.From.Unix() < 0 || q.To.Unix() >= maxSeconds-secondsPerHour {
		return nil, errors.New("time out of range")
	}
	to := hourOf(q.To)
	if to.start().Before(q.To) {
		to++
	}
	return &fold{
		q: q, now: o.Now(), storage: o.storageSums, from: hourOf(q.From), to: to,
		sums: make(map[int64]map[foldKey]amount), hour: math.MaxUint32,
	}, nil
}

// add folds r in, which is of the query's time, when the query is about it.
func (f *fold) add(r record) error {
	if f.q.Account != "" && f.q.Account != r.account ||
		f.q.Bucket != "" && f.q.Bucket != r.bucket ||
		f.q.Source != AnySource && f.q.Source != r.source ||
		r.usageType == sampledSeconds || !f.q.asks(r.operation, r.usageType) {
		return nil
	}
	f.seek(r.hour)
	k := foldKey{
		start: f.start, end: f.end, operation: r.operation, usageType: r.usageType,
		account: r.account, bucket: r.bucket,
	}
	if f.q.BySource && r.usageType <= DataTransferOut {
		k.source = r.source
	}
	return f.addTo(k, r.amount)
}

// asks reports whether the query is about what o does to t.
func (q *Query) asks(o Operation, t UsageType) bool {
	return (len(q.Operations) == 0 || slices.Contains(q.Operations, o)) && (len(q.UsageTypes) == 0 || slices.Contains(q.UsageTypes, t))
}

func (f *fold) addTo(k foldKey, a amount) error {
	if a.isZero() {
		return nil
	}
	period := f.sums[k.start]
	if period == nil {
		period = make(map[foldKey]amount)
		f.sums[k.start] = period
	}
	old, ok := period[k]
	if !ok {
		if f.held >= maxReportRows {
			return errReportTooLarge
		}
		f.held++
	}
	period[k] = old.add(a)
	return nil
}

// passes reports whether h is after the period of what was folded in last.
func (f *fold) passes(h hour) bool { return h.start().Unix() >= f.end }

// take returns the rows of the periods that end by h, in order, and forgets them.
func (f *fold) take(h hour) (rows []Row) {
	for _, start := range slices.Sorted(maps.Keys(f.sums)) {
		if _, end := f.periodOf(hour(start / secondsPerHour)); end > h.start().Unix() {
			break
		}
		rows = append(rows, f.rows(f.sums[start])...)
		f.held -= len(f.sums[start])
		delete(f.sums, start)
	}
	return rows
}

// seek makes start and end those of the period of h. Rows come in order of hour, so it seldom works.
func (f *fold) seek(h hour) {
	if h == f.hour {
		return
	}
	f.hour = h
	f.start, f.end = f.periodOf(h)
}

// periodOf returns the period of h, cut to the time of the query.
func (f *fold) periodOf(h hour) (start, end int64) {
	first, last := f.q.Granularity.period(h.start())
	return max(first.Unix(), f.from.start().Unix()), min(last.Unix(), f.to.start().Unix())
}

// periodEnd returns the end of the period of h.
func (f *fold) periodEnd(h hour) hour {
	_, end := f.periodOf(h)
	return hour(end / secondsPerHour)
}

// rows returns the rows of one period in order.
func (f *fold) rows(period map[foldKey]amount) []Row {
	rows := make([]Row, 0, len(period))
	for k, a := range period {
		value := k.value(a, f.now)
		if value == 0 {
			continue
		}
		rows = append(rows, Row{
			Service: Service, Account: k.account, Operation: k.operation, UsageType: k.usageType, Resource: k.bucket,
			StartTime: time.Unix(k.start, 0).UTC(), EndTime: time.Unix(k.end, 0).UTC(), UsageValue: value,
			Source: k.source,
		})
	}
	slices.SortFunc(rows, compareRows)
	return rows
}

// value converts a from the unit of the rows to that of the report. Objects are those of a moment of the period, on average; of
// a period that is not over, until now.
func (k foldKey) value(a amount, now time.Time) int64 {
	switch {
	case k.usageType.timed():
		return a.div(secondsPerHour)
	case k.usageType == StorageObjectCount:
		seconds := uint64(max(min(k.end, now.Unix())-k.start, 1))
		return a.add(amount{lo: seconds / 2}).div(seconds)
	default:
		return a.div(1)
	}
}

func compareRows(a, b Row) int {
	return cmp.Or(
		a.StartTime.Compare(b.StartTime),
		cmp.Compare(a.Account, b.Account),
		cmp.Compare(a.Resource, b.Resource),
		cmp.Compare(a.Operation.String(), b.Operation.String()),
		cmp.Compare(a.UsageType.String(), b.UsageType.String()),
		cmp.Compare(a.Source, b.Source),
	)
}
