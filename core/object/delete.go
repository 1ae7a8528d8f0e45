package object

import (
	"bytes"
	"context"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/storage/kv"
)

// DeleteRequest deletes the current version (or, with Ref set, that version for good).
type DeleteRequest struct {
	Bucket    *Bucket
	Key       string
	Ref       VersionRef
	Condition WriteCondition // on the version that is deleted
	Owner     access.Owner   // of a delete marker
	Bypass    bool           // overrule a retention in governance mode: the requester may, and says so
	By        Requester

	only kv.Version // when set, by a lifecycle rule, of the row that has the version; ConditionalConflict when that changed
}

// DeleteResult says what a delete did; deleting what is absent is a success with zero values.
type DeleteResult struct {
	DeleteMarker bool      // a marker was made, or the version deleted was one
	VersionID    VersionID // of the marker made or the version deleted; zero when a bucket without versioning lost an object
	Null         bool

	event *Event // that tells of it
}

// ClientID is the id of that version as clients read it.
func (r DeleteResult) ClientID() string { return clientID(r.VersionID, r.Null) }

// Delete removes the version that is named, for good. With none named it removes the object in a bucket without
// versioning; in others it makes a delete marker the newest version, the null version while versioning is
// suspended (S3 user guide, Working with delete markers). What is absent is a success, unless the
// condition asks for it. ObjectLocked when the version's lock does not let it go.
func (s *Store) Delete(ctx context.Context, r DeleteRequest) (DeleteResult, error) {
	const op = "delete object"
	var out DeleteResult
	err := kv.Update(ctx, s.kv, func(tx *kv.Tx) (err error) {
		if r.Ref.Set {
			out, err = s.deleteVersion(tx, op, r)
		} else {
			out, err = s.deleteCurrent(tx, op, r)
		}
		return err
	})
	if err != nil {
		return DeleteResult{}, fail(op, resource(r.Bucket, r.Key), err)
	}
	s.noteEvent(out.event)
	return out, nil
}

// deleteVersion removes a version for good.
func (s *Store) deleteVersion(tx *kv.Tx, op string, r DeleteRequest) (out DeleteResult, err error) {
	tx.UseReserve()
	at, err := locate(tx.Peek, r.Bucket.ID, r.Key, r.Ref)
	if err != nil {
		return out, err
	}
	if err := r.unchanged(op, at.row); err != nil {
		return out, err
	}
	if at.version == nil {
		return out, r.Condition.check(op, resource(r.Bucket, r.Key), nil)
	}
	v := at.version
	if err := r.Condition.check(op, resource(r.Bucket, r.Key), v); err != nil {
		return out, err
	}
	tx.Require(at.row)
	if err := s.retire(tx, v, r.Bypass); err != nil {
		return out, err
	}
	s.addUsage(tx, v.BucketID, s.now(), usage{}.minus(v.usage()))
	out = DeleteResult{DeleteMarker: v.DeleteMarker, VersionID: v.ID, Null: v.Null}
	out.event = s.addEvent(tx, r.Bucket, r.event(ObjectRemovedDelete), v, r.By)
	if at.current {
		return out, s.promote(tx, v)
	}
	tx.Delete(at.row.Key)
	if v.Null {
		tx.Delete(nullKey(v.BucketID, v.Key))
	}
	return out, nil
}

// deleteCurrent removes the object or hides it behind a delete marker, as the bucket's versioning has it.
func (s *Store) deleteCurrent(tx *kv.Tx, op string, r DeleteRequest) (out DeleteResult, err error) {
	id, name := r.Bucket.ID, resource(r.Bucket, r.Key)
	rows, err := tx.Get(guardOf(id, r.Key), headKey(id, r.Key))
	if err != nil {
		return out, err
	}
	old, err := currentOf(id, r.Key, rows[1])
	if err != nil {
		return out, err
	}
	if err := r.Condition.check(op, name, old); err != nil {
		return out, err
	}
	if err := r.unchanged(op, rows[1]); err != nil {
		return out, err
	}
	g, err := readGuard(op, name, rows[0])
	if err != nil {
		return out, err
	}
	if g.versioning == VersioningOff {
		// The guard stays as it is: this makes nothing that a delete of the bucket could miss.
		if old != nil {
			out.event = s.addEvent(tx, r.Bucket, r.event(ObjectRemovedDelete), old, r.By)
		}
		return out, s.deleteOnly(tx, old)
	}
	if _, err := checkGuard(tx, op, name, rows[0]); err != nil {
		return out, err
	}
	marker := &Version{BucketID: id, Key: r.Key, DeleteMarker: true, Owner: r.Owner}
	if err := checkKey(op, name, r.Key); err != nil {
		return out, err
	}
	if err := s.place(tx, g.versioning, old, marker, s.now().UTC()); err != nil {
		return out, err
	}
	out = DeleteResult{DeleteMarker: true, VersionID: marker.ID, Null: marker.Null}
	out.event = s.addEvent(tx, r.Bucket, r.event(ObjectRemovedDeleteMarkerCreated), marker, r.By)
	return out, nil
}

// event is what tells of the delete: t, or what a lifecycle rule does in its place.
func (r *DeleteRequest) event(t EventType) EventType {
	switch {
	case r.only == nil:
		return t
	case t == ObjectRemovedDelete:
		return LifecycleExpirationDelete
	}
	return LifecycleExpirationDeleteMarkerCreated
}

// unchanged holds row against the one that r is about.
func (r *DeleteRequest) unchanged(op string, row kv.Row) error {
	if r.only != nil && !bytes.Equal(r.only, row.Version) {
		return fault.New(op, resource(r.Bucket, r.Key), fault.ConditionalConflict, nil)
	}
	return nil
}

// deleteOnly removes the only version of a key; nil is none.
func (s *Store) deleteOnly(tx *kv.Tx, v *Version) error {
	if v == nil {
		return nil
	}
	tx.UseReserve()
	tx.Delete(headKey(v.BucketID, v.Key))
	s.addUsage(tx, v.BucketID, s.now(), usage{}.minus(v.usage()))
	return s.retire(tx, v, false)
}
