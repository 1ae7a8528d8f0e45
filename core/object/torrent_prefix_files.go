package object

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"shoal/core/fault"
	"shoal/storage/kv"
	"shoal/wire/torrent"
)

// File is a file of a torrent. It is as of the time when the torrent was resolved.
type File struct {
	Length int64        // bytes
	Root   torrent.Hash // v2 pieces root; zero for an empty file, and in a V1 torrent of a version

	// Of a file of a prefix torrent.
	key     string // of the object
	version VersionID
	path    []string
	offset  int64 // of its first byte in the torrent
	layerAt int64 // of its piece layer in those of all files, in bytes

	row      kv.Version // of the object's head row when it was last read
	open     bool       // everybody may have it
	modified time.Time
}

func (f File) wire() torrent.File { return torrent.File{Path: f.path, Length: f.Length, Root: f.Root} }

func wireFiles(files []File) []torrent.File {
	list := make([]torrent.File, len(files))
	for i, f := range files {
		list[i] = f.wire()
	}
	return list
}

// prefixFiles are the files of a prefix torrent, shared by those of all kinds. It is read-only.
type prefixFiles struct {
	list     []File
	byRoot   map[torrent.Hash]int // index of one of the files that have the root
	open     bool                 // all of them are
	size     int64                // bytes without padding
	modified time.Time            // of the newest
}

// holdFiles makes t, of the record of a prefix torrent, one of those files; nil changes nothing.
func (t *Torrent) holdFiles(p *prefixFiles) {
	if p != nil {
		t.prefix, t.Length = p, t.record.length
	}
}

func (t *Torrent) wireFiles() []torrent.File {
	if t.prefix == nil {
		return nil
	}
	return wireFiles(t.prefix.list)
}

// Outline is the info dictionary of t without the v1 piece hashes. It is the caller's, but for the paths.
func (t *Torrent) Outline() torrent.Info { return t.record.outline(t.form(), t.Length, t.wireFiles()) }

// at returns the index of the file that the byte at off is of, or its padding.
func (p *prefixFiles) at(off int64) int {
	// Of files that begin at one place all but the last are empty.
	return sort.Search(len(p.list), func(i int) bool { return p.list[i].offset > off }) - 1
}

// Span is what one object has of a torrent.
type Span struct {
	Key  string // of the object
	Size int64  // of the object, in bytes
	End  int64  // up to here the bytes of the torrent, and padding behind them, are its own
}

// SpanAt returns the object that the byte at off of t is of; off is not negative.
func (t *Torrent) SpanAt(off int64) Span {
	if t.prefix == nil {
		return Span{t.Version.Key, t.Version.Size, math.MaxInt64}
	}
	i, end := t.prefix.at(off), int64(math.MaxInt64)
	if i+1 < len(t.prefix.list) {
		end = t.prefix.list[i+1].offset
	}
	for i > 0 && t.prefix.list[i].Length == 0 {
		i-- // an empty file that begins with the padding of the one before
	}
	return Span{t.prefix.list[i].key, t.prefix.list[i].Length, end}
}

// FileOf returns the file of that v2 pieces root; ok is false when t has none.
func (t *Torrent) FileOf(root torrent.Hash) (f File, ok bool) {
	hasRoot := t.Kind.HasV2() && root != torrent.Hash{}
	if t.prefix == nil {
		return File{Length: t.Length, Root: t.Root}, hasRoot && root == t.Root
	}
	i, ok := t.prefix.byRoot[root]
	if !ok || !hasRoot {
		return File{}, false
	}
	return t.prefix.list[i], true
}

// FileLayer returns the piece layer of a file of t, nothing when it has at most one piece. The slice is the
// caller's. NoTorrent when it is gone.
func (s *Store) FileLayer(ctx context.Context, t *Torrent, f File) ([]byte, error) {
	n := torrent.FileLayerBytes(f.Length, t.PieceLength)
	return s.torrentData(ctx, "read piece layer", t, t.record.piecesSize+f.layerAt, n)
}

// versionOf returns the version of a file of t; NoSuchVersion when it went meanwhile.
func (s *Store) versionOf(ctx context.Context, t *Torrent, f File) (*Version, error) {
	if t.prefix == nil {
		return t.Version, nil
	}
	v, current, err := s.findVersion(ctx, t.Version.BucketID, f.key, f.version)
	if err == nil && (v == nil || !current) {
		err = fault.New("find file", f.key, fault.NoSuchVersion, nil)
	}
	return v, err
}

// loadPrefix reads a prefix torrent and holds it against its objects; nil when it, or one of them, is gone.
func (s *Store) loadPrefix(ctx context.Context, bucket BucketID, id VersionID, kind torrent.Kind) (*Torrent, error) {
	rec, ok, err := s.torrentRecord(ctx, bucket, id)
	if err != nil || !ok {
		return nil, err
	}
	b, err := s.bucketByID(ctx, bucket)
	if fault.Is(err, fault.NoSuchBucket) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	files, err := s.prefixList(ctx, bucket, id, rec)
	if fault.Is(err, fault.NoTorrent) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	files, alive, err := s.follow(ctx, b, files, false)
	if err != nil || !alive {
		return nil, err
	}
	p := &prefixFiles{byRoot: make(map[torrent.Hash]int, len(files))}
	for i, f := range files {
		if p.size += f.Length; f.Length > 0 {
			p.byRoot[f.Root] = i
		}
	}
	return prefixTorrent(b, id, rec, p.with(files), kind), nil
}

