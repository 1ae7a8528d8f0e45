package object

import (
	"context"
	"errors"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/storage/kv"
)

// MaxPolicy is the largest bucket policy, in bytes (S3 user guide).
const MaxPolicy = 20 << 10

// UpdateBucket lets change edit a copy of the bucket's configuration and keeps the result, in one commit.
// change may run several times; its error ends the update and is returned. Policy follows PolicyJSON:
// change sets only the latter (MalformedPolicy when it does not parse). A change of Versioning binds every commit
// to the bucket after it; BadBucketState when it is one that S3 has not.
func (s *Store) UpdateBucket(ctx context.Context, name string, change func(*BucketConfig) error) error {
	const op = "update bucket"
	err := kv.Update(ctx, s.kv, func(tx *kv.Tx) error {
		rows, err := tx.Get(bucketKey(name))
		if err != nil {
			return err
		}
		if !rows[0].Exists() {
			return fault.New(op, name, fault.NoSuchBucket, nil)
		}
		b, err := decodeBucket(name, rows[0].Value)
		if err != nil {
			return err
		}
		before := b.Config.Versioning
		if err := change(&b.Config); err != nil {
			return err
		}
		if err := checkConfig(op, b); err != nil {
			return err
		}
		if err := changeVersioning(tx, op, b, before); err != nil {
			return err
		}
		tx.Put(bucketKey(name), encodeBucket(b))
		return nil
	})
	return fail(op, name, err)
}

func checkConfig(op string, b *Bucket) error {
	if len(b.Config.ACL.Grants) > access.MaxGrants {
		return fault.New(op, b.Name, fault.MalformedACL, errors.New("more than 100 grants"))
	}
	if err := b.Config.Quota.Check(); err != nil {
		return err
	}
	if len(b.Config.PolicyJSON) > MaxPolicy {
		return fault.New(op, b.Name, fault.MalformedPolicy, errors.New("policy exceeds the maximum of 20 KB"))
	}
	if len(b.Config.PolicyJSON) > 0 {
		_, err := access.LoadPolicy(b.Config.PolicyJSON, b.Name) // whoever puts one has parsed it
		return err
	}
	return nil
}

// changeVersioning tells the writers of b's objects, by its guard rows, that its versioning state is another than
// before. BadBucketState when that change is not allowed: what was enabled can only be suspended.
func changeVersioning(tx *kv.Tx, op string, b *Bucket, before Versioning) error {
	now := b.Config.Versioning
	if now == before {
		return nil
	}
	if now == VersioningOff || now > VersioningSuspended {
		return fault.New(op, b.Name, fault.BadBucketState, errors.New("versioning cannot be turned off, only suspended"))
	}
	return changeGuards(tx, op, b, func(g *guard) { g.versioning = now })
}
