package object

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"shoal/core/fault"
	"shoal/storage/kv"
)

const (
	// manifestRowsPerCommit keeps a commit of manifest rows below kv.MaxCommitBytes, with room for the others.
	manifestRowsPerCommit = 12
	// completeAttempts bounds how often a completion starts again because a part was put meanwhile.
	completeAttempts = 16
)

// errUnsealed says that a part was put, or another completion began, since the upload was sealed.
var errUnsealed = errors.New("upload changed while it was completed")

// CompletePart is a part as named by the client in CompleteMultipartUpload.
type CompletePart struct {
	Number   int
	ETag     ETag
	Checksum string // declared base64 value of the upload's algorithm; "" = not declared
}

// CompleteRequest makes a version from uploaded parts. It moves no bytes.
type CompleteRequest struct {
	Bucket    *Bucket
	Upload    *Upload
	Parts     []CompletePart
	Checksum  string // declared full-object or composite value; "" = not declared
	Size      int64  // x-amz-mp-object-size; -1 = not declared
	Condition WriteCondition
	By        Requester
}

// CompleteUpload makes the parts an object. It seals the upload, so that a part that is put meanwhile is
// noticed, reads the parts, writes the first rows of a long manifest, which nothing shows yet, and then
// publishes the rest with the version in one commit. A crash before that leaves an upload that can be
// completed again. Repeated after success it returns the same version for as long as that is current.
//
// InvalidPartOrder, InvalidPart, EntityTooSmall, ChecksumMismatch, NoSuchUpload, and what the condition gives.
func (s *Store) CompleteUpload(ctx context.Context, r CompleteRequest) (*Version, error) {
	const op = "complete upload"
	name := resource(r.Bucket, r.Upload.Key)
	if err := checkPartList(op, name, r.Parts); err != nil {
		return nil, err
	}
	for range completeAttempts {
		v, err := s.completeOnce(ctx, op, r)
		if errors.Is(err, errUnsealed) {
			continue
		}
		return v, fail(op, name, err)
	}
	return nil, fault.New(op, name, fault.ConditionalConflict, errUnsealed)
}

func (s *Store) completeOnce(ctx context.Context, op string, r CompleteRequest) (*Version, error) {
	u, err := s.seal(ctx, op, r.Upload)
	if u != nil && u.State == uploadDone {
		return s.completed(ctx, op, r, u)
	}
	if err != nil {
		return nil, err
	}
	if err := s.precheck(ctx, op, r.Bucket, u.Key, r.Condition); err != nil {
		return nil, err
	}
	all, err := s.readParts(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	a, err := assemble(op, r, u, all, s.o.minPart)
	if err != nil {
		return nil, err
	}
	if len(a.parts) == 0 || a.size == 0 {
		a.content = Content{Inline: true}
	} else if err := s.writeManifest(ctx, op, u, a); err != nil {
		return nil, err
	}
	return s.publish(ctx, publication{
		op: op, bucket: r.Bucket, condition: r.Condition, event: ObjectCreatedCompleteMultipartUpload, by: r.By,
		version: &Version{
			BucketID: u.BucketID, Key: u.Key, Size: a.size, ETag: a.etag, Owner: u.Owner, ACL: u.ACL,
			StorageClass: u.StorageClass, Header: u.Header, Tags: u.Tags, Lock: u.Lock,
			Checksum: a.checksum, PartCount: len(a.parts), Encryption: u.Encryption, Content: a.content,
		},
		extra: func(tx *kv.Tx) (func(*Version) error, error) {
			if err := checkSeal(tx, op, u); err != nil {
				return nil, err
			}
			return func(v *Version) error { s.finishUpload(tx, u, a, v); return nil }, nil
		},
	})
}

// seal marks the upload as being completed by us. A done upload is returned with NoSuchUpload.
func (s *Store) seal(ctx context.Context, op string, u *Upload) (*uploadRecord, error) {
	var sealed *uploadRecord
	err := kv.Update(ctx, s.kv, func(tx *kv.Tx) (err error) {
		if sealed, _, err = openUpload(tx, op, u); err != nil {
			return err
		}
		sealed.State = uploadSealed
		copy(sealed.Seal[:], randomID())
		tx.Put(uploadKey(u.BucketID, u.Key, u.ID), encodeUpload(sealed))
		return nil
	})
	return sealed, err
}

// checkSeal makes the commit of tx depend on our seal.
func checkSeal(tx *kv.Tx, op string, u *uploadRecord) error {
	now, _, err := openUpload(tx, op, &u.Upload)
	if now != nil && (now.State != uploadSealed || !bytes.Equal(now.Seal[:], u.Seal[:])) {
		return errUnsealed
	}
	return err
}

// completed answers a completion that was repeated.
func (s *Store) completed(ctx context.Context, op string, r CompleteRequest, u *uploadRecord) (*Version, error) {
	v, current, err := s.findVersion(ctx, u.BucketID, u.Key, u.Result)
	if err != nil {
		return nil, err
	}
	if v == nil || !current {
		return nil, fault.New(op, resource(r.Bucket, u.Key), fault.NoSuchUpload, nil)
	}
	return v, nil
}

// readParts returns the parts of an upload by number.
func (s *Store) readParts(ctx context.Context, id UploadID) (map[int]partRecord, error) {
	parts := make(map[int]partRecord)
	err := s.eachPart(ctx, id, func(p partRecord) error {
		parts[p.Number] = p
		return nil
	})
	return parts, err
}

// writeManifest writes all manifest rows but the last few, which the final commit takes. An upload that is
// aborted takes them along.
func (s *Store) writeManifest(ctx context.Context, op string, u *uploadRecord, a *assembly) error {
	rows, starts := encodeManifest(a.parts)
	a.content = Content{Manifest: ManifestID(u.ID), Chunks: len(rows), ChunkStarts: starts, ExtentCount: a.extents}
	next := 0
	for ; len(rows)-next > manifestRowsPerCommit; next += manifestRowsPerCommit {
		err := kv.Update(ctx, s.kv, func(tx *kv.Tx) error {
			if err := checkSeal(tx, op, u); err != nil {
				return err
			}
			for i := next; i < next+manifestRowsPerCommit; i++ {
				tx.Put(manifestKey(a.content.Manifest, uint16(i)), rows[i])
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("write manifest: %w", err)
		}
	}
	a.rows, a.firstRow = rows[next:], next
	return nil
}

// finishUpload is the part of the final commit that concerns the upload. Its rows go after a while; those
// of parts that the manifest holds leave their reference rows to it.
func (s *Store) finishUpload(tx *kv.Tx, u *uploadRecord, a *assembly, v *Version) {
	for i, row := range a.rows {
		tx.Put(manifestKey(a.content.Manifest, uint16(a.firstRow+i)), row)
	}
	if a.content.Chunks == 0 {
		// An empty object has no manifest, but an earlier completion may have begun one.
		s.enqueue(tx, taskManifest, u.ID, s.due(), taskRecord{})
	}
	task := taskRecord{Bucket: u.BucketID, Key: u.Key, Done: true, Ended: v.Modified}
	var held usage
	for i := range a.parts {
		held = held.plus(a.parts[i].usage())
		task.keep(a.parts[i].Number)
	}
	done := *u
	done.State, done.Result = uploadDone, v.ID
	tx.Put(uploadKey(u.BucketID, u.Key, u.ID), encodeUpload(&done))
	s.enqueue(tx, taskUpload, u.ID, s.due(), task)
	s.addUsage(tx, u.BucketID, v.Modified, usage{}.minus(held))
}
