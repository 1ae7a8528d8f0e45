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

// IsCommonPrefix reports whether name, which a client gives as a marker, is a common prefix of a listing with that prefix
// and delimiter: then it stands for all that is under it.
func IsCommonPrefix(name, prefix, delimiter string) bool {
	if delimiter == "" || !strings.HasPrefix(name, prefix) {
		return false
	}
	i := strings.Index(name[len(prefix):], delimiter)
	return i >= 0 && len(prefix)+i+len(delimiter) == len(name)
}

// ListPage is one page of a listing. Entries are objects and common prefixes merged in order.
type ListPage struct {
	Entries []ListEntry
	More    bool
}

// ListEntry is a version (without Header and ACL detail) or a common prefix.
type ListEntry struct {
	Prefix  string
	Version *Version // nil for a common prefix
	Latest  bool     // Version is the newest of its key
}

// List returns a page of the current objects of a bucket. Delete markers are passed over. More is exact.
func (s *Store) List(ctx context.Context, r ListRequest) (ListPage, error) {
	var page ListPage
	if r.Max = min(r.Max, MaxList); r.Max <= 0 {
		return page, nil
	}
	scan := s.newListScan(r)
	for n := r.Max + 1; !scan.ended; n = min(2*n, MaxList+1) { // where delete markers are, many rows are few entries
		rows, err := scan.page(ctx, n)
		if err != nil {
			return ListPage{}, fail("list objects", r.Bucket.Name, err)
		}
		for _, row := range rows {
			e, ok, err := scan.entry(ctx, row)
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
	*keyScan
	settled string // the common prefix of which it is known whether it is listed
	decoder listDecoder
}

func (s *Store) newListScan(r ListRequest) *listScan {
	l := &listScan{keyScan: newKeyScan(s.kv, headSpace(), r.Bucket.ID, r.Prefix, r.Delimiter)}
	switch {
	case r.After == "":
	case r.AfterPrefix:
		l.seek(tuple.PrefixEnd(headKey(l.bucket, r.After)))
	default:
		l.seek(append(headKey(l.bucket, r.After), 0))
	}
	return l
}

// entry returns what row is listed as; ok is false for a row that shows nothing new.
func (l *listScan) entry(ctx context.Context, row kv.Row) (e ListEntry, ok bool, err error) {
	objectKey, err := rawKey(kindHead, row.Key)
	if err != nil {
		return e, false, err
	}
	common := l.common(objectKey)
	if common != nil && string(common) == l.settled {
		return e, false, nil
	}
	v, err := l.decoder.decode(l.bucket, l.decoder.add(objectKey), row.Value)
	if err != nil {
		return e, false, err
	}
	if common == nil {
		return ListEntry{Version: v, Latest: true}, !v.DeleteMarker, nil
	}
	l.settled = v.Key[:len(common)]
	ok = !v.DeleteMarker
	if !ok {
		ok, err = l.anyObject(ctx, append(row.Key[:len(row.Key):len(row.Key)], 0), l.skip(row.Key))
	}
	return ListEntry{Prefix: l.settled}, ok, err
}

// anyObject reports whether a head row of [from, to) is not a delete marker.
func (l *listScan) anyObject(ctx context.Context, from, to []byte) (bool, error) {
	const few = 8 // mostly the next one is an object
	for n := few; ; n = min(2*n, MaxList) {
		rows, more, err := l.engine.Scan(ctx, from, to, kv.ScanOptions{Rows: n})
		if err != nil {
			return false, err
		}
		for _, row := range rows {
			v, err := l.decoder.decode(l.bucket, l.settled, row.Value)
			if err != nil || !v.DeleteMarker {
				return err == nil, err
			}
		}
		if !more || len(rows) == 0 {
			return false, nil
		}
		from = append(rows[len(rows)-1].Key, 0)
	}
}
