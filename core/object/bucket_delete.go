package object

import (
	"context"
	"errors"

	"shoal/core/fault"
	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// DeleteBucket removes an empty bucket, or fails with NoSuchBucket or BucketNotEmpty. Uploads in progress
// do not keep a bucket; they go with it.
func (s *Store) DeleteBucket(ctx context.Context, name string) error {
	const op = "delete bucket"
	b, err := s.Bucket(ctx, name)
	if err != nil {
		return err
	}
	mark := string(randomID())
	if err := s.markGuards(ctx, op, b, mark); err != nil {
		return fail(op, name, err)
	}
	empty, err := s.holdsNothing(ctx, b.ID)
	if err != nil {
		return fail(op, name, err)
	}
	if !empty {
		if err := s.markGuards(ctx, op, b, ""); err != nil {
			return fail(op, name, err)
		}
		return fault.New(op, name, fault.BucketNotEmpty, nil)
	}
	return fail(op, name, s.removeBucket(ctx, op, b, mark))
}

// markGuards closes every guard row of b with mark, or opens it again with none.
func (s *Store) markGuards(ctx context.Context, op string, b *Bucket, mark string) error {
	return kv.Update(ctx, s.kv, func(tx *kv.Tx) error {
		tx.UseReserve()
		return changeGuards(tx, op, b, func(g *guard) { g.mark = mark })
	})
}

// removeBucket deletes the bucket's rows if its guards still have mark, and queues what is left under it.
func (s *Store) removeBucket(ctx context.Context, op string, b *Bucket, mark string) error {
	return kv.Update(ctx, s.kv, func(tx *kv.Tx) error {
		tx.UseReserve()
		rows, err := tx.Get(guardKeys(b.ID)...)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if g, err := readGuard(op, b.Name, row); err != nil || g.mark != mark {
				if err != nil {
					return err
				}
				return fault.New(op, b.Name, fault.BucketNotEmpty, errors.New("it was written to"))
			}
			tx.Delete(row.Key)
		}
		tx.Delete(bucketKey(b.Name))
		tx.Delete(bucketIDKey(b.ID))
		for _, d := range Documents() {
			tx.Delete(documentKey(b.ID, d))
		}
		now := s.now()
		tx.Put(deletedKey(now.Unix(), b.ID), encodeDeleted(b))
		var id [16]byte
		copy(id[:], b.ID[:])
		s.enqueue(tx, taskBucket, id, now, taskRecord{Bucket: b.ID, Ended: now})
		return nil
	})
}

func (s *Store) holdsNothing(ctx context.Context, id BucketID) (bool, error) {
	for _, prefix := range [][]byte{headKey(id, ""), append([]byte{kindVersion}, id[:]...)} {
		rows, _, err := s.kv.Scan(ctx, prefix, tuple.PrefixEnd(prefix), kv.ScanOptions{Rows: 1, KeysOnly: true})
		if err != nil || len(rows) > 0 {
			return false, err
		}
	}
	return true, nil
}
