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

// listTries bounds how often a page of versions is read because versions moved meanwhile.
const listTries = 4

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
	store *Store
	r     ListVersionsRequest
	after *VersionID // of AfterVersion; nil when there is none
	heads []listedHead
	olds  *keyScan
	rows  []kv.Row // of olds, read ahead
	page  ListPage
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
	if err := l.readHeads(ctx); err != nil {
		return false, err
	}
	l.seekOlder()
	shown := 0
	for full := false; !full && shown < len(l.heads); shown++ {
		if full, err = l.show(ctx, &l.heads[shown]); err != nil {
			return false, err
		}
	}
	if l.r.Bucket.Config.Versioning == VersioningOff {
		return false, nil // nothing moves
	}
	return l.changed(ctx, l.heads[:shown])
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

// readHeads reads the head rows that the page can show: every key has one.
func (l *versionList) readHeads(ctx context.Context) error {
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
	last := ""
	// One more tells whether there is more; that of After may not be shown.
	for want := l.r.Max + 2; !scan.ended && len(l.heads) < want; {
		rows, err := scan.page(ctx, want-len(l.heads))
		if err != nil {
			return err
		}
		for _, row := range rows {
			_, objectKey, err := parseHeadKey(row.Key)
			if err != nil {
				return err
			}
			if common := scan.common(objectKey); common != "" {
				if common != last {
					l.heads = append(l.heads, listedHead{prefix: common})
				}
				last = common
				continue
			}
			v, err := decodeListed(id, objectKey, row.Value)
			if err != nil {
				return err
			}
			row.Value = nil
			l.heads = append(l.heads, listedHead{version: v, row: row})
		}
	}
	return nil
}

// seekOlder makes olds the older versions of the keys in heads.
func (l *versionList) seekOlder() {
	id := l.r.Bucket.ID
	l.olds = newKeyScan(l.store.kv, olderSpace(), id, l.r.Prefix, l.r.Delimiter)
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
	seen := l.after != nil && v.Key == l.r.After && bytes.Compare(v.ID[:], l.after[:]) <= 0
	if !seen && l.add(ListEntry{Version: v, Latest: true}) {
		return true, nil
	}
	for {
		older, err := l.nextOlder(ctx, v.Key)
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

// nextOlder returns the next older version of a key; nil when there is none.
func (l *versionList) nextOlder(ctx context.Context, objectKey string) (*Version, error) {
	for {
		for len(l.rows) > 0 {
			row := l.rows[0]
			id, of, _, err := parseKeyedRow(row.Key)
			if err != nil || of > objectKey {
				return nil, err
			}
			if l.rows = l.rows[1:]; of == objectKey {
				return decodeListed(id, of, row.Value)
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

// changed reports whether one of the head rows was written since it was read.
func (l *versionList) changed(ctx context.Context, heads []listedHead) (bool, error) {
	var keys [][]byte
	var read []kv.Version
	for i := range heads {
		if heads[i].version != nil {
			keys, read = append(keys, heads[i].row.Key), append(read, heads[i].row.Version)
		}
	}
	if len(keys) == 0 {
		return false, nil
	}
	rows, err := l.store.kv.Get(ctx, keys...)
	if err != nil {
		return false, err
	}
	for i, row := range rows {
		if !bytes.Equal(row.Version, read[i]) {
			return true, nil
		}
	}
	return false, nil
}
