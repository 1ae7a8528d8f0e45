package object

import (
	"context"

	"shoal/core/encryption"
)

// sharesContent reports whether the copy refers to the content of the source: both are as they came, or under one key of the
// operator, by which the object's key is wrapped again. What is put under another key, or a customer's, is always encrypted
// anew, so that the old key is of no use for the copy.
func (r *CopyRequest) sharesContent() bool {
	from, to := r.Source.Encryption, r.Encryption
	return from.Mode == to.Mode && from.KMSKeyID == to.KMSKeyID && from.Mode != encryption.Customer
}

// rewrap wraps the key of src again, for v.
func (s *Store) rewrap(ctx context.Context, src, v *Version, c encryption.Choice) (encryption.Envelope, error) {
	key, err := s.keyOf(ctx, src)
	if err != nil {
		return encryption.Envelope{}, err
	}
	return s.enclose(ctx, c, placeOf(v.BucketID, v.Key), key)
}

// copyAnew reads the source and stores it again as v, encrypted as r says. It is one body then, whatever parts the source
// had, with a checksum of the same algorithm unless r names one.
func (s *Store) copyAnew(ctx context.Context, op string, r CopyRequest, v *Version) (*Version, error) {
	name := resource(r.Bucket, r.Key)
	content, err := s.Open(ctx, r.Source, 0, r.Source.Size)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	how, envelope, err := s.newSeal(ctx, r.Encryption, placeOf(v.BucketID, v.Key))
	if err != nil {
		return nil, fail(op, name, err)
	}
	want := Integrity{Algorithm: r.Algorithm}
	if want.Algorithm == NoChecksum {
		want.Algorithm = r.Source.Checksum.Algorithm
	}
	body, err := s.storeBody(ctx, bodyRequest{content, v.Size, want, s.o.InlineMax, how})
	if err != nil {
		return nil, fail(op, name, err)
	}
	v.ETag, v.Checksum, v.PartCount, v.Content, v.Encryption = body.etag, body.checksum, 0, body.content(), envelope
	made, err := s.publish(ctx, publication{op: op, bucket: r.Bucket, version: v, body: body.inline, fresh: body.fresh(), condition: r.Condition, event: ObjectCreatedCopy, by: r.By})
	if err != nil {
		s.abandonAll(ctx, body.fresh())
	}
	return made, err
}
