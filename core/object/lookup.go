package object

import (
	"context"

	"shoal/core/fault"
	"shoal/storage/kv"
)

// Lookup returns the bucket and the version that ref names, in one read of one moment. NoSuchBucket; or
// NoSuchKey or NoSuchVersion together with the bucket, so that the caller can authorise before it tells.
// A delete marker is returned like any version.
func (s *Store) Lookup(ctx context.Context, bucket, key string, ref VersionRef) (*Bucket, *Version, error) {
	const op = "find object"
	b, rows, err := s.readObject(ctx, bucket, key, ref)
	if err != nil {
		return nil, nil, fail(op, bucket+"/"+key, err)
	}
	head, err := currentOf(b.ID, key, rows[0])
	if err != nil {
		return b, nil, fail(op, resource(b, key), err)
	}
	switch {
	case !ref.Set && head != nil, ref.Set && head != nil && ref.names(head):
		return b, head, nil
	case !ref.Set:
		return b, nil, fault.New(op, resource(b, key), fault.NoSuchKey, nil)
	case len(rows) < 2 || !rows[1].Exists():
		return b, nil, fault.New(op, resource(b, key), fault.NoSuchVersion, nil)
	}
	v, err := decodeVersion(b.ID, key, rows[1].Value)
	if err == nil && !ref.names(v) {
		err = fault.New(op, resource(b, key), fault.NoSuchVersion, nil)
	}
	if err != nil {
		return b, nil, fail(op, resource(b, key), err)
	}
	return b, v, nil
}

// names reports whether r, which is Set, is v.
func (r VersionRef) names(v *Version) bool {
	if r.Null {
		return v.Null
	}
	return !v.Null && r.ID == v.ID
}

// readObject reads the bucket's row with the object's rows (head, then the version of ref if it has an
// id), in one round trip when the bucket's id is known.
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

func objectKeys(id BucketID, key string, ref VersionRef) [][]byte {
	keys := [][]byte{headKey(id, key)}
	if ref.Set && !ref.Null {
		keys = append(keys, versionKey(id, key, ref.ID))
	}
	return keys
}
