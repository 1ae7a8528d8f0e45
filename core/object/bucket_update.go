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

// MaxLifecycle is the largest lifecycle configuration, in bytes of its record. It rests in the bucket's row, beside the
// policy, as each GET asks it when the object expires; some 300 rules fit.
const MaxLifecycle = 24 << 10

// UpdateBucket lets change edit a copy of the bucket's configuration and keeps the result, in one commit.
// change may run several times; its error ends the update and is returned. Policy follows PolicyJSON:
// change sets only the latter (MalformedPolicy when it does not parse). A change of Versioning or
// ObjectLock binds every commit to the bucket after it; BadBucketState when it is one that S3 has not.
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
		before := b.Config
		if err := change(&b.Config); err != nil {
			return err
		}
		if err := checkConfig(op, b); err != nil {
			return err
		}
		if err := changeState(tx, op, b, before); err != nil {
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
	if l := b.Config.Logging; l != nil && len(l.Grants) > access.MaxGrants {
		return fault.New(op, b.Name, fault.MalformedACL, errors.New("more than 100 grants on log objects"))
	}
	if err := b.Config.Quota.Check(); err != nil {
		return err
	}
	if err := b.Config.ObjectLock.Default.check(op, b.Name); err != nil {
		return err
	}
	if c := b.Config.Lifecycle; c != nil {
		if err := c.Check(); err != nil {
			return err
		}
		if len(encodeLifecycle(c)) > MaxLifecycle {
			return fault.New(op, b.Name, fault.InvalidRequest, errors.New("the lifecycle configuration is too large"))
		}
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

// changeState tells the writers of b's objects, by its guard rows, that its versioning or its object lock is another
// than before. BadBucketState when that change is not allowed.
func changeState(tx *kv.Tx, op string, b *Bucket, before BucketConfig) error {
	if why := wrongState(before, b.Config); why != "" {
		return fault.New(op, b.Name, fault.BadBucketState, errors.New(why))
	}
	now := guardFor(b)
	if guardFor(&Bucket{Config: before}) == now {
		return nil
	}
	return changeGuards(tx, op, b, func(g *guard) { g.versioning, g.locked = now.versioning, now.locked })
}

// wrongState says why a configuration cannot become another one; "" when it can. Versioning that was enabled can only be
// suspended; object lock needs it enabled, and stays.
func wrongState(before, now BucketConfig) string {
	enabled := now.Versioning == VersioningEnabled
	switch {
	case now.Versioning != before.Versioning && (now.Versioning == VersioningOff || now.Versioning > VersioningSuspended):
		return "versioning cannot be turned off, only suspended"
	case before.ObjectLock.Enabled && !now.ObjectLock.Enabled:
		return "object lock cannot be turned off"
	case before.ObjectLock.Enabled && !enabled:
		return "an Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
	case !now.ObjectLock.Enabled && now.ObjectLock.Default != DefaultRetention{}:
		return "a default retention needs object lock"
	case now.ObjectLock.Enabled && !enabled:
		return "versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
	}
	return ""
}
