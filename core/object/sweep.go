package object

import (
	"context"
	"fmt"
	"time"

	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// The sweeps take many rows apart in small commits. Each can stop anywhere and be run again: what is left
// is found by the next run, what is done twice is harmless.

// maxSweepOps is when a sweep's commit is full: a part of the most extents still fits on top of it.
const maxSweepOps = kv.MaxUpdateOps - 2*maxPartExtents - 4

// sweepCommit gathers the writes of one commit of a sweep.
type sweepCommit struct {
	store *Store
	ops   int
	steps []func(tx *kv.Tx) error
}

// add takes one step of ops operations, and commits when that makes the commit full.
func (c *sweepCommit) add(ctx context.Context, ops int, step func(tx *kv.Tx) error) error {
	c.ops += ops
	c.steps = append(c.steps, step)
	if c.ops < maxSweepOps {
		return nil
	}
	return c.flush(ctx)
}

func (c *sweepCommit) flush(ctx context.Context) error {
	steps := c.steps
	c.steps, c.ops = nil, 0
	return kv.Update(ctx, c.store.kv, func(tx *kv.Tx) error {
		tx.UseReserve()
		for _, step := range steps {
			if err := step(tx); err != nil {
				return err
			}
		}
		return nil
	})
}

// dropPart deletes the reference rows of a part and queues its blobs.
func (s *Store) dropPart(tx *kv.Tx, u UploadID, p *partRecord) {
	for _, id := range blobsOf(p.Extents) {
		tx.Delete(partRefKey(id, u, p.Number))
		s.enqueue(tx, taskBlob, id, s.now(), taskRecord{})
	}
}

// sweepManifest takes apart a manifest that nothing refers to.
func (s *Store) sweepManifest(ctx context.Context, id ManifestID) error {
	prefix := manifestPrefix(id)
	err := s.eachRow(ctx, prefix, tuple.PrefixEnd(prefix), false, func(row kv.Row) error {
		parts, err := decodeManifest(row.Value)
		if err != nil {
			return err
		}
		c := &sweepCommit{store: s}
		for i := range parts {
			err := c.add(ctx, 2*len(parts[i].Extents), func(tx *kv.Tx) error {
				s.dropPart(tx, UploadID(id), &parts[i])
				return nil
			})
			if err != nil {
				return err
			}
		}
		c.steps = append(c.steps, func(tx *kv.Tx) error { tx.Delete(row.Key); return nil })
		return c.flush(ctx)
	})
	if err != nil {
		return fmt.Errorf("sweep manifest %x: %w", id, err)
	}
	return nil
}

// sweepUpload takes apart an upload that was aborted or completed.
func (s *Store) sweepUpload(ctx context.Context, id UploadID, task taskRecord) error {
	c := &sweepCommit{store: s}
	if task.Done {
		row := uploadKey(task.Bucket, task.Key, id)
		c.steps = append(c.steps, func(tx *kv.Tx) error { tx.Delete(row); return nil })
	}
	err := s.eachPart(ctx, id, func(p partRecord) error {
		ops := 1
		if !task.keeps(p.Number) {
			ops += 2 + 2*len(p.Extents)
		}
		return c.add(ctx, ops, func(tx *kv.Tx) error { return s.sweepPart(tx, id, p.Number, task) })
	})
	if err == nil {
		err = c.flush(ctx)
	}
	if err == nil && !task.Done {
		err = s.dropManifest(ctx, ManifestID(id))
	}
	if err != nil {
		return fmt.Errorf("sweep upload %v: %w", id, err)
	}
	return nil
}

// sweepPart deletes a part row, if it is still there. A row that the manifest holds was taken off the usage
// of parts by the completion.
func (s *Store) sweepPart(tx *kv.Tx, id UploadID, number int, task taskRecord) error {
	if task.keeps(number) {
		tx.Delete(partKey(id, number))
		return nil
	}
	rows, err := tx.Get(partKey(id, number))
	if err != nil {
		return err
	}
	tx.Delete(partKey(id, number))
	if !rows[0].Exists() {
		return nil
	}
	p, err := decodePart(rows[0].Value)
	if err != nil {
		return err
	}
	s.dropPart(tx, id, &p)
	ended := task.Ended
	if ended.IsZero() {
		ended = s.now()
	}
	s.addUsage(tx, task.Bucket, ended, usage{}.minus(p.usage()))
	return nil
}

// dropManifest deletes rows of a manifest that never became visible: its parts have their references still.
func (s *Store) dropManifest(ctx context.Context, id ManifestID) error {
	c := &sweepCommit{store: s}
	prefix := manifestPrefix(id)
	err := s.eachRow(ctx, prefix, tuple.PrefixEnd(prefix), true, func(row kv.Row) error {
		return c.add(ctx, 1, func(tx *kv.Tx) error { tx.Delete(row.Key); return nil })
	})
	if err != nil {
		return err
	}
	return c.flush(ctx)
}

// sweepBucket ends the uploads of a deleted bucket. Nobody can begin one there: its guard rows are gone.
func (s *Store) sweepBucket(ctx context.Context, task taskRecord) error {
	c := &sweepCommit{store: s}
	prefix := append([]byte{kindUpload}, task.Bucket[:]...)
	err := s.eachRow(ctx, prefix, tuple.PrefixEnd(prefix), true, func(row kv.Row) error {
		return c.add(ctx, 3, func(tx *kv.Tx) error { return s.endUpload(tx, row.Key, task.Ended) })
	})
	if err == nil {
		err = c.flush(ctx)
	}
	if err != nil {
		return fmt.Errorf("sweep bucket %x: %w", task.Bucket, err)
	}
	return nil
}

// endUpload aborts the upload of a row, whose bucket ended; a completed one has its task already.
func (s *Store) endUpload(tx *kv.Tx, row []byte, ended time.Time) error {
	rows, err := tx.Get(row)
	if err != nil {
		return err
	}
	tx.Delete(row)
	if !rows[0].Exists() {
		return nil
	}
	bucket, objectKey, id, err := parseKeyedRow(row)
	if err != nil {
		return err
	}
	u, err := decodeUpload(bucket, objectKey, id, rows[0].Value)
	if err != nil || u.State == uploadDone {
		return err
	}
	s.enqueue(tx, taskUpload, id, s.now(), taskRecord{Bucket: bucket, Key: objectKey, Ended: ended})
	return nil
}

// eachPart calls f with the parts of an upload in order of number.
func (s *Store) eachPart(ctx context.Context, id UploadID, f func(partRecord) error) error {
	prefix := partPrefix(id)
	return s.eachRow(ctx, prefix, tuple.PrefixEnd(prefix), false, func(row kv.Row) error {
		p, err := decodePart(row.Value)
		if err != nil {
			return fmt.Errorf("part row %x: %w", row.Key, err)
		}
		return f(p)
	})
}
