package object

import (
	"context"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/wire/torrent"
)

// Torrent is one of the torrents of a version, or of the objects under a prefix: there is one of each kind, over
// the same content, each with its own infohash and so its own swarm. It is shared and read-only. Its info
// dictionary and piece layer are loaded by Info and PieceLayer.
type Torrent struct {
	Bucket *Bucket // as it was when resolved; who is charged
	// Version is what there is a torrent of. That of a prefix torrent stands for all of its objects: its ID is that of
	// the torrent, its Key the folder that the prefix names, its Size the bytes without padding, Modified of the newest.
	Version *Version
	Current bool // Version is the current one of its key
	Kind    torrent.Kind
	// Private: a torrent of BEP 27, of a version that need not be public. It is for those who may read the version; who
	// they are, its infohash does not tell, and OpenTo is false.
	Private     bool
	Name        string
	Length      int64              // bytes; of a prefix torrent with the padding between its files
	PieceLength int64              // bytes
	InfoHash    torrent.InfoHash   // of V2 the truncated InfoHashV2
	InfoHashV2  torrent.InfoHashV2 // zero for V1
	Root        torrent.Hash       // v2 pieces root; zero for V1 and for an empty object
	InfoSize    int64              // bytes of the info dictionary
	Downloads   int64              // that peers had completed when it was resolved; Reload does not look

	record torrentRecord
	prefix *prefixFiles // nil for the torrent of a version
}

// NumPieces returns the number of pieces; 0 for an empty object.
func (t *Torrent) NumPieces() int64 { return (t.Length + t.PieceLength - 1) / t.PieceLength }

func (t *Torrent) form() torrentForm { return torrentForm{t.Kind, t.Private} }

// As returns the torrent of another kind of the same version, private as t is.
func (t *Torrent) As(kind torrent.Kind) *Torrent {
	next := newTorrent(t.Bucket, t.Version, t.Current, t.record, torrentForm{kind, t.Private})
	next.holdFiles(t.prefix)
	return next
}

// InfoHashes returns the infohashes by which peers name t: two for Hybrid, otherwise one. The first stands
// for it.
func (t *Torrent) InfoHashes() []torrent.InfoHash {
	list := []torrent.InfoHash{t.InfoHash}
	if v2 := t.InfoHashV2.Truncate(); !t.InfoHashV2.IsZero() && v2 != t.InfoHash {
		list = append(list, v2)
	}
	return list
}

// Magnet returns the magnet link of t, without trackers and peers.
func (t *Torrent) Magnet() torrent.Magnet {
	m := torrent.Magnet{InfoHashV2: t.InfoHashV2, Name: t.Name, Length: t.Version.Size}
	if t.Kind.HasV1() {
		m.InfoHash = t.InfoHash
	}
	return m
}

// OpenTo reports whether the anonymous principal may have the object, given what is known of the peer,
// with the bucket's configuration and the object's ACL as they were when t was resolved. A prefix torrent is open
// to everybody or to nobody, a private one never.
func (t *Torrent) OpenTo(peer access.Context) bool {
	if t.Private {
		return false
	}
	if t.prefix != nil {
		return t.prefix.open
	}
	return access.PublicTorrent(t.Bucket.Access(), t.Version.Key, t.Version.Access(), t.NamedVersion(), peer)
}

// NamedVersion is the id by which clients have to name the version of t, "" while it is the current one.
func (t *Torrent) NamedVersion() string {
	if t.Current {
		return ""
	}
	return t.Version.ClientID()
}

