package object

import (
	"bytes"
	"context"

	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// ListVersionsRequest asks for one page of versions, delete markers among them: in order of key (UTF-8 binary
// order), of one key the newest first.
type ListVersionsRequest struct {
	Bucket      *Bucket
	Prefix      string
	Delimiter   string
	After       string // exclusive, as in ListRequest
	AfterPrefix bool   // as in ListRequest
	// AfterVersion, when set, is a version of the key After: the page goes on behind it. One that is gone has its
	// place still, but for the null version: then all versions of the key are listed (again).
	AfterVersion VersionRef
	Max          int // versions and common prefixes together, 0..1000
}

const (
	// listTries bounds how often a page of versions is read because versions moved meanwhile.
	listTries = 4
	// headBatch is how many head rows are read at a time where keys may have several versions.
	headBatch = 250
)

// ListVersions returns a page of the versions of a bucket. More is exact. A key whose versions change all the time
// while it is listed may lack one that moved.
func (s *Store) ListVersions(ctx context.Context, r ListVersionsRequest) (ListPage, error) {
	const op = "list versions"
	if r.Max = min(r.Max, MaxList); r.Max <= 0 {
		return ListPage{}, nil
	}
	for try := 1; ; try++ {
		l := &versionList{store: s, r: r}
		moved, err := l.read(ctx)
		if err != nil {
			return ListPage{}, fail(op, r.Bucket.Name, err)
		}
		if !moved || try == listTries {
			return l.page, nil
		}
	}
}

// versionList is one reading of a page. Newest and older versions are rows of two kinds, so no one scan sees both:
// the head rows are read first, then the others, then the head rows once more, which all who move a version write.
type versionList struct {
	store   *Store
	r       ListVersionsRequest
	after   *VersionID   // of AfterVersion; nil when there is none
	heads   []listedHead // the batch that is shown
	shown   []kv.Row     // keys and versions of the head rows that were, in order
	olds    *keyScan     // older versions of the batch
	rows    []kv.Row     // of olds, read ahead
	older   []byte       // what the rows of olds of one key start with
	decoder listDecoder
	page    ListPage
}

// listedHead is a head row or a common prefix.
type listedHead struct {
	prefix  string
	version *Version
	row     kv.Row // without its value
}

// read fills the page and reports whether versions moved meanwhile.
func (l *versionList) read(ctx context.Context) (moved bool, err error) {
	if err := l.findMarker(ctx); err != nil {
		return false, err
	}
	still := l.r.Bucket.Config.Versioning == VersioningOff // nothing moves
	scan := l.headScan()
	for full := false; !full && !scan.ended; {
		n := l.r.Max + 2 // one more tells whether there is more; that of After may not be shown
		if !still {
			n = min(n, headBatch)
		}
		if err := l.readHeads(ctx, scan, n); err != nil {
			return false, err
		}
		l.seekOlder()
		for i := 0; !full && i < len(l.heads); i++ {
			if full, err = l.show(ctx, &l.heads[i]); err != nil {
				return false, err
			}
		}
	}
	if still {
		return false, nil
	}
	return l.changed(ctx)
}

// findMarker finds the place of AfterVersion among the versions of its key.
func (l *versionList) findMarker(ctx context.Context) error {
	if l.after = nil; !l.r.AfterVersion.Set {
		return nil
	}
	if !l.r.AfterVersion.Null {
		l.after = &l.r.AfterVersion.ID
		return nil
	}
	get := func(keys ...[]byte) ([]kv.Row, error) { return l.store.kv.Get(ctx, keys...) }
	at, err := locate(get, l.r.Bucket.ID, l.r.After, l.r.AfterVersion)
	if err == nil && at.version != nil {
		l.after = &at.version.ID
	}
	return err
}

// headScan is over the head rows that the page can show: every key has one.
func (l *versionList) headScan() *keyScan {
	id := l.r.Bucket.ID
	scan := newKeyScan(l.store.kv, headSpace(), id, l.r.Prefix, l.r.Delimiter)
	switch {
	case l.r.After == "":
	case l.r.AfterVersion.Set:
		scan.seek(headKey(id, l.r.After))
	case l.r.AfterPrefix:
		scan.seek(tuple.PrefixEnd(headKey(id, l.r.After)))
	default:
		scan.seek(append(headKey(id, l.r.After), 0))
	}
	return scan
}

// readHeads reads the next batch, of n or fewer at the end.
func (l *versionList) readHeads(ctx context.Context, scan *keyScan, n int) error {
	l.heads = l.heads[:0]
	for !scan.ended && len(l.heads) < n {
		rows, err := scan.page(ctx, n-len(l.heads))
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := l.addHead(scan, row); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *versionList) addHead(scan *keyScan, row kv.Row) error {
	objectKey, err := rawKey(kindHead, row.Key)
	if err != nil {
		return err
	}
	if common := scan.common(objectKey); common != nil {
		if n := len(l.heads); n == 0 || l.heads[n-1].prefix != string(common) {
			l.heads = append(l.heads, listedHead{prefix: string(common)})
		}
		return nil
	}
	v, err := l.decoder.decode(scan.bucket, l.decoder.add(objectKey), row.Value)
	row.Value = nil
	l.heads = append(l.heads, listedHead{version: v, row: row})
	return err
}

// seekOlder makes olds the older versions of the keys in heads.
func (l *versionList) seekOlder() {
	id := l.r.Bucket.ID
	l.olds, l.rows = newKeyScan(l.store.kv, olderSpace(), id, l.r.Prefix, l.r.Delimiter), nil
	l.olds.ended = true
	for i := len(l.heads) - 1; i >= 0; i-- {
		if v := l.heads[i].version; v != nil {
			l.olds.to = tuple.PrefixEnd(versionPrefix(id, v.Key))
			l.olds.seek(l.firstOlder())
			break
		}
	}
}

func (l *versionList) firstOlder() []byte {
	for i := range l.heads {
		if v := l.heads[i].version; v != nil && l.after != nil && v.Key == l.r.After {
			return append(versionKey(v.BucketID, v.Key, *l.after), 0)
		} else if v != nil {
			return versionPrefix(v.BucketID, v.Key)
		}
	}
	return nil
}

// show adds what h stands for to the page; full says that not all of it had room.
func (l *versionList) show(ctx context.Context, h *listedHead) (full bool, err error) {
	if h.version == nil {
		return l.add(ListEntry{Prefix: h.prefix}), nil
	}
	v := h.version
	l.shown = append(l.shown, h.row)
	l.older = appendVersionPrefix(l.older[:0], v.BucketID, v.Key)
	seen := l.after != nil && v.Key == l.r.After && bytes.Compare(v.ID[:], l.after[:]) <= 0
	if !seen && l.add(ListEntry{Version: v, Latest: true}) {
		return true, nil
	}
	for {
		older, err := l.nextOlder(ctx, v)
		if err != nil || older == nil {
			return false, err
		}
		if older.ID != v.ID && l.add(ListEntry{Version: older}) {
			return true, nil
		}
	}
}

func (l *versionList) add(e ListEntry) (full bool) {
	if len(l.page.Entries) == l.r.Max {
		l.page.More = true
		return true
	}
	l.page.Entries = append(l.page.Entries, e)
	return false
}

// nextOlder returns the next older version of the key of v, with which the rows of l.older start; nil when there is
// none.
func (l *versionList) nextOlder(ctx context.Context, v *Version) (*Version, error) {
	for {
		for len(l.rows) > 0 {
			row := l.rows[0]
			of := bytes.HasPrefix(row.Key, l.older)
			if !of && bytes.Compare(row.Key, l.older) > 0 {
				return nil, nil
			}
			if l.rows = l.rows[1:]; of {
				return l.decoder.decode(v.BucketID, v.Key, row.Value)
			}
		}
		if l.olds.ended {
			return nil, nil
		}
		var err error
		if l.rows, err = l.olds.page(ctx, l.r.Max-len(l.page.Entries)+1); err != nil {
			return nil, err
		}
	}
}

// changed reports whether one of the head rows that were shown was written since it was read.
func (l *versionList) changed(ctx context.Context) (bool, error) {
	if len(l.shown) == 0 {
		return false, nil
	}
	scan := newKeyScan(l.store.kv, headSpace(), l.r.Bucket.ID, l.r.Prefix, l.r.Delimiter)
	scan.keysOnly = true
	scan.to = append(bytes.Clone(l.shown[len(l.shown)-1].Key), 0)
	scan.seek(l.shown[0].Key)
	left := l.shown
	for !scan.ended && len(left) > 0 {
		rows, err := scan.page(ctx, len(left)+1)
		if err != nil {
			return false, err
		}
		for _, row := range rows {
			switch at := bytes.Compare(row.Key, left[0].Key); {
			case at < 0: // of a new key, or of a common prefix
			case at > 0 || !bytes.Equal(row.Version, left[0].Version):
				return true, nil
			default:
				if left = left[1:]; len(left) == 0 {
					return false, nil
				}
			}
		}
	}
	return len(left) > 0, nil
}
