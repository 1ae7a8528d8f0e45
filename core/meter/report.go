package meter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"time"

	"shoal/core/fault"
	"shoal/storage/kv"
)

// Service is the Service column of every row.
const Service = "AmazonS3"

// maxReportRows bounds the memory of one report (about 200 MB). A query over it is refused; a coarser
// granularity, a shorter time or a filter brings it under.
const maxReportRows = 1 << 20

// Query says what a report holds.
type Query struct {
	From, To    time.Time // From is rounded down to the hour, To up; To is exclusive
	Granularity Granularity
	Account     string // "" = all
	Bucket      string // "" = all, usage without a bucket too
	Source      Source // AnySource = all, added up
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
}

// Report returns the rows of q, all epochs added up, in order of StartTime, Account, Resource, Operation
// and UsageType (by name). What is not yet flushed is in it, also when it cannot be written now (then
// within the bounds of memory). Rows of value 0 are left out. A bad query is InvalidArgument.
func (m *Meter) Report(ctx context.Context, q Query) ([]Row, error) {
	f, err := newFold(q)
	if err != nil {
		return nil, fault.New("report usage", q.Bucket, fault.InvalidArgument, err)
	}
	unwritten, err := m.flushForReport(ctx)
	if err != nil {
		return nil, fault.New("report usage", q.Bucket, reportKind(ctx, err), err)
	}
	if err := m.scan(ctx, f, unwritten); err != nil {
		return nil, fault.New("report usage", q.Bucket, reportKind(ctx, err), err)
	}
	return f.rows(), nil
}

// Sent returns the bytes that an account has sent from from until to, of one bucket unless that is "": its
// DataTransfer-Out-Bytes. Times and errors are as for Report, whose cost it has.
func (m *Meter) Sent(ctx context.Context, account, bucket string, from, to time.Time) (sum int64, err error) {
	rows, err := m.Report(ctx, Query{From: from, To: to, Granularity: Month, Account: account, Bucket: bucket})
	for _, r := range rows {
		if r.UsageType == DataTransferOut {
			sum += r.UsageValue
		}
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
		for _, w := range m.ledger.appendWrites(nil, s) {
			unwritten[string(w.Key)] = w
		}
	}
	return unwritten, nil
}

// scan folds the rows of the query's hours into f; a row in unwritten counts with that value.
func (m *Meter) scan(ctx context.Context, f *fold, unwritten map[string]kv.Write) error {
	from, to := appendHourKey(nil, f.from), appendHourKey(nil, f.to)
	for more := true; more; {
		var rows []kv.Row
		var err error
		rows, more, err = m.engine.Scan(ctx, from, to, kv.ScanOptions{})
		if err != nil {
			return fmt.Errorf("scan usage rows: %w", err)
		}
		for _, row := range rows {
			value := row.Value
			if w, ok := unwritten[string(row.Key)]; ok {
				value = w.Value
				delete(unwritten, string(row.Key))
			}
			if err := f.add(row.Key, value); err != nil {
				return err
			}
		}
		if more {
			from = append(rows[len(rows)-1].Key, 0)
		}
	}
	for _, w := range unwritten {
		if err := f.add(w.Key, w.Value); err != nil {
			return err
		}
	}
	return nil
}

var errReportTooLarge = fmt.Errorf("report of more than %d rows: ask for a shorter time, a coarser granularity or one bucket", maxReportRows)

// fold adds stored rows up to the rows of one report.
type fold struct {
	q        Query
	from, to hour // end exclusive
	sums     map[foldKey]amount

	hour       hour // of start and end
	start, end int64
}

type foldKey struct {
	start, end int64 // Unix seconds
	operation  Operation
	usageType  UsageType
	account    string
	bucket     string
}

func newFold(q Query) (*fold, error) {
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
	return &fold{q: q, from: hourOf(q.From), to: to, sums: make(map[foldKey]amount), hour: math.MaxUint32}, nil
}

// add folds one row in, when it is within the query.
func (f *fold) add(key, value []byte) error {
	r, err := decodeRow(key, value)
	if err != nil {
		return fmt.Errorf("usage row %x: %w", key, err)
	}
	if r.hour < f.from || r.hour >= f.to ||
		f.q.Account != "" && f.q.Account != r.account ||
		f.q.Bucket != "" && f.q.Bucket != r.bucket ||
		f.q.Source != AnySource && f.q.Source != r.source {
		return nil
	}
	f.seek(r.hour)
	k := foldKey{
		start: f.start, end: f.end, operation: r.operation, usageType: r.usageType,
		account: r.account, bucket: r.bucket,
	}
	old, ok := f.sums[k]
	if !ok && len(f.sums) >= maxReportRows {
		return errReportTooLarge
	}
	f.sums[k] = old.add(r.amount)
	return nil
}

// seek makes start and end those of the period of h. Rows come in order of hour, so it seldom works.
func (f *fold) seek(h hour) {
	if h == f.hour {
		return
	}
	start, end := f.q.Granularity.period(h.start())
	f.hour = h
	f.start = max(start.Unix(), f.from.start().Unix())
	f.end = min(end.Unix(), f.to.start().Unix())
}

// rows returns the report.
func (f *fold) rows() []Row {
	rows := make([]Row, 0, len(f.sums))
	for k, a := range f.sums {
		value := f.value(k, a)
		if k.usageType == sampledSeconds || value == 0 {
			continue
		}
		rows = append(rows, Row{
			Service: Service, Account: k.account, Operation: k.operation, UsageType: k.usageType, Resource: k.bucket,
			StartTime: time.Unix(k.start, 0).UTC(), EndTime: time.Unix(k.end, 0).UTC(), UsageValue: value,
		})
	}
	slices.SortFunc(rows, compareRows)
	return rows
}

// value converts a from the unit of the rows to that of the report.
func (f *fold) value(k foldKey, a amount) int64 {
	switch k.usageType {
	case TimedStorage:
		return a.div(secondsPerHour)
	case StorageObjectCount:
		k.usageType = sampledSeconds
		seconds := f.sums[k]
		if seconds.lo == 0 || seconds.hi != 0 {
			return 0
		}
		return a.add(amount{lo: seconds.lo / 2}).div(seconds.lo)
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
	)
}
