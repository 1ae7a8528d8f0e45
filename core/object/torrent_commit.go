package object

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"shoal/core/fault"
	"shoal/storage/blob"
	"shoal/storage/kv"
	"shoal/wire/mse"
	"shoal/wire/torrent"
)

// makeTorrent hashes v and keeps its torrents.
func (s *Store) makeTorrent(ctx context.Context, v *Version, report func(done, total int64)) (torrentRecord, error) {
	pieceLength := torrent.PieceLength(v.Size)
	h, err := s.hashContent(ctx, v, pieceLength, 0, report)
	if err != nil {
		return torrentRecord{}, gone(err)
	}
	rec, data, err := describe(v, pieceLength, h)
	if err != nil {
		return torrentRecord{}, err
	}
	return s.keepTorrentBytes(ctx, rec, data, func(rec torrentRecord, data []byte) (torrentRecord, error) {
		return s.keepTorrent(ctx, v, rec, data)
	})
}

// keepTorrentBytes keeps a torrent by keep, with its data in a row or, when that is too large, in a blob: by the
// commit order of commit.go. keep returns the record that is there in the end, which may be another's.
func (s *Store) keepTorrentBytes(ctx context.Context, rec torrentRecord, data []byte,
	keep func(torrentRecord, []byte) (torrentRecord, error),
) (torrentRecord, error) {
	if len(data) <= torrentInlineMax {
		return keep(rec, data)
	}
	id, err := s.takeIntent(ctx)
	if err != nil {
		return torrentRecord{}, err
	}
	if _, err := s.blobs.Put(ctx, id, bytes.NewReader(data)); err != nil {
		s.abandon(ctx, id)
		return torrentRecord{}, err
	}
	rec.blob = id
	kept, err := keep(rec, nil)
	if err != nil || kept.blob != id {
		s.abandon(ctx, id)
	}
	return kept, err
}

// describe makes the record of the torrents and the bytes behind it: v1 piece hashes, then v2 piece layer.
// They depend on name and content alone.
func describe(v *Version, pieceLength int64, h contentHashes) (torrentRecord, []byte, error) {
	rec := torrentRecord{
		key: v.Key, name: torrent.NameFromKey(v.Key), pieceLength: pieceLength, root: h.root,
		piecesSize: int64(len(h.pieces)), layerSize: int64(len(h.layer)),
	}
	if err := rec.identify(v.Size, nil, h.pieces); err != nil {
		return torrentRecord{}, nil, err
	}
	return rec, slices.Concat(h.pieces, h.layer), nil
}

// identify sets what follows from the info dictionary of each kind.
func (r *torrentRecord) identify(length int64, files []torrent.File, pieces []byte) error {
	for kind := range torrent.Kind(torrent.NumKinds) {
		dict, err := r.infoDict(torrentForm{kind: kind}, length, files, pieces)
		if err != nil {
			return err
		}
		r.kinds[kind] = identify(kind, dict)
	}
	return nil
}

// identify returns what follows from an info dictionary.
func identify(kind torrent.Kind, dict []byte) torrentID {
	id := torrentID{infoSize: int64(len(dict))}
	if kind.HasV1() {
		id.infoHash = torrent.HashInfo(dict)
	}
	if kind.HasV2() {
		id.infoHashV2 = torrent.HashInfoV2(dict)
	}
	return id
}

// infoDict writes the info dictionary of a torrent. pieces are the v1 piece hashes, which V2 has none of.
func (r *torrentRecord) infoDict(form torrentForm, length int64, files []torrent.File, pieces []byte) ([]byte, error) {
	info := r.outline(form, length, files)
	if form.kind.HasV1() {
		info.Pieces = pieces
	}
	dict, err := info.AppendInfo(make([]byte, 0, int64(len(info.Pieces))+infoSpare))
	if err != nil {
		return nil, fmt.Errorf("info dictionary of %q: %w", r.key, err)
	}
	return dict, nil
}

// outline is the info dictionary of a torrent without the v1 piece hashes. files, which have their roots, are nil for the
// torrent of a version.
func (r *torrentRecord) outline(form torrentForm, length int64, files []torrent.File) torrent.Info {
	kind := form.kind
	info := torrent.Info{Kind: kind, Name: r.name, Length: length, PieceLength: r.pieceLength}
	if form.private {
		info.Private, info.Source = true, r.private.salt.source()
	}
	if kind.HasV2() {
		info.Root = r.root
	}
	if files == nil {
		return info
	}
	// A folder with one file of its own name in it cannot be told from that file in a v2 torrent: it is the file.
	if len(files) == 1 && slices.Equal(files[0].Path, []string{r.name}) {
		return info
	}
	info.Root, info.Files = torrent.Hash{}, slices.Clone(files)
	for i := range info.Files {
		if !kind.HasV2() {
			info.Files[i].Root = torrent.Hash{}
		}
	}
	return info
}

// infoSpare is room for what an info dictionary holds beside its piece hashes: the name twice, and the rest.
const infoSpare = 1 << 10

