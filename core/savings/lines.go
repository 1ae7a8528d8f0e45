package savings

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"shoal/core/billing"
	"shoal/core/fault"
	"shoal/core/object"
	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// maxLines bounds the memory of one report (about 50 MB). A query over it is refused.
const maxLines = 1 << 18

var errReportTooLarge = fmt.Errorf("savings of more than %d objects: ask for one account", maxLines)

// Line is one object version, or the rest of a bucket, in one month.
type Line struct {
	Subject
	Counts
}

// CrowdBytes is what money is computed from: what peers claim to have received, as far as downloads that were completed and
// what the seeder saw bear it out, less all that the origin sent.
func (l *Line) CrowdBytes() int64 {
	borneOut := l.ObservedBytes
	if l.Size > 0 {
		borneOut = plus(borneOut, l.Size*min(l.Completions, math.MaxInt64/l.Size))
	}
	return max(0, min(l.ClaimedBytes, borneOut)-l.OriginBytes)
}

// CrowdRequests are the requests that CrowdBytes would have been: one for each whole piece.
func (l *Line) CrowdRequests() int64 { return l.pieces(l.CrowdBytes()) }

func (l *Line) pieces(bytes int64) int64 { return bytes / max(l.PieceLength, 1) }

// Lines returns what was counted in m of an account, of all if that is "", in order of account, bucket, key and version.
// What is not yet flushed is flushed first. Kinds: InvalidArgument (too many lines), Internal.
func (b *Book) Lines(ctx context.Context, m billing.Month, account string) ([]Line, error) {
	const op = "report savings"
	if err := b.Flush(ctx); err != nil {
		return nil, fault.New(op, account, kindOf(ctx), err)
	}
	f := fold{at: make(map[lineKey]int)}
	if err := b.scan(ctx, &f, monthOf(m.Start()), account); err != nil {
		return nil, fault.New(op, account, kindOf(ctx), err)
	}
	if f.full {
		return nil, fault.New(op, account, fault.InvalidArgument, errReportTooLarge)
	}
	slices.SortFunc(f.lines, compareLines)
	return f.lines, nil
}

func kindOf(ctx context.Context) fault.Kind {
	if ctx.Err() != nil {
		return fault.Canceled
	}
	return fault.Internal
}

// scan folds the rows of a month and account into f.
func (b *Book) scan(ctx context.Context, f *fold, m month, account string) error {
	from := appendRange(nil, m, account)
	to := tuple.PrefixEnd(from)
	for more := true; more && !f.full; {
		var rows []kv.Row
		var err error
		rows, more, err = b.engine.Scan(ctx, from, to, kv.ScanOptions{})
		if err != nil {
			return fmt.Errorf("scan savings rows: %w", err)
		}
		for _, row := range rows {
			if err := f.add(row.Key, row.Value); err != nil {
				return err
			}
		}
		if more {
			from = append(rows[len(rows)-1].Key, 0)
		}
	}
	return nil
}

// fold adds rows up to lines.
type fold struct {
	lines []Line
	at    map[lineKey]int // places in lines
	full  bool            // there are more lines than a report holds
}

type lineKey struct {
	account, bucket, key string
	version              object.VersionID
}

func (f *fold) add(key, value []byte) error {
	r, err := decodeRow(key, value)
	if err != nil {
		return fmt.Errorf("savings row %x: %w", key, err)
	}
	k := lineKey{r.Account, r.Bucket, r.Key, r.Version}
	i, ok := f.at[k]
	if !ok {
		if len(f.lines) == maxLines {
			f.full = true
			return nil
		}
		i = len(f.lines)
		f.at[k] = i
		f.lines = append(f.lines, Line{Subject: r.Subject})
	}
	f.lines[i].Counts = f.lines[i].add(r.counts)
	return nil
}

func compareLines(a, b Line) int {
	return cmp.Or(
		cmp.Compare(a.Account, b.Account),
		cmp.Compare(a.Bucket, b.Bucket),
		cmp.Compare(a.Key, b.Key),
		slices.Compare(a.Version[:], b.Version[:]),
	)
}
