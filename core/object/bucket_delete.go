package object

import (
	"bytes"
	"context"
	"errors"

	"shoal/core/fault"
	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// States of a guard row, its whole value but for a random mark while closing.
const (
	guardOpen    = 'o' // writers check the row
	guardClosing = 'c' // a delete of the bucket is scanning: writers write guardOpen back
)

// checkGuard makes the commit of tx one that no delete of the bucket can miss. NoSuchBucket when the
// bucket is gone. A scan adds no check, so DeleteBucket closes all guard rows, scans, and deletes only if
// they are still closed: a writer that committed before is seen by the scan, one after opened a guard.
func checkGuard(tx *kv.Tx, op string, b *Bucket, objectKey string, guard kv.Row) error {
	if !guard.Exists() {
		return fault.New(op, resource(b, objectKey), fault.NoSuchBucket, nil)
	}
	if guard.Value[0] != guardOpen {
		tx.Put(guard.Key, []byte{guardOpen})
	}
	return nil
}

// DeleteBucket removes an empty bucket, or fails with NoSuchBucket or BucketNotEmpty. Uploads in progress
// do not keep a bucket; they go with it.
func (s *Store) DeleteBucket(ctx context.Context, name string) error {
	const op = "delete bucket"
	b, err := s.Bucket(ctx, name)
	if err != nil {
		return err
	}
	mark := append([]byte{guardClosing}, randomID()...)
	if err := s.setGuards(ctx, op, b, mark); err != nil {
		return fail(op, name, err)
	}
	empty, err := s.holdsNothing(ctx, b.ID)
	if err != nil {
		return fail(op, name, err)
	}
	if !empty {
		if err := s.setGuards(ctx, op, b, []byte{guardOpen}); err != nil {
			return fail(op, name, err)
		}
		return fault.New(op, name, fault.BucketNotEmpty, nil)
	}
	return fail(op, name, s.removeBucket(ctx, op, b, mark))
}

// setGuards writes every guard row of b.
func (s *Store) setGuards(ctx context.Context, op string, b *Bucket, value []byte) error {
	return kv.Update(ctx, s.kv, func(tx *kv.Tx) error {
		tx.UseReserve()
		rows, err := tx.Get(guardKeys(b.ID)...)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if !row.Exists() {
				return fault.New(op, b.Name, fault.NoSuchBucket, nil)
			}
			tx.Put(row.Key, value)
		}
		return nil
	})
}

// removeBucket deletes the bucket's rows if its guards still have mark, and queues what is left under it.
func (s *Store) removeBucket(ctx context.Context, op string, b *Bucket, mark []byte) error {
	return kv.Update(ctx, s.kv, func(tx *kv.Tx) error {
		tx.UseReserve()
		rows, err := tx.Get(guardKeys(b.ID)...)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if !bytes.Equal(row.Value, mark) {
				return fault.New(op, b.Name, fault.BucketNotEmpty, errors.New("it was written to"))
			}
			tx.Delete(row.Key)
		}
		tx.Delete(bucketKey(b.Name))
		tx.Delete(bucketIDKey(b.ID))
		for _, d := range Documents() {
			tx.Delete(documentKey(b.ID, d))
		}
		var id [16]byte
		copy(id[:], b.ID[:])
		s.enqueue(tx, taskBucket, id, s.now(), taskRecord{Bucket: b.ID})
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

func guardKeys(id BucketID) [][]byte {
	keys := make([][]byte, guardRows)
	for i := range keys {
		keys[i] = guardKey(id, byte(i))
	}
	return keys
}