// keepTorrent is step 3 of the commit order (commit.go) for a torrent. It rewrites the row of the version,
// so that it and a commit that removes the version cannot both win: a version that is gone gets no rows.
// When another store made the torrent meanwhile, its record is returned.
func (s *Store) keepTorrent(ctx context.Context, v *Version, rec torrentRecord, data []byte) (torrentRecord, error) {
	var kept torrentRecord
	err := kv.Update(ctx, s.kv, func(tx *kv.Tx) error {
		kept = rec
		at, err := versionRow(tx, "make torrent", v)
		if err != nil {
			return err
		}
		if at.version.HasTorrent {
			rows, err := tx.Peek(torrentKey(v.BucketID, v.ID))
			if err != nil {
				return err
			}
			if !rows[0].Exists() { // v went between the two reads
				return fault.New("make torrent", v.Key, fault.NoSuchVersion, nil)
			}
			kept, err = decodeTorrent(rows[0].Value)
			return err
		}
		at.version.HasTorrent = true
		tx.Put(at.row.Key, encodeVersion(at.version))
		return s.putTorrentRows(tx, v, rec, data)
	})
	return kept, err
}

func (s *Store) putTorrentRows(tx *kv.Tx, v *Version, rec torrentRecord, data []byte) error {
	tx.Put(torrentKey(v.BucketID, v.ID), encodeTorrent(rec))
	for _, name := range rec.names() {
		tx.Put(infohashKey(name.hash, v.BucketID, v.ID), encodeInfohash(infohashRecord{v.Key, name.torrentForm, rec.isPrefix()}))
	}
	if rec.blob == (blob.ID{}) {
		if rec.dataSize() > 0 {
			tx.Put(torrentDataKey(v.BucketID, v.ID), data)
		}
		return nil
	}
	rows, err := tx.Get(intentKey(rec.blob))
	if err != nil {
		return err
	}
	if !rows[0].Exists() {
		return fault.New("make torrent", v.Key, fault.SlowDown, errIntentGone)
	}
	tx.Delete(intentKey(rec.blob))
	tx.Put(torrentRefKey(rec.blob, v.ID), encodeRef(v.BucketID, v.Key))
	return nil
}

// dropTorrent removes, in the commit that removes v for good, the torrents of v. v must be as tx read it:
// the flag on the version is what makes the two commits of a race conflict. At most 19 operations, none
// when there is no torrent.
func (s *Store) dropTorrent(tx *kv.Tx, v *Version) error {
	if !v.HasTorrent {
		return nil
	}
	// Peek is enough: each commit that writes the record writes the row of the version, too, or is AddDownloads, which
	// changes nothing that is looked at here.
	rows, err := tx.Peek(torrentKey(v.BucketID, v.ID))
	if err != nil || !rows[0].Exists() {
		return err
	}
	rec, err := decodeTorrent(rows[0].Value)
	if err != nil {
		return err
	}
	tx.Delete(torrentKey(v.BucketID, v.ID))
	for _, name := range rec.names() {
		tx.Delete(infohashKey(name.hash, v.BucketID, v.ID))
	}
	if rec.blob == (blob.ID{}) {
		if rec.dataSize() > 0 {
			tx.Delete(torrentDataKey(v.BucketID, v.ID))
		}
		return nil
	}
	tx.Delete(torrentRefKey(rec.blob, v.ID))
	s.enqueue(tx, taskBlob, rec.blob, s.due(), taskRecord{})
	return nil
}

// lastInfoHash returns the infohash of the torrent of v, which is current in b, for Version.Replaced; if there is none
// that everybody may know of, what v itself replaced. A torrent record is no sign that v is public: a private torrent
// needs one, too.
func (s *Store) lastInfoHash(tx *kv.Tx, b *Bucket, v *Version) (torrent.InfoHash, error) {
	if !v.HasTorrent || !openToAll(b.Access(), v) {
		return v.Replaced, nil
	}
	rows, err := tx.Peek(torrentKey(v.BucketID, v.ID)) // see dropTorrent
	if err != nil || !rows[0].Exists() {
		return torrent.InfoHash{}, err
	}
	rec, err := decodeTorrent(rows[0].Value)
	return rec.kinds[torrent.V1].infoHash, err
}

// torrentName is a hash under which peers may ask for a torrent, and which one it is.
type torrentName struct {
	hash torrent.InfoHash
	torrentForm
}

// names returns the names of all torrents: eight, and eight of the private ones when there are any.
func (r *torrentRecord) names() []torrentName {
	list := r.namesOf(false)
	if r.private.salt != (privateSalt{}) {
		list = append(list, r.namesOf(true)...)
	}
	return list
}

// namesOf returns the names of the torrents of all kinds, private or not.
func (r *torrentRecord) namesOf(private bool) []torrentName {
	var list []torrentName
	for kind := range torrent.Kind(torrent.NumKinds) {
		form := torrentForm{kind, private}
		add := func(h torrent.InfoHash) {
			list = append(list, torrentName{h, form}, torrentName{mse.Obfuscated(h), form})
		}
		if kind.HasV1() {
			add(r.id(form).infoHash)
		}
		if kind.HasV2() {
			add(r.id(form).infoHashV2.Truncate())
		}
	}
	return list
}
