package object

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"shoal/core/access"
	"shoal/core/encryption"
	"shoal/core/fault"
	"shoal/storage/kv"
)

// UploadID names a multipart upload. Its text form (String, ParseUploadID) is URL-safe.
type UploadID [16]byte

// NewUpload is what CreateMultipartUpload gives.
type NewUpload struct {
	Bucket       *Bucket
	Key          string
	Owner        access.Owner
	ACL          access.ACL
	Header       Header
	Tags         []access.Tag
	Lock         Lock
	StorageClass string
	Algorithm    ChecksumAlgorithm
	Type         ChecksumType
	Encryption   encryption.Choice
}

// Upload is a multipart upload in progress.
type Upload struct {
	ID           UploadID
	BucketID     BucketID
	Key          string
	Initiated    time.Time
	Owner        access.Owner
	ACL          access.ACL
	Header       Header
	Tags         []access.Tag
	Lock         Lock
	StorageClass string
	Algorithm    ChecksumAlgorithm
	Type         ChecksumType
	Encryption   encryption.Envelope // of the parts, and of the object that they become

	key *encryption.Key // of parts under a customer's key; see UnlockUpload
}

// String returns the URL-safe text form.
func (id UploadID) String() string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// ParseUploadID is the inverse of String; NoSuchUpload for what no upload is called.
func ParseUploadID(text string) (id UploadID, err error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != len(id) {
		return id, fault.New("read upload id", text, fault.NoSuchUpload, nil)
	}
	return UploadID(raw), nil
}

// newUploadID starts with the time, so that uploads of a key are listed in the order of their initiation.
func newUploadID(now time.Time) (id UploadID) {
	binary.BigEndian.PutUint64(id[:8], uint64(now.UnixNano()))
	rand.Read(id[8:]) // never fails (crypto/rand)
	return id
}

// CreateUpload begins a multipart upload.
func (s *Store) CreateUpload(ctx context.Context, r NewUpload) (*Upload, error) {
	const op = "create upload"
	name := resource(r.Bucket, r.Key)
	if err := checkObject(op, name, r.Key, &r.Header, r.ACL); err != nil {
		return nil, err
	}
	if err := CheckTags(r.Tags, MaxObjectTags); err != nil {
		return nil, err
	}
	if err := checkChecksumType(op, name, r.Algorithm, r.Type); err != nil {
		return nil, err
	}
	if err := s.checkLock(op, name, r.Bucket, r.Lock); err != nil {
		return nil, err
	}
	_, envelope, err := s.newSeal(ctx, r.Encryption, placeOf(r.Bucket.ID, r.Key))
	if err != nil {
		return nil, fail(op, name, err)
	}
	now := s.now().UTC()
	u := &uploadRecord{Upload: Upload{
		ID: newUploadID(now), BucketID: r.Bucket.ID, Key: r.Key, Initiated: now, Owner: r.Owner, ACL: r.ACL,
		Header: r.Header, Tags: r.Tags, Lock: r.Lock, StorageClass: r.StorageClass, Algorithm: r.Algorithm, Type: r.Type,
		Encryption: envelope,
	}}
	err = kv.Update(ctx, s.kv, func(tx *kv.Tx) error {
		rows, err := tx.Get(guardOf(r.Bucket.ID, r.Key))
		if err != nil {
			return err
		}
		if _, err := checkGuard(tx, op, name, rows[0]); err != nil {
			return err
		}
		tx.Put(uploadKey(u.BucketID, u.Key, u.ID), encodeUpload(u))
		return nil
	})
	if err != nil {
		return nil, fail(op, name, err)
	}
	return &u.Upload, nil
}

func checkChecksumType(op, name string, a ChecksumAlgorithm, t ChecksumType) error {
	if a != NoChecksum && !a.Has(t) {
		return fault.New(op, name, fault.InvalidRequest, errors.New("the checksum type cannot be used with the checksum algorithm"))
	}
	return nil
}

// Upload returns an upload in progress, or one that was completed so lately that completing it again
// succeeds; NoSuchUpload.
func (s *Store) Upload(ctx context.Context, b *Bucket, key string, id UploadID) (*Upload, error) {
	const op = "find upload"
	rows, err := s.kv.Get(ctx, uploadKey(b.ID, key, id))
	if err != nil {
		return nil, fail(op, resource(b, key), err)
	}
	if !rows[0].Exists() {
		return nil, fault.New(op, resource(b, key), fault.NoSuchUpload, nil)
	}
	u, err := decodeUpload(b.ID, key, id, rows[0].Value)
	if err != nil {
		return nil, fail(op, resource(b, key), err)
	}
	return &u.Upload, nil
}

// openUpload reads an upload row as a condition of tx; NoSuchUpload when it is gone or completed.
func openUpload(tx *kv.Tx, op string, u *Upload, more ...[]byte) (*uploadRecord, []kv.Row, error) {
	rows, err := tx.Get(append([][]byte{uploadKey(u.BucketID, u.Key, u.ID)}, more...)...)
	if err != nil {
		return nil, nil, err
	}
	if !rows[0].Exists() {
		return nil, nil, fault.New(op, u.Key, fault.NoSuchUpload, nil)
	}
	now, err := decodeUpload(u.BucketID, u.Key, u.ID, rows[0].Value)
	if err != nil {
		return nil, nil, err
	}
	if now.State == uploadDone {
		return now, nil, fault.New(op, u.Key, fault.NoSuchUpload, nil)
	}
	return now, rows[1:], nil
}

// AbortUpload ends an upload; its parts go in the background. NoSuchUpload; PreconditionFailed when initiated, in
// whole seconds, is given and is not the upload's.
func (s *Store) AbortUpload(ctx context.Context, u *Upload, initiated time.Time) error {
	const op = "abort upload"
	err := kv.Update(ctx, s.kv, func(tx *kv.Tx) error {
		tx.UseReserve()
		now, _, err := openUpload(tx, op, u)
		if err != nil {
			return err
		}
		if !initiated.IsZero() && !initiated.Equal(now.Initiated.Truncate(time.Second)) {
			return fault.New(op, u.Key, fault.PreconditionFailed, nil)
		}
		tx.Delete(uploadKey(u.BucketID, u.Key, u.ID))
		ended := s.now()
		s.enqueue(tx, taskUpload, u.ID, ended, taskRecord{Bucket: u.BucketID, Key: u.Key, Ended: ended})
		return nil
	})
	return fail(op, u.Key, err)
}