func prefixTorrent(b *Bucket, id VersionID, rec torrentRecord, p *prefixFiles, kind torrent.Kind) *Torrent {
	v := standIn(b.ID, id, rec)
	v.Size, v.Modified = p.size, p.modified
	t := newTorrent(b, v, true, rec, torrentForm{kind: kind})
	t.holdFiles(p)
	return t
}

// with is p with another state of the same files.
func (p *prefixFiles) with(files []File) *prefixFiles {
	next := &prefixFiles{list: files, byRoot: p.byRoot, size: p.size, open: true}
	for _, f := range files {
		next.open = next.open && f.open
		if f.modified.After(next.modified) {
			next.modified = f.modified
		}
	}
	return next
}

// reloadPrefix is Reload for a prefix torrent: one look at the row of each object, of which those that did not change
// are not even decoded.
func (s *Store) reloadPrefix(ctx context.Context, t *Torrent) (*Torrent, error) {
	const op = "reload torrent"
	name := t.InfoHash.String()
	b, err := s.bucketByID(ctx, t.Version.BucketID)
	if err != nil {
		return nil, fail(op, name, noTorrent(err))
	}
	files, alive, err := s.follow(ctx, b, t.prefix.list, b == t.Bucket)
	if err != nil {
		return nil, fail(op, name, err)
	}
	if !alive {
		return nil, fault.New(op, name, fault.NoTorrent, nil)
	}
	if b == t.Bucket && &files[0] == &t.prefix.list[0] {
		return t, nil
	}
	return prefixTorrent(b, t.Version.ID, t.record, t.prefix.with(files), t.Kind), nil
}

// followBatch is the rows of one read.
const followBatch = 1000

// follow returns files as they are now: the slice itself when, in the same bucket configuration, nothing changed.
// alive is false when one is gone or replaced.
func (s *Store) follow(ctx context.Context, b *Bucket, files []File, same bool) (now []File, alive bool, err error) {
	facts := b.Access()
	now = files
	own := false
	err = s.eachHead(ctx, b.ID, files, func(i int, row kv.Row) error {
		if same && bytes.Equal(row.Version, files[i].row) {
			return nil
		}
		v, err := currentOf(b.ID, files[i].key, row)
		if err != nil {
			return err
		}
		if v == nil || v.ID != files[i].version {
			return errFileGone
		}
		if !own {
			now, own = slices.Clone(files), true
		}
		f := &now[i]
		f.row, f.open, f.modified = slices.Clone(row.Version), openToAll(facts, v), v.Modified
		return nil
	})
	if err == errFileGone {
		return nil, false, nil
	}
	return now, err == nil, err
}

// allCurrent reports whether every file is still the current version of its key.
func (s *Store) allCurrent(ctx context.Context, bucket BucketID, files []File) (bool, error) {
	err := s.eachHead(ctx, bucket, files, func(i int, row kv.Row) error {
		if !row.Exists() {
			return errFileGone
		}
		v, err := decodeListed(bucket, files[i].key, row.Value)
		if err == nil && v.ID != files[i].version {
			err = errFileGone
		}
		return err
	})
	if err == errFileGone {
		return false, nil
	}
	return err == nil, err
}

// errFileGone ends eachHead.
var errFileGone = fault.New("read prefix torrent", "", fault.NoTorrent, nil)

// eachHead calls f with the head row of each file, in order, until it returns an error, which is returned as it is.
func (s *Store) eachHead(ctx context.Context, bucket BucketID, files []File, f func(i int, row kv.Row) error) error {
	keys := make([][]byte, 0, followBatch)
	for first := 0; first < len(files); first += followBatch {
		keys = keys[:0]
		for _, file := range files[first:min(first+followBatch, len(files))] {
			keys = append(keys, headKey(bucket, file.key))
		}
		rows, err := s.kv.Get(ctx, keys...)
		if err != nil {
			return err
		}
		for i, row := range rows {
			if err := f(first+i, row); err != nil {
				return err
			}
		}
	}
	return nil
}

// prefixList reads the list of files of a record, without the state of their objects. NoTorrent when it is gone.
func (s *Store) prefixList(ctx context.Context, bucket BucketID, id VersionID, rec torrentRecord) ([]File, error) {
	t := &Torrent{Bucket: &Bucket{ID: bucket}, Version: standIn(bucket, id, rec), record: rec}
	data, err := s.torrentData(ctx, "read files", t, rec.piecesSize+rec.layerSize, rec.filesSize)
	if err != nil {
		return nil, err
	}
	files, err := decodeFiles(rec.key, data)
	if err != nil {
		return nil, fmt.Errorf("files of torrent %x: %w", id, err)
	}
	var end, layers int64
	for i := range files {
		f := &files[i]
		end += torrent.Padding(end, f.Length, rec.pieceLength)
		f.offset, f.layerAt = end, layers
		end += f.Length
		layers += torrent.FileLayerBytes(f.Length, rec.pieceLength)
	}
	if end != rec.length || layers != rec.layerSize {
		return nil, fmt.Errorf("files of torrent %x: %w: %d bytes and %d of layers, want %d and %d",
			id, errRecord, end, layers, rec.length, rec.layerSize)
	}
	return files, nil
}
