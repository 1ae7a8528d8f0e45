package object

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"

	"shoal/core/encryption"
	"shoal/core/fault"
	"shoal/storage/blob"
)

// Content is encrypted under a key of its object (core/encryption), which rests wrapped in the object's row. A blob has
// one body, named by its id, or none; inline content has no name. Extents are of the body as it came, so that ranges,
// parts and torrents know nothing of it.

// errKeyNeeded is S3's sentence for a read or a part without the customer's key.
var errKeyNeeded = errors.New("the object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object")

// seal is how a body to be is encrypted. The zero value is as it comes.
type seal struct {
	key  *encryption.Key // nil when it is not
	mode encryption.Mode
}

// etag returns the ETag of a body whose MD5 is md5: of content under a KMS key or a customer's it must not tell what
// is in it.
func (s seal) etag(md5 ETag) ETag {
	if s.mode != encryption.KMS && s.mode != encryption.Customer {
		return md5
	}
	var id [16]byte
	rand.Read(id[:]) // never fails (crypto/rand)
	return ETag(hex.EncodeToString(id[:]))
}

// blobStream is the cipher of the body that a blob has.
func blobStream(key *encryption.Key, id blob.ID) encryption.Stream { return key.Stream(id[:]) }

// inlineStream is the cipher of inline content.
func inlineStream(key *encryption.Key) encryption.Stream { return key.Stream(nil) }

func placeOf(id BucketID, objectKey string) encryption.Place {
	return encryption.Place{Bucket: id, Key: objectKey}
}

// enclose wraps key for an object at place as c says; nothing when c is none.
func (s *Store) enclose(ctx context.Context, c encryption.Choice, place encryption.Place, key *encryption.Key) (encryption.Envelope, error) {
	if c.Mode == encryption.None {
		return encryption.Envelope{}, nil
	}
	e, err := encryption.Enclose(ctx, s.o.Keys, c, place, key)
	if errors.Is(err, encryption.ErrNoSuchKey) && c.Mode == encryption.KMS {
		err = fault.New("encrypt object", place.Key, fault.NoSuchEncryptionKey, err)
	}
	return e, err
}

// newSeal makes the key of an object to be at place, and wraps it.
func (s *Store) newSeal(ctx context.Context, c encryption.Choice, place encryption.Place) (seal, encryption.Envelope, error) {
	if c.Mode == encryption.None {
		return seal{}, encryption.Envelope{}, nil
	}
	key := encryption.NewKey()
	e, err := s.enclose(ctx, c, place, key)
	return seal{key, c.Mode}, e, err
}

// openEnvelope returns the key of an object or an upload; nil when it is not encrypted. known is that of Unlock.
func (s *Store) openEnvelope(ctx context.Context, e encryption.Envelope, place encryption.Place, known *encryption.Key) (*encryption.Key, error) {
	switch {
	case e.Mode == encryption.None:
		return nil, nil
	case known != nil:
		return known, nil
	case e.Mode == encryption.Customer:
		return nil, fault.New("read object", place.Key, fault.InvalidRequest, errKeyNeeded)
	}
	return e.Open(ctx, s.o.Keys, place, nil)
}

func (s *Store) keyOf(ctx context.Context, v *Version) (*encryption.Key, error) {
	return s.openEnvelope(ctx, v.Encryption, placeOf(v.BucketID, v.Key), v.key)
}

// Unlock returns v with the key of its content, for Open, Copy and CopyPart, when it is under that key of a customer.
// InvalidRequest when one is needed and customer is nil, or the other way round; AccessDenied for another key.
func (s *Store) Unlock(ctx context.Context, v *Version, customer *encryption.Key) (*Version, error) {
	key, err := s.unlock(ctx, v.Encryption, placeOf(v.BucketID, v.Key), customer)
	if err != nil || key == nil {
		return v, err
	}
	open := *v
	open.key = key
	return &open, nil
}

// UnlockUpload is Unlock for the parts of u.
func (s *Store) UnlockUpload(ctx context.Context, u *Upload, customer *encryption.Key) (*Upload, error) {
	key, err := s.unlock(ctx, u.Encryption, placeOf(u.BucketID, u.Key), customer)
	if err != nil || key == nil {
		return u, err
	}
	open := *u
	open.key = key
	return &open, nil
}

// unlock returns the key behind a customer's; nil when none is needed.
func (s *Store) unlock(ctx context.Context, e encryption.Envelope, place encryption.Place, customer *encryption.Key) (*encryption.Key, error) {
	const op = "unlock object"
	isCustomer := e.Mode == encryption.Customer
	switch {
	case !isCustomer && customer == nil:
		return nil, nil
	case !isCustomer:
		return nil, fault.New(op, place.Key, fault.InvalidRequest, errors.New("the encryption parameters are not applicable to this object"))
	case customer == nil:
		return nil, fault.New(op, place.Key, fault.InvalidRequest, errKeyNeeded)
	}
	key, err := e.Open(ctx, nil, place, customer)
	if errors.Is(err, encryption.ErrWrongKey) {
		return nil, fault.New(op, place.Key, fault.AccessDenied, err)
	}
	return key, err
}

// inlineRest returns the bytes that inline content of v has at rest.
func (v *Version) inlineRest() int64 {
	if v.Encryption.Mode == encryption.None {
		return v.Size
	}
	return encryption.SealedSize(v.Size)
}

// torrentRefusal says why v has no torrent; nil when it may. Peers send no keys, and a KMS key is for those who sign (S3
// user guide).
func (v *Version) torrentRefusal() error {
	switch {
	case v.DeleteMarker:
		return errors.New("a delete marker has no content")
	case v.Encryption.Mode == encryption.Customer:
		return errors.New("an object under a customer's key (SSE-C) has no torrent")
	case v.Encryption.Mode == encryption.KMS:
		return errors.New("an object under a KMS key (SSE-KMS) has no torrent")
	}
	return nil
}

// checkSealed holds an extent against the version that it is of: what is not sealed is not what was put.
func checkSealed(e Extent, key *encryption.Key) error {
	if (e.Sealed > 0) != (key != nil) {
		return fmt.Errorf("%w: blob %s and its object differ on encryption", errRecord, e.Blob)
	}
	return nil
}
