package s3api

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"shoal/core/object"
)

// maxCachedDocuments bounds a cache of parsed documents: at 64 KiB each, some tens of MB.
const maxCachedDocuments = 512

// documentCache keeps what the documents of buckets say, parsed. An entry counts only while the document, which is
// read for each request, is the one that was parsed. Nobody changes what is in it. The zero value works.
type documentCache[T any] struct {
	mu       sync.Mutex
	byBucket map[object.BucketID]cachedDocument[T] // guarded by mu
}

type cachedDocument[T any] struct {
	data   []byte
	parsed *T
}

// read returns the document d of b, whose root element is root; nil when it was never put.
func (k *documentCache[T]) read(ctx context.Context, s *object.Store, b *object.Bucket, d object.Document, root string) (*T, error) {
	data, err := s.Document(ctx, b, d)
	if err != nil || data == nil {
		return nil, err
	}
	if parsed, ok := k.get(b.ID, data); ok {
		return parsed, nil
	}
	parsed := new(T)
	if err := decodeXML(data, root, parsed); err != nil {
		return nil, fmt.Errorf("%s of bucket %s: %w", d, b.Name, err)
	}
	k.put(b.ID, cachedDocument[T]{data: data, parsed: parsed})
	return parsed, nil
}

func (k *documentCache[T]) get(id object.BucketID, data []byte) (*T, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	e, ok := k.byBucket[id]
	return e.parsed, ok && bytes.Equal(e.data, data)
}

func (k *documentCache[T]) put(id object.BucketID, e cachedDocument[T]) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byBucket == nil {
		k.byBucket = make(map[object.BucketID]cachedDocument[T])
	}
	for victim := range k.byBucket {
		if len(k.byBucket) < maxCachedDocuments {
			break
		}
		delete(k.byBucket, victim)
	}
	k.byBucket[id] = e
}
