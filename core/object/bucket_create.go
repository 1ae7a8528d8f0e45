package object

import (
	"context"
	"crypto/rand"
	"errors"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/storage/kv"
)

// NewBucket is what CreateBucket needs.
type NewBucket struct {
	Name      string
	Owner     access.Owner
	Region    string
	ACL       access.ACL
	Ownership access.Ownership
	Tagging   []byte // TaggingDocument; nil for none
	// ObjectLock turns object lock on, and with it versioning, without which there is none.
	ObjectLock bool
}

// CreateBucket makes a bucket, or fails with InvalidBucketName, InvalidArgument, BucketAlreadyOwnedByYou or
// BucketAlreadyExists.
func (s *Store) CreateBucket(ctx context.Context, n NewBucket) (*Bucket, error) {
	const op = "create bucket"
	if err := CheckBucketName(n.Name); err != nil {
		return nil, fault.New(op, n.Name, fault.InvalidBucketName, err)
	}
	if len(n.Tagging) > MaxDocument {
		return nil, fault.New(op, n.Name, fault.InvalidArgument, errors.New("the tags are too long"))
	}
	b := &Bucket{
		Name: n.Name, Owner: string(n.Owner.ID), Region: n.Region, Created: s.now().UTC(),
		Config: BucketConfig{ACL: n.ACL, Ownership: n.Ownership},
	}
	if n.ObjectLock {
		b.Config.Versioning, b.Config.ObjectLock.Enabled = VersioningEnabled, true
	}
	rand.Read(b.ID[:]) // never fails (crypto/rand)
	err := kv.Update(ctx, s.kv, func(tx *kv.Tx) error {
		rows, err := tx.Get(bucketKey(b.Name))
		if err != nil {
			return err
		}
		if rows[0].Exists() {
			return alreadyThere(op, n, rows[0])
		}
		tx.Put(bucketKey(b.Name), encodeBucket(b))
		tx.Put(bucketIDKey(b.ID), []byte(b.Name))
		if n.Tagging != nil {
			tx.Put(documentKey(b.ID, TaggingDocument), encodeDocument(n.Tagging))
		}
		for i := range byte(guardRows) {
			tx.Put(guardKey(b.ID, i), guardFor(b).encode())
		}
		return nil
	})
	if err != nil {
		return nil, fail(op, n.Name, err)
	}
	return b, nil
}

func alreadyThere(op string, n NewBucket, row kv.Row) error {
	old, err := decodeBucket(n.Name, row.Value)
	if err != nil {
		return err
	}
	if old.Owner == string(n.Owner.ID) {
		return fault.New(op, n.Name, fault.BucketAlreadyOwnedByYou, nil)
	}
	return fault.New(op, n.Name, fault.BucketAlreadyExists, nil)
}
