package object

import (
	"context"

	"shoal/core/access"
	"shoal/storage/kv"
)

// DeleteRequest deletes the current version (or, with Ref set, that version for good).
type DeleteRequest struct {
	Bucket    *Bucket
	Key       string
	Ref       VersionRef
	Condition WriteCondition
	Owner     access.Owner // of a delete marker
}

// DeleteResult says what a delete did; deleting what is absent is a success with zero values.
type DeleteResult struct {
	DeleteMarker bool      // a marker was made, or the version deleted was one
	VersionID    VersionID // of the marker made or the version deleted
	Null         bool
}

// Delete removes a version. What is absent is a success, unless the condition asks for it.
func (s *Store) Delete(ctx context.Context, r DeleteRequest) (DeleteResult, error) {
	const op = "delete object"
	var out DeleteResult
	err := kv.Update(ctx, s.kv, func(tx *kv.Tx) error {
		out = DeleteResult{}
		tx.UseReserve()
		old, err := s.openDelete(tx, op, r)
		if old == nil || err != nil {
			return err
		}
		out = DeleteResult{DeleteMarker: r.Ref.Set && old.DeleteMarker}
		if r.Ref.Set {
			out.VersionID, out.Null = old.ID, old.Null
		}
		if err := s.retire(tx, old); err != nil {
			return err
		}
		tx.Delete(headKey(old.BucketID, old.Key))
		s.addUsage(tx, old.BucketID, -1, -storedBytes(old))
		return nil
	})
	if err != nil {
		return DeleteResult{}, fail(op, resource(r.Bucket, r.Key), err)
	}
	return out, nil
}

// openDelete returns the version to delete as tx read it, nil when there is none. No guard is checked: a
// delete makes nothing that a delete of the bucket could miss.
func (s *Store) openDelete(tx *kv.Tx, op string, r DeleteRequest) (*Version, error) {
	head := headKey(r.Bucket.ID, r.Key)
	rows, err := tx.Get(head)
	if err != nil {
		return nil, err
	}
	current, err := currentOf(r.Bucket.ID, r.Key, rows[0])
	if err != nil {
		return nil, err
	}
	if err := r.Condition.check(op, resource(r.Bucket, r.Key), current); err != nil {
		return nil, err
	}
	if current == nil || r.Ref.Set && !r.Ref.names(current) {
		return nil, nil
	}
	return current, nil
}
