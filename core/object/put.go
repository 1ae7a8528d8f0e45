package object

import (
	"context"
	"errors"
	"io"
	"unicode/utf8"

	"shoal/core/access"
	"shoal/core/encryption"
	"shoal/core/fault"
	"shoal/storage/blob"
)

// Bounds of what a client stores (S3 user guide).
const (
	MaxKey  = 1024    // bytes
	MaxMeta = 2 << 10 // bytes of the names and values of user metadata together
	// MaxObject is the largest object, and MaxParts the most parts of one: 10,000 parts of 5 GiB.
	MaxObject = MaxParts * (5 << 30)
	MaxParts  = 10_000
)

// PutRequest is one object to store. Body is read to EOF unless an error comes first.
type PutRequest struct {
	Bucket       *Bucket
	Key          string
	Body         io.Reader
	Size         int64 // bytes of Body, -1 when unknown; a body of another length is IncompleteBody
	Owner        access.Owner
	ACL          access.ACL
	Header       Header
	Tags         []access.Tag
	Lock         Lock // zero takes the bucket's default
	StorageClass string
	Integrity    Integrity
	Condition    WriteCondition
	Encryption   encryption.Choice
	By           Requester
	Event        EventType // 0 is ObjectCreatedPut
}

// Put stores one object. The condition is checked before the body is read, as an early answer, and again
// in the commit. Errors of Body are returned wrapped.
func (s *Store) Put(ctx context.Context, r PutRequest) (*Version, error) {
	const op = "put object"
	name := resource(r.Bucket, r.Key)
	if err := checkObject(op, name, r.Key, &r.Header, r.ACL); err != nil {
		return nil, err
	}
	if err := CheckTags(r.Tags, MaxObjectTags); err != nil {
		return nil, err
	}
	if err := s.checkLock(op, name, r.Bucket, r.Lock); err != nil {
		return nil, err
	}
	if r.Condition != (WriteCondition{}) {
		if err := s.precheck(ctx, op, r.Bucket, r.Key, r.Condition); err != nil {
			return nil, err
		}
	}
	if r.Event == 0 {
		r.Event = ObjectCreatedPut
	}
	how, envelope, err := s.newSeal(ctx, r.Encryption, placeOf(r.Bucket.ID, r.Key))
	if err != nil {
		return nil, fail(op, name, err)
	}
	body, err := s.storeBody(ctx, bodyRequest{r.Body, r.Size, r.Integrity, s.o.InlineMax, how})
	if err != nil {
		return nil, fail(op, name, err)
	}
	v, err := s.publish(ctx, publication{
		op: op, bucket: r.Bucket, body: body.inline, fresh: body.fresh(), condition: r.Condition, event: r.Event, by: r.By,
		version: &Version{
			BucketID: r.Bucket.ID, Key: r.Key, Size: body.size, ETag: body.etag, Owner: r.Owner, ACL: r.ACL,
			StorageClass: r.StorageClass, Header: r.Header, Tags: r.Tags, Lock: r.Lock, Checksum: body.checksum,
			Encryption: envelope, Content: body.content(),
		},
	})
	if err != nil {
		s.abandonAll(ctx, body.fresh())
		return nil, err
	}
	return v, nil
}

func (s *Store) abandonAll(ctx context.Context, ids []blob.ID) {
	for _, id := range ids {
		s.abandon(ctx, id)
	}
}

// precheck holds a condition against the current version, before work is done that would be in vain.
func (s *Store) precheck(ctx context.Context, op string, b *Bucket, key string, c WriteCondition) error {
	rows, err := s.kv.Get(ctx, headKey(b.ID, key))
	if err != nil {
		return fail(op, resource(b, key), err)
	}
	current, err := currentOf(b.ID, key, rows[0])
	if err != nil {
		return fail(op, resource(b, key), err)
	}
	return c.check(op, resource(b, key), current)
}

func checkKey(op, name, key string) error {
	switch {
	case key == "":
		return fault.New(op, name, fault.InvalidArgument, errors.New("the object key is empty"))
	case len(key) > MaxKey:
		return fault.New(op, name, fault.KeyTooLong, nil)
	case !utf8.ValidString(key):
		return fault.New(op, name, fault.InvalidArgument, errors.New("the object key is not UTF-8"))
	}
	return nil
}

// checkObject holds what a client wants to store beside the bytes against the bounds.
func checkObject(op, name, key string, h *Header, acl access.ACL) error {
	if err := checkKey(op, name, key); err != nil {
		return err
	}
	if len(acl.Grants) > access.MaxGrants {
		return fault.New(op, name, fault.MalformedACL, errors.New("more than 100 grants"))
	}
	return h.Check(op, name)
}

// Check bounds what is kept beside the bytes of name: MetadataTooLarge.
func (h *Header) Check(op, name string) error {
	meta := 0
	for k, v := range h.Meta {
		meta += len(k) + len(v)
	}
	if meta > MaxMeta || len(encodeHeader(h)) > maxHeader {
		return fault.New(op, name, fault.MetadataTooLarge, nil)
	}
	return nil
}

// maxHeader bounds an encoded Header, in bytes: a request's headers have 8 kB on AWS.
const maxHeader = 16 << 10
