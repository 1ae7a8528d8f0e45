package object

import (
	"context"
	"io"

	"shoal/core/access"
	"shoal/core/encryption"
	"shoal/core/fault"
	"shoal/storage/kv"
)

// CopyRequest makes a new version from an existing one. No bytes move where both are encrypted alike, or not at all.
type CopyRequest struct {
	Source       *Version
	Bucket       *Bucket
	Key          string
	Owner        access.Owner
	ACL          access.ACL
	Header       *Header       // nil = the source's (x-amz-metadata-directive: COPY)
	Tags         *[]access.Tag // nil = the source's (x-amz-tagging-directive: COPY)
	Lock         Lock          // zero takes the bucket's default; the source's is not copied
	StorageClass string
	Condition    WriteCondition
	By           Requester
	// Algorithm, when set and not the source's, makes the copy read the source once to compute it.
	Algorithm  ChecksumAlgorithm
	Encryption encryption.Choice // of the copy; that of the source is not taken over (S3 API reference, CopyObject)
}

// Copy makes a version of the content of another. NoSuchKey when the source went meanwhile.
func (s *Store) Copy(ctx context.Context, r CopyRequest) (*Version, error) {
	const op = "copy object"
	src, name := r.Source, resource(r.Bucket, r.Key)
	if err := s.checkLock(op, name, r.Bucket, r.Lock); err != nil {
		return nil, err
	}
	v, err := copyOf(op, r)
	if err != nil {
		return nil, err
	}
	if !r.sharesContent() {
		return s.copyAnew(ctx, op, r, v)
	}
	if v.Encryption, err = s.rewrap(ctx, src, v, r.Encryption); err != nil {
		return nil, fail(op, name, err)
	}
	if r.Algorithm != NoChecksum && r.Algorithm != src.Checksum.Algorithm {
		if v.Checksum, err = s.checksumOf(ctx, src, r.Algorithm); err != nil {
			return nil, fail(op, name, err)
		}
	}
	p := publication{op: op, bucket: r.Bucket, version: v, condition: r.Condition, event: ObjectCreatedCopy, by: r.By}
	if src.Content.Inline {
		if p.body, err = s.inlineBytes(ctx, src); err != nil {
			return nil, fail(op, name, err)
		}
		return s.publish(ctx, p)
	}
	p.extra = func(tx *kv.Tx) (func(*Version) error, error) { return nil, liveSource(tx, op, src) }
	return s.publish(ctx, p)
}

// copyOf is the version that r makes when it shares the content of the source.
func copyOf(op string, r CopyRequest) (*Version, error) {
	src, name := r.Source, resource(r.Bucket, r.Key)
	v := &Version{
		BucketID: r.Bucket.ID, Key: r.Key, Size: src.Size, ETag: src.ETag, Owner: r.Owner, ACL: r.ACL,
		StorageClass: r.StorageClass, Header: src.Header, Tags: src.Tags, Checksum: src.Checksum,
		PartCount: src.PartCount, Lock: r.Lock, Content: src.Content,
	}
	if r.Header != nil {
		v.Header = *r.Header
	}
	if err := checkObject(op, name, r.Key, &v.Header, r.ACL); err != nil {
		return nil, err
	}
	if r.Tags != nil {
		v.Tags = *r.Tags
	}
	if err := CheckTags(v.Tags, MaxObjectTags); err != nil {
		return nil, err
	}
	if src.DeleteMarker {
		return nil, fault.New(op, name, fault.NoSuchKey, nil)
	}
	return v, nil
}

// checksumOf reads v once.
func (s *Store) checksumOf(ctx context.Context, v *Version, a ChecksumAlgorithm) (Checksum, error) {
	r, err := s.Open(ctx, v, 0, v.Size)
	if err != nil {
		return Checksum{}, err
	}
	defer r.Close()
	h := a.newHash()
	if _, err := io.Copy(h, struct{ io.Reader }{r}); err != nil {
		return Checksum{}, err
	}
	return newChecksum(a, FullObject, h.Sum(nil)), nil
}
