package object

import (
	"time"

	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// The versions of a key: the newest, a delete marker too, is the head row, the others are version rows. So a key
// with a version row has a head row, and whoever moves a version between the two writes the head row: a commit
// that checks it can trust what it saw of the others. Of the versions of a key at most one is the null version;
// when that is an older one, row V says which.

// place makes v the newest version of its key, in the place of old, the newest so far, and gives it its ID,
// Modified, which is now, and Null: the null version unless versioning is enabled. tx has checked the guard, which tells
// state, and the head row.
func (s *Store) place(tx *kv.Tx, state Versioning, old, v *Version, now time.Time) error {
	v.ID, v.Modified, v.Null = nextVersionID(now, old), now, state != VersioningEnabled
	v.cell = versionCell(v.StorageClass)
	gone, err := s.displace(tx, old, v.Null)
	if err != nil {
		return err
	}
	tx.Put(headKey(v.BucketID, v.Key), encodeVersion(v))
	s.addUsage(tx, v.BucketID, now, v.usage().minus(gone))
	return nil
}

// displace makes room for a new newest version, the null version or not: old, which may be nil, becomes an older
// version, unless one null version replaces the other. It returns the usage of what is gone for good.
func (s *Store) displace(tx *kv.Tx, old *Version, null bool) (gone usage, err error) {
	if old == nil {
		return gone, nil
	}
	if null && old.Null {
		return old.usage(), s.retire(tx, old, false)
	}
	if null {
		if gone, err = s.dropOlderNull(tx, old); err != nil {
			return gone, err
		}
	}
	tx.Put(versionKey(old.BucketID, old.Key, old.ID), encodeVersion(old))
	if old.Null {
		tx.Put(nullKey(old.BucketID, old.Key), old.ID[:])
	}
	return gone, nil
}

// dropOlderNull removes the null version of the key of head, which is another version, if there is one. That
// there is none needs no check: a version becomes an older one in a commit that writes the head row.
func (s *Store) dropOlderNull(tx *kv.Tx, head *Version) (usage, error) {
	at, err := locate(tx.Peek, head.BucketID, head.Key, VersionRef{Null: true, Set: true})
	if err != nil || at.version == nil {
		return usage{}, err
	}
	tx.Require(at.row)
	tx.Delete(at.row.Key)
	tx.Delete(nullKey(head.BucketID, head.Key))
	return at.version.usage(), s.retire(tx, at.version, false)
}

// promote makes the newest of the older versions of a key the head, whose version goes; without one the head
// row goes. tx has checked the head row, without which no version row can appear behind the scan.
func (s *Store) promote(tx *kv.Tx, head *Version) error {
	id, objectKey := head.BucketID, head.Key
	prefix := versionPrefix(id, objectKey)
	rows, _, err := tx.Scan(prefix, tuple.PrefixEnd(prefix), kv.ScanOptions{Rows: 1})
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		tx.Delete(headKey(id, objectKey))
		return nil
	}
	next, err := decodeVersion(id, objectKey, rows[0].Value)
	if err != nil {
		return err
	}
	tx.Require(rows[0])
	tx.Put(headKey(id, objectKey), rows[0].Value)
	tx.Delete(rows[0].Key)
	if next.Null {
		tx.Delete(nullKey(id, objectKey))
	}
	return nil
}
