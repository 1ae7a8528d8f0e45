package object

import (
	"context"

	"shoal/storage/kv"
)

// AddDownloads adds n to what is kept of t as Torrent.Downloads, in one commit that is durable when nil is returned. A
// torrent that is gone keeps nothing. It is for a caller that gathers them for some seconds: each call writes the
// torrent's row.
func (s *Store) AddDownloads(ctx context.Context, t *Torrent, n int64) error {
	row := torrentKey(t.Version.BucketID, t.Version.ID)
	err := kv.Update(ctx, s.kv, func(tx *kv.Tx) error {
		// A condition: neither a commit that removes the row nor one that writes it is undone.
		rows, err := tx.Get(row)
		if err != nil || !rows[0].Exists() {
			return err
		}
		rec, err := decodeTorrent(rows[0].Value)
		if err != nil {
			return err
		}
		rec.id(t.form()).downloads += n
		tx.Put(row, encodeTorrent(rec))
		return nil
	})
	return fail("count downloads", t.InfoHash.String(), err)
}