// Torrent returns the torrent of that kind of a version of a bucket. When none is kept yet, those of all kinds
// are made first, by one sequential read of the content that all callers of the moment share; progress, which may be nil, is then
// told the bytes read, from another goroutine, never after Torrent has returned. It must not block.
// A caller whose ctx ends leaves; the work goes on for the others, and for those who ask again.
// Kinds: NoSuchVersion (gone meanwhile), TorrentRefused (a delete marker, or under a key that peers have not), SlowDown (too many at once).
func (s *Store) Torrent(ctx context.Context, b *Bucket, v *Version, kind torrent.Kind, progress func(done, total int64)) (*Torrent, error) {
	const op = "make torrent"
	if why := v.torrentRefusal(); why != nil {
		return nil, fault.New(op, resource(b, v.Key), fault.TorrentRefused, why)
	}
	rec, ok, err := s.torrentRecord(ctx, v.BucketID, v.ID)
	if err != nil {
		return nil, fail(op, resource(b, v.Key), err)
	}
	if !ok {
		if rec, err = s.torrents.do(ctx, s.makingOf(v), progress); err != nil {
			return nil, fail(op, resource(b, v.Key), err)
		}
	}
	row, current, err := s.findVersion(ctx, v.BucketID, v.Key, v.ID)
	if err != nil {
		return nil, fail(op, resource(b, v.Key), err)
	}
	if row == nil {
		return nil, fault.New(op, resource(b, v.Key), fault.NoSuchVersion, nil)
	}
	return newTorrent(b, row, current, rec, torrentForm{kind: kind}), nil
}

// KnownTorrent returns the torrent of that kind of a version, as looked up, if one is kept; otherwise fault.NoTorrent,
// without any read when the version says so. It never reads content.
func (s *Store) KnownTorrent(ctx context.Context, v *Version, kind torrent.Kind) (*Torrent, error) {
	const op = "look up torrent"
	if !v.HasTorrent {
		return nil, fault.New(op, v.Key, fault.NoTorrent, nil)
	}
	t, err := s.loadTorrent(ctx, v.BucketID, v.Key, v.ID, torrentForm{kind: kind})
	if err != nil {
		return nil, fail(op, v.Key, err)
	}
	if t == nil {
		return nil, fault.New(op, v.Key, fault.NoTorrent, nil)
	}
	return t, nil
}

// loadTorrent reads bucket, version and torrent record; nil when one of them is not there (any more).
func (s *Store) loadTorrent(ctx context.Context, id BucketID, objectKey string, version VersionID, form torrentForm) (*Torrent, error) {
	v, current, err := s.findVersion(ctx, id, objectKey, version)
	if v == nil || err != nil || !v.HasTorrent {
		return nil, err
	}
	rec, ok, err := s.torrentRecord(ctx, id, version)
	if !ok || err != nil {
		return nil, err
	}
	b, err := s.bucketByID(ctx, id)
	if fault.Is(err, fault.NoSuchBucket) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return newTorrent(b, v, current, rec, form), nil
}

func newTorrent(b *Bucket, v *Version, current bool, rec torrentRecord, form torrentForm) *Torrent {
	kind, id := form.kind, rec.id(form)
	t := &Torrent{
		Bucket: b, Version: v, Current: current,
		Kind: kind, Private: form.private, Name: rec.name, Length: v.Size, PieceLength: rec.pieceLength,
		InfoHash: id.infoHash, InfoHashV2: id.infoHashV2, InfoSize: id.infoSize, Downloads: id.downloads,
		record: rec,
	}
	if !kind.HasV1() {
		t.InfoHash = id.infoHashV2.Truncate()
	}
	if kind.HasV2() {
		t.Root = rec.root
	}
	return t
}

// makingOf is the making of the torrents of v.
func (s *Store) makingOf(v *Version) making {
	return making{id: v.ID, name: v.Key, work: func(ctx context.Context, report func(done, total int64)) (torrentRecord, error) {
		return s.makeTorrent(ctx, v, report)
	}}
}

// findVersion returns the version of that id and whether it is the current one of its key; nil when it
// is not there.
func (s *Store) findVersion(ctx context.Context, id BucketID, objectKey string, version VersionID) (v *Version, current bool, err error) {
	rows, err := s.kv.Get(ctx, headKey(id, objectKey), versionKey(id, objectKey, version))
	if err != nil {
		return nil, false, err
	}
	for i, row := range rows {
		if !row.Exists() {
			continue
		}
		v, err := decodeVersion(id, objectKey, row.Value)
		if err != nil {
			return nil, false, err
		}
		if v.ID == version {
			return v, i == 0, nil
		}
	}
	return nil, false, nil
}

func (s *Store) torrentRecord(ctx context.Context, id BucketID, version VersionID) (rec torrentRecord, ok bool, err error) {
	rows, err := s.kv.Get(ctx, torrentKey(id, version))
	if err != nil || !rows[0].Exists() {
		return rec, false, err
	}
	rec, err = decodeTorrent(rows[0].Value)
	return rec, err == nil, err
}
