package object

import (
	"context"
	"crypto/rand"

	"shoal/core/fault"
	"shoal/storage/kv"
	"shoal/wire/torrent"
)

// PrivateTorrent returns the private torrent (BEP 27) of that kind of a version: as Torrent, over the same piece
// hashes, which are made when there are none. It is the same each time.
func (s *Store) PrivateTorrent(ctx context.Context, b *Bucket, v *Version, kind torrent.Kind) (*Torrent, error) {
	const op = "make private torrent"
	t, err := s.Torrent(ctx, b, v, kind, nil)
	if err != nil {
		return nil, err
	}
	if t.record.private.salt == (privateSalt{}) {
		if t, err = s.makePrivate(ctx, t); err != nil {
			return nil, fail(op, resource(b, v.Key), err)
		}
	}
	return newTorrent(t.Bucket, t.Version, t.Current, t.record, torrentForm{kind, true}), nil
}

// makePrivate returns t with the private torrents of its version in its record, which are kept.
func (s *Store) makePrivate(ctx context.Context, t *Torrent) (*Torrent, error) {
	pieces, err := s.torrentData(ctx, "read piece hashes", t, 0, t.record.piecesSize)
	if err != nil {
		return nil, err
	}
	rec := t.record
	rand.Read(rec.private.salt[:])
	for kind := range torrent.Kind(torrent.NumKinds) {
		dict, err := rec.infoDict(torrentForm{kind, true}, t.Length, nil, pieces)
		if err != nil {
			return nil, err
		}
		rec.private.kinds[kind] = identify(kind, dict)
	}
	if rec, err = s.keepPrivate(ctx, t.Version, rec); err != nil {
		return nil, err
	}
	return newTorrent(t.Bucket, t.Version, t.Current, rec, t.form()), nil
}

// keepPrivate writes the record of v's torrents, which are kept already, with the private ones, by the rule of
// keepTorrent: the row of the version is written again. When there are private ones meanwhile, theirs is returned.
func (s *Store) keepPrivate(ctx context.Context, v *Version, rec torrentRecord) (torrentRecord, error) {
	var kept torrentRecord
	err := kv.Update(ctx, s.kv, func(tx *kv.Tx) error {
		kept = rec
		at, err := versionRow(tx, "make private torrent", v)
		if err != nil {
			return err
		}
		rows, err := tx.Get(torrentKey(v.BucketID, v.ID)) // see AddDownloads
		if err != nil {
			return err
		}
		if !rows[0].Exists() {
			return fault.New("make private torrent", v.Key, fault.NoTorrent, nil)
		}
		before, err := decodeTorrent(rows[0].Value)
		if err != nil || before.private.salt != (privateSalt{}) {
			kept = before
			return err
		}
		kept.kinds = before.kinds
		tx.Put(at.row.Key, encodeVersion(at.version))
		tx.Put(torrentKey(v.BucketID, v.ID), encodeTorrent(kept))
		for _, name := range rec.namesOf(true) {
			tx.Put(infohashKey(name.hash, v.BucketID, v.ID), encodeInfohash(infohashRecord{v.Key, name.torrentForm, false}))
		}
		return nil
	})
	return kept, err
}
