package object

import (
	"bytes"
	"context"
	"sync"

	"shoal/core/fault"
	"shoal/storage/kv"
)

// maxCachedBuckets bounds the cache of parsed buckets: with policies of a few kB each, some tens of MB.
const maxCachedBuckets = 4096

// bucketCache keeps parsed buckets by name. An entry counts only while the bucket's row, which is read
// for each request, has the version that was parsed.
type bucketCache struct {
	mu     sync.Mutex
	byName map[string]cachedBucket
}

type cachedBucket struct {
	version kv.Version
	bucket  *Bucket
}

func (c *bucketCache) get(name string) (cachedBucket, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byName[name]
	return e, ok
}

func (c *bucketCache) put(name string, e cachedBucket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byName == nil {
		c.byName = make(map[string]cachedBucket)
	}
	for victim := range c.byName {
		if len(c.byName) < maxCachedBuckets {
			break
		}
		delete(c.byName, victim)
	}
	c.byName[name] = e
}

func (c *bucketCache) drop(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byName, name)
}

// bucketOf returns the bucket of a row that was just read, parsing it only when it changed.
func (s *Store) bucketOf(name string, row kv.Row) (*Bucket, error) {
	if !row.Exists() {
		s.buckets.drop(name)
		return nil, fault.New("find bucket", name, fault.NoSuchBucket, nil)
	}
	if e, ok := s.buckets.get(name); ok && bytes.Equal(e.version, row.Version) {
		return e.bucket, nil
	}
	b, err := decodeBucket(name, row.Value)
	if err != nil {
		return nil, fault.New("read bucket", name, fault.Internal, err)
	}
	s.buckets.put(name, cachedBucket{version: row.Version, bucket: b})
	return b, nil
}

// Bucket returns the bucket as it is now, or NoSuchBucket.
func (s *Store) Bucket(ctx context.Context, name string) (*Bucket, error) {
	rows, err := s.kv.Get(ctx, bucketKey(name))
	if err != nil {
		return nil, fail("find bucket", name, err)
	}
	return s.bucketOf(name, rows[0])
}

// bucketByID is Bucket by the identity.
func (s *Store) bucketByID(ctx context.Context, id BucketID) (*Bucket, error) {
	rows, err := s.kv.Get(ctx, bucketIDKey(id))
	if err != nil {
		return nil, fail("find bucket", "", err)
	}
	if !rows[0].Exists() {
		return nil, fault.New("find bucket", "", fault.NoSuchBucket, nil)
	}
	b, err := s.Bucket(ctx, string(rows[0].Value))
	if err == nil && b.ID != id {
		return nil, fault.New("find bucket", "", fault.NoSuchBucket, nil)
	}
	return b, err
}
