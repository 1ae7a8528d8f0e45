package object

import (
	"context"

	"shoal/core/fault"
	"shoal/storage/kv"
)

// Lookup returns the bucket and the version that ref names, in one read of one moment; a null version that is an
// older one takes a second. NoSuchBucket; or
// NoSuchKey or NoSuchVersion together with the bucket, so that the caller can authorise before it tells.
// A delete marker is returned like any version.
func (s *Store) Lookup(ctx context.Context, bucket, key string, ref VersionRef) (*Bucket, *Version, error) {
	const op = "find object"
	b, rows, err := s.readObject(ctx, bucket, key, ref)
	if err != nil {
		return nil, nil, fail(op, bucket+"/"+key, err)
	}
	at, next, err := pick(b.ID, key, ref, rows)
	if next != nil {
		get := func(keys ...[]byte) ([]kv.Row, error) { return s.kv.Get(ctx, keys...) }
		at, err = locate(get, b.ID, key, ref)
	}
	switch {
	case err != nil:
		return b, nil, fail(op, resource(b, key), err)
	case at.version != nil:
		return b, at.version, nil
	case ref.Set:
		return b, nil, fault.New(op, resource(b, key), fault.NoSuchVersion, nil)
	}
	return b, nil, fault.New(op, resource(b, key), fault.NoSuchKey, nil)
}

// readObject reads the bucket's row with the object's rows (objectKeys), in one round trip when the bucket's id is known.
func (s *Store) readObject(ctx context.Context, name, key string, ref VersionRef) (*Bucket, []kv.Row, error) {
	cached, known := s.buckets.get(name)
	for {
		keys := [][]byte{bucketKey(name)}
		if known {
			keys = append(keys, objectKeys(cached.bucket.ID, key, ref)...)
		}
		rows, err := s.kv.Get(ctx, keys...)
		if err != nil {
			return nil, nil, err
		}
		b, err := s.bucketOf(name, rows[0])
		if err != nil {
			return nil, nil, err
		}
		if known && b.ID == cached.bucket.ID {
			return b, rows[1:], nil
		}
		cached.bucket, known = b, true
	}
}
