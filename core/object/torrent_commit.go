package object

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"slices"

	"shoal/core/fault"
	"shoal/storage/blob"
	"shoal/storage/kv"
	"shoal/wire/torrent"
)

// makeTorrent hashes v and keeps its torrents.
func (s *Store) makeTorrent(ctx context.Context, v *Version, report func(done, total int64)) (torrentRecord, error) {
	pieceLength := torrent.PieceLength(v.Size)
	h, err := s.hashContent(ctx, v, pieceLength, report)
	if err != nil {
		return torrentRecord{}, gone(err)
	}
	rec, data, err := describe(v, pieceLength, h)
	if err != nil {
		return torrentRecord{}, err
	}
	return s.keepTorrentBytes(ctx, v, rec, data)
}

// keepTorrentBytes keeps a torrent, with its data in a row or, when that is too large, in a blob: by the
// commit order of commit.go.
func (s *Store) keepTorrentBytes(ctx context.Context, v *Version, rec torrentRecord, data []byte) (torrentRecord, error) {
	if len(data) <= torrentInlineMax {
		return s.keepTorrent(ctx, v, rec, data)
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
	kept, err := s.keepTorrent(ctx, v, rec, nil)
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
	for kind := range torrent.Kind(torrent.NumKinds) {
		dict, err := rec.infoDict(kind, v.Size, h.pieces)
		if err != nil {
			return torrentRecord{}, nil, err
		}
		id := torrentID{infoSize: int64(len(dict))}
		if kind.HasV1() {
			id.infoHash = torrent.HashInfo(dict)
		}
		if kind.HasV2() {
			id.infoHashV2 = torrent.HashInfoV2(dict)
		}
		rec.kinds[kind] = id
	}
	return rec, slices.Concat(h.pieces, h.layer), nil
}

// infoDict writes the info dictionary of a kind. pieces are the v1 piece hashes, which V2 has none of.
func (r *torrentRecord) infoDict(kind torrent.Kind, length int64, pieces []byte) ([]byte, error) {
	info := torrent.Info{Kind: kind, Name: r.name, Length: length, PieceLength: r.pieceLength}
	if kind.HasV1() {
		info.Pieces = pieces
	}
	if kind.HasV2() {
		info.Root = r.root
	}
	dict, err := info.AppendInfo(make([]byte, 0, int64(len(info.Pieces))+infoSpare))
	if err != nil {
		return nil, fmt.Errorf("info dictionary of %q: %w", r.key, err)
	}
	return dict, nil
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
		row, found, err := versionRow(tx, v)
		if err != nil {
			return err
		}
		if found.HasTorrent {
			rows, err := tx.Peek(torrentKey(v.BucketID, v.ID))
			if err != nil {
				return err
			}
			kept, err = decodeTorrent(rows[0].Value)
			return err
		}
		found.HasTorrent = true
		tx.Put(row, encodeVersion(found))
		return s.putTorrentRows(tx, v, rec, data)
	})
	return kept, err
}

func (s *Store) putTorrentRows(tx *kv.Tx, v *Version, rec torrentRecord, data []byte) error {
	tx.Put(torrentKey(v.BucketID, v.ID), encodeTorrent(rec))
	for _, name := range rec.names() {
		tx.Put(infohashKey(name.hash, v.BucketID, v.ID), encodeInfohash(v.Key, name.kind))
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

// versionRow returns the row key of a version, head or older, and the version as tx reads it; the commit
// then depends on it. NoSuchVersion when it is gone.
func versionRow(tx *kv.Tx, v *Version) (row []byte, found *Version, err error) {
	for _, row := range [][]byte{headKey(v.BucketID, v.Key), versionKey(v.BucketID, v.Key, v.ID)} {
		// A row that is absent or another version's is not made a condition.
		rows, err := tx.Peek(row)
		if err != nil {
			return nil, nil, err
		}
		found, err := currentOf(v.BucketID, v.Key, rows[0])
		if err != nil {
			return nil, nil, err
		}
		if found == nil || found.ID != v.ID {
			continue
		}
		if rows, err = tx.Get(row); err != nil {
			return nil, nil, err
		}
		found, err = currentOf(v.BucketID, v.Key, rows[0])
		if err != nil {
			return nil, nil, err
		}
		if found != nil && found.ID == v.ID {
			return row, found, nil
		}
	}
	return nil, nil, fault.New("make torrent", v.Key, fault.NoSuchVersion, errors.New("it was deleted or replaced"))
}

// dropTorrent removes, in the commit that removes v for good, the torrents of v. v must be as tx read it:
// the flag on the version is what makes the two commits of a race conflict. At most 11 operations, none
// when there is no torrent.
func (s *Store) dropTorrent(tx *kv.Tx, v *Version) error {
	if !v.HasTorrent {
		return nil
	}
	// Peek is enough: the record is written once, in the commit that set the flag.
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

// torrentName is a hash under which peers may ask for a torrent, and the kind that it is of.
type torrentName struct {
	hash torrent.InfoHash
	kind torrent.Kind
}

// names returns the names of the torrents of all kinds, eight.
func (r *torrentRecord) names() []torrentName {
	var list []torrentName
	add := func(h torrent.InfoHash, kind torrent.Kind) {
		list = append(list, torrentName{h, kind}, torrentName{obfuscated(h), kind})
	}
	for kind := range torrent.Kind(torrent.NumKinds) {
		if kind.HasV1() {
			add(r.kinds[kind].infoHash, kind)
		}
		if kind.HasV2() {
			add(r.kinds[kind].infoHashV2.Truncate(), kind)
		}
	}
	return list
}

// obfuscated returns what an encrypted handshake names a torrent by (message stream encryption, step 3):
// HASH('req2', SKEY), the SKEY being the infohash.
func obfuscated(h torrent.InfoHash) torrent.InfoHash {
	return sha1.Sum(append([]byte("req2"), h[:]...))
}
