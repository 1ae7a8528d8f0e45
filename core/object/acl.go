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
		for i, row := range objectKeys(b.ID, key, ref) {
			v, err := readRow(tx, b.ID, key, row)
			if err != nil {
				return err
			}
			if v == nil || i == 0 && ref.Set && !ref.names(v) {
				continue
			}
			edit(v)
			tx.Put(row, encodeVersion(v))
			return nil
		}
		if ref.Set {
			return fault.New(op, resource(b, key), fault.NoSuchVersion, nil)
		}
		return fault.New(op, resource(b, key), fault.NoSuchKey, nil)
	})
	return fail(op, resource(b, key), err)
}

// readRow returns the version of a row as a condition of tx; nil, which is none, when it is not there.
func readRow(tx *kv.Tx, id BucketID, key string, row []byte) (*Version, error) {
	rows, err := tx.Peek(row)
	if err != nil || !rows[0].Exists() {
		return nil, err
	}
	if rows, err = tx.Get(row); err != nil {
		return nil, err
	}
	return currentOf(id, key, rows[0])
}
