package meter

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"

	"shoal/core/fault"
	"shoal/storage/kv"
)

// Rows yields the rows of q, all epochs added up, in order of StartTime, Account, Resource, Operation, UsageType
// (by name) and Source; only those of one period are in memory, and those of storage of some more. What is not yet flushed is in it, also when it cannot
// be written now (then within the bounds of memory). Rows of value 0 are left out. An error ends it; a bad query is
// InvalidArgument.
func (m *Meter) Rows(ctx context.Context, q Query) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		going := true
		err := m.eachPeriod(ctx, q, func(rows []Row) bool {
			for i := 0; going && i < len(rows); i++ {
				going = yield(rows[i], nil)
			}
			return going
		})
		if err != nil && going {
			yield(Row{}, err)
		}
	}
}

// eachPeriod calls use with the rows of each period of q that has some, in order, until it returns false.
func (m *Meter) eachPeriod(ctx context.Context, q Query, use func([]Row) bool) error {
	const op = "report usage"
	f, err := newFold(q, m.o)
	if err != nil {
		return fault.New(op, q.Bucket, fault.InvalidArgument, err)
	}
	unwritten, err := m.flushForReport(ctx)
	if err != nil {
		return fault.New(op, q.Bucket, reportKind(ctx, err), err)
	}
	going := true
	for from, to := f.from, f.to; going && from < f.to; {
		if to, err = f.addStored(ctx, m.o.Storage, from, to); err == nil {
			going, err = m.addRecords(ctx, f, from, to, unwritten, use)
		}
		if err != nil {
			return fault.New(op, q.Bucket, reportKind(ctx, err), err)
		}
		// As much again: what was too much once would be so the next time.
		from, to = to, f.periodEnd(to+min(to-from, f.to-to)-1)
	}
	return nil
}

// addRecords folds in the rows of the hours from from until to, which end a period, and calls use as eachPeriod does.
func (m *Meter) addRecords(ctx context.Context, f *fold, from, to hour, unwritten map[string]kv.Write, use func([]Row) bool) (going bool, err error) {
	for r, err := range m.records(ctx, from, to, unwritten) {
		if err == nil && f.passes(r.hour) && !use(f.take(r.hour)) {
			return false, nil
		}
		if err == nil {
			err = f.add(r)
		}
		if err != nil {
			return false, err
		}
	}
	return use(f.take(to)), nil
}

// records yields the rows of the hours from from until to, in order of hour; one in unwritten counts with that value.
// An error ends it.
func (m *Meter) records(ctx context.Context, from, to hour, unwritten map[string]kv.Write) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		for row, err := range m.merged(ctx, appendHourKey(nil, from), appendHourKey(nil, to), unwritten) {
			if err != nil {
				yield(record{}, fmt.Errorf("scan usage rows: %w", err))
				return
			}
			r, err := decodeRow(row.Key, row.Value)
			if err != nil {
				err = fmt.Errorf("usage row %x: %w", row.Key, err)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// merged yields the stored rows from from until to with those of unwritten put in, or in their place, in order of key.
func (m *Meter) merged(ctx context.Context, from, to []byte, unwritten map[string]kv.Write) iter.Seq2[kv.Row, error] {
	return func(yield func(kv.Row, error) bool) {
		var waiting []kv.Row // that no stored row came up to
		for _, w := range unwritten {
			if bytes.Compare(w.Key, from) >= 0 && bytes.Compare(w.Key, to) < 0 {
				waiting = append(waiting, kv.Row{Key: w.Key, Value: w.Value})
			}
		}
		slices.SortFunc(waiting, func(a, b kv.Row) int { return bytes.Compare(a.Key, b.Key) })
		for row, err := range m.stored(ctx, from, to) {
			for err == nil && len(waiting) > 0 && bytes.Compare(waiting[0].Key, row.Key) < 0 {
				if !yield(waiting[0], nil) {
					return
				}
				waiting = waiting[1:]
			}
			if err == nil && len(waiting) > 0 && bytes.Equal(waiting[0].Key, row.Key) {
				row, waiting = waiting[0], waiting[1:]
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
		for _, row := range waiting {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// stored yields the rows from from until to, page by page. An error ends it.
func (m *Meter) stored(ctx context.Context, from, to []byte) iter.Seq2[kv.Row, error] {
	return func(yield func(kv.Row, error) bool) {
		next := from
		for more := true; more; {
			var rows []kv.Row
			var err error
			if rows, more, err = m.engine.Scan(ctx, next, to, kv.ScanOptions{}); err != nil {
				yield(kv.Row{}, err)
				return
			}
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
			if more {
				next = append(slices.Clone(rows[len(rows)-1].Key), 0)
			}
		}
	}
}
