package object

import (
	"context"
	"errors"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/storage/kv"
)

// SetACL replaces the ACL of a version in its place: the version id and the time stay. NoSuchKey,
// NoSuchVersion.
func (s *Store) SetACL(ctx context.Context, b *Bucket, key string, ref VersionRef, acl access.ACL, by Requester) error {
	const op = "set acl"
	if len(acl.Grants) > access.MaxGrants {
		return fault.New(op, resource(b, key), fault.MalformedACL, errors.New("more than 100 grants"))
	}
	return s.editVersion(ctx, edit{op, b, key, ref, ObjectACLPut, by}, func(v *Version) error { v.ACL = acl; return nil })
}

// edit is a change of a version that stays.
type edit struct {
	op     string
	bucket *Bucket
	key    string
	ref    VersionRef
	event  EventType // that tells of it; 0 is none
	by     Requester
}

// editVersion lets change edit what may change of a version that stays. change may run several times; its error ends
// the edit and is returned.
func (s *Store) editVersion(ctx context.Context, e edit, change func(*Version) error) error {
	name := resource(e.bucket, e.key)
	var event *Event
	err := kv.Update(ctx, s.kv, func(tx *kv.Tx) error {
		at, err := locate(tx.Peek, e.bucket.ID, e.key, e.ref)
		switch {
		case err != nil:
			return err
		case at.version == nil && e.ref.Set:
			return fault.New(e.op, name, fault.NoSuchVersion, nil)
		case at.version == nil || at.version.DeleteMarker:
			return fault.New(e.op, name, fault.NoSuchKey, nil)
		}
		tx.Require(at.row)
		if err := change(at.version); err != nil {
			return err
		}
		tx.Put(at.row.Key, encodeVersion(at.version))
		event = s.addEvent(tx, e.bucket, e.event, at.version, e.by)
		return nil
	})
	if err != nil {
		return fail(e.op, name, err)
	}
	s.noteEvent(event)
	return nil
}
