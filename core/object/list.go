package object

import (
	"context"
	"strings"

	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// MaxList is the most entries of one page of a listing (AWS).
const MaxList = 1000

// ListRequest asks for one page of current objects in order of key (UTF-8 binary order).
type ListRequest struct {
	Bucket    *Bucket
	Prefix    string
	Delimiter string
	After     string // exclusive: marker, start-after, or the position of a continuation token
	// AfterPrefix says that After is a common prefix that was returned: everything under it is skipped.
	AfterPrefix bool
	Max         int // keys and common prefixes together, 0..1000
}

// ListPage is one page of a listing. Entries are objects and common prefixes merged in order.
type ListPage struct {
	Entries []ListEntry
	More    bool
}

// ListEntry is an object (Version set, without Header and ACL detail) or a common prefix.
type ListEntry struct {
	Prefix  string
	Version *Version // nil for a common prefix
}

// List returns a page of the current objects of a bucket. Delete markers are passed over. More is exact.
func (s *Store) List(ctx context.Context, r ListRequest) (ListPage, error) {
	var page ListPage
	if r.Max = min(r.Max, MaxList); r.Max <= 0 {
		return page, nil
	}
	scan := &listScan{store: s, r: r}
	scan.start()
	for !scan.ended {
		rows, err := scan.page(ctx, r.Max-len(page.Entries)+1)
		if err != nil {
			return ListPage{}, fail("list objects", r.Bucket.Name, err)
		}
		for _, row := range rows {
			e, ok, err := scan.entry(row)
			if err != nil {
				return ListPage{}, fail("list objects", r.Bucket.Name, err)
			}
			if !ok {
				continue
			}
			if len(page.Entries) == r.Max {
				page.More = true
				return page, nil
			}
			page.Entries = append(page.Entries, e)
		}
	}
	return page, nil
}

// listScan walks the head rows that a listing asks for.
type listScan struct {
	store    *Store
	r        ListRequest
	from, to []byte
	ended    bool
	last     string // common prefix of the entry before
}

func (l *listScan) start() {
	id := l.r.Bucket.ID
	l.from = headKey(id, l.r.Prefix)
	l.to = tuple.PrefixEnd(l.from)
	if l.r.After == "" {
		return
	}
	after := append(headKey(id, l.r.After), 0)
	if l.r.AfterPrefix {
		after = tuple.PrefixEnd(headKey(id, l.r.After))
	}
	if string(after) > string(l.from) {
		l.from = after
	}
	l.ended = string(l.from) >= string(l.to)
}

// page reads about n entries' rows and moves on behind them.
func (l *listScan) page(ctx context.Context, n int) ([]kv.Row, error) {
	o := kv.ScanOptions{Rows: n}
	skipper, skips := l.store.kv.(kv.PrefixScanner)
	var rows []kv.Row
	var more bool
	var err error
	if l.r.Delimiter != "" && skips {
		rows, more, err = skipper.ScanSkip(ctx, l.from, l.to, o, l.skip)
	} else {
		rows, more, err = l.store.kv.Scan(ctx, l.from, l.to, o)
	}
	if err != nil {
		return nil, err
	}
	if l.ended = !more || len(rows) == 0; l.ended {
		return rows, nil
	}
	last := rows[len(rows)-1].Key
	if l.from = l.skip(last); l.from == nil {
		l.from = append(append([]byte(nil), last...), 0)
	}
	l.ended = string(l.from) >= string(l.to)
	return rows, nil
}

// skip returns the end of the rows that share the common prefix of row; nil when it has none.
func (l *listScan) skip(row []byte) []byte {
	_, objectKey, err := parseHeadKey(row)
	if err != nil {
		return nil
	}
	if common := l.common(objectKey); common != "" {
		return tuple.PrefixEnd(headKey(l.r.Bucket.ID, common))
	}
	return nil
}

// common returns the common prefix that objectKey is listed under: all up to the first delimiter behind
// the requested prefix; "" when there is none.
func (l *listScan) common(objectKey string) string {
	return commonPrefix(objectKey, l.r.Prefix, l.r.Delimiter)
}

func commonPrefix(objectKey, prefix, delimiter string) string {
	if delimiter == "" {
		return ""
	}
	i := strings.Index(objectKey[len(prefix):], delimiter)
	if i < 0 {
		return ""
	}
	return objectKey[:len(prefix)+i+len(delimiter)]
}

// entry returns what row is listed as; ok is false for a row that shows nothing new.
func (l *listScan) entry(row kv.Row) (e ListEntry, ok bool, err error) {
	id, objectKey, err := parseHeadKey(row.Key)
	if err != nil {
		return e, false, err
	}
	v, err := decodeListed(id, objectKey, row.Value)
	if err != nil || v.DeleteMarker {
		return e, false, err
	}
	if common := l.common(objectKey); common != "" {
		if common == l.last {
			return e, false, nil
		}
		l.last = common
		return ListEntry{Prefix: common}, true, nil
	}
	return ListEntry{Version: v}, true, nil
}
