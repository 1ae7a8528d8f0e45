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
func (s *Store) SetACL(ctx context.Context, b *Bucket, key string, ref VersionRef, acl access.ACL) error {
	const op = "set acl"
	if len(acl.Grants) > access.MaxGrants {
		return fault.New(op, resource(b, key), fault.MalformedACL, errors.New("more than 100 grants"))
	}
	return s.editVersion(ctx, op, b, key, ref, func(v *Version) { v.ACL = acl })
}

// editVersion lets edit change what may change of a version that stays. edit may run several times.
func (s *Store) editVersion(ctx context.Context, op string, b *Bucket, key string, ref VersionRef, edit func(*Version)) error {
	err := kv.Update(ctx, s.kv, func(tx *kv.Tx) error {
		at, err := locate(tx.Peek, b.ID, key, ref)
		switch {
		case err != nil:
			return err
		case at.version == nil && ref.Set:
			return fault.New(op, resource(b, key), fault.NoSuchVersion, nil)
		case at.version == nil || at.version.DeleteMarker:
			return fault.New(op, resource(b, key), fault.NoSuchKey, nil)
		}
		tx.Require(at.row)
		edit(at.version)
		tx.Put(at.row.Key, encodeVersion(at.version))
		return nil
	})
	return fail(op, resource(b, key), err)
}
