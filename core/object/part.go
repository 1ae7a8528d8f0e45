package object

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"shoal/core/fault"
	"shoal/storage/blob"
	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// PutPartRequest is one part to store; Number is 1..10000.
type PutPartRequest struct {
	Upload    *Upload
	Number    int
	Body      io.Reader
	Size      int64
	Integrity Integrity
}

// Part is one stored part.
type Part struct {
	Number   int
	Size     int64
	ETag     ETag
	Modified time.Time
	Checksum Checksum
}

// PartsPage is parts in order of number.
type PartsPage struct {
	Parts []Part
	More  bool
}

// PutPart stores one part; one of the same number is replaced. NoSuchUpload, InvalidArgument for a number.
// The checksum of the upload's algorithm is computed also when the request does not ask for it.
func (s *Store) PutPart(ctx context.Context, r PutPartRequest) (*Part, error) {
	const op = "put part"
	if err := checkPartNumber(op, r.Upload.Key, r.Number); err != nil {
		return nil, err
	}
	if r.Integrity.Algorithm == NoChecksum {
		r.Integrity.Algorithm = r.Upload.Algorithm
	}
	r.Integrity.Fallback = r.Upload.Algorithm == NoChecksum
	key, err := s.openEnvelope(ctx, r.Upload.Encryption, placeOf(r.Upload.BucketID, r.Upload.Key), r.Upload.key)
	if err != nil {
		return nil, fail(op, r.Upload.Key, err)
	}
	how := seal{key, r.Upload.Encryption.Mode}
	body, err := s.storeBody(ctx, bodyRequest{body: r.Body, size: r.Size, want: r.Integrity, seal: how})
	if err != nil {
		return nil, fail(op, r.Upload.Key, err)
	}
	p := &partRecord{Part: Part{Number: r.Number, Size: body.size, ETag: body.etag, Checksum: body.checksum}, Fallback: body.fallback, Extents: body.extents()}
	if err := s.publishPart(ctx, op, r.Upload, p, body.fresh(), nil); err != nil {
		s.abandonAll(ctx, body.fresh())
		return nil, err
	}
	return &p.Part, nil
}

func checkPartNumber(op, name string, number int) error {
	if number < 1 || number > MaxParts {
		return fault.New(op, name, fault.InvalidArgument, errors.New("part number must be an integer between 1 and 10000, inclusive"))
	}
	return nil
}

// publishPart is step 3 of the commit order for a part, the upload's row standing for the guard. extra, which
// may be nil, checks more.
func (s *Store) publishPart(ctx context.Context, op string, u *Upload, p *partRecord, fresh []blob.ID, extra func(*kv.Tx) error) error {
	err := kv.Update(ctx, s.kv, func(tx *kv.Tx) error {
		keys := [][]byte{partKey(u.ID, p.Number)}
		for _, id := range fresh {
			keys = append(keys, intentKey(id))
		}
		upload, rows, err := openUpload(tx, op, u, keys...)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(rows[1:], func(r kv.Row) bool { return !r.Exists() }) {
			return fault.New(op, u.Key, fault.SlowDown, errIntentGone)
		}
		if extra != nil {
			if err := extra(tx); err != nil {
				return err
			}
		}
		if upload.State == uploadSealed {
			// A completion has read the parts: it must read them again.
			upload.State = uploadOpen
			tx.Put(uploadKey(u.BucketID, u.Key, u.ID), encodeUpload(upload))
		}
		for _, id := range fresh {
			tx.Delete(intentKey(id))
		}
		p.Modified = s.now().UTC()
		return s.putPartRow(tx, u, p, rows[0])
	})
	return fail(op, u.Key, err)
}

// putPartRow writes the part's row and references in place of those of old.
func (s *Store) putPartRow(tx *kv.Tx, u *Upload, p *partRecord, old kv.Row) error {
	p.cell = partCell(u.StorageClass)
	delta := p.usage()
	if old.Exists() {
		was, err := decodePart(old.Value)
		if err != nil {
			return err
		}
		delta = delta.minus(was.usage())
		for _, id := range blobsOf(was.Extents) {
			tx.Delete(partRefKey(id, u.ID, p.Number))
			s.enqueue(tx, taskBlob, id, s.due(), taskRecord{})
		}
	}
	for _, id := range blobsOf(p.Extents) { // also one that old had
		tx.Put(partRefKey(id, u.ID, p.Number), encodeRef(u.BucketID, u.Key))
	}
	tx.Put(old.Key, encodePart(p))
	s.addUsage(tx, u.BucketID, p.Modified, delta)
	return nil
}

// ListParts returns up to limit parts with numbers greater than after; NoSuchUpload.
func (s *Store) ListParts(ctx context.Context, u *Upload, after, limit int) (PartsPage, error) {
	const op = "list parts"
	rows, err := s.kv.Get(ctx, uploadKey(u.BucketID, u.Key, u.ID))
	if err != nil {
		return PartsPage{}, fail(op, u.Key, err)
	}
	if !rows[0].Exists() {
		return PartsPage{}, fault.New(op, u.Key, fault.NoSuchUpload, nil)
	}
	now, err := decodeUpload(u.BucketID, u.Key, u.ID, rows[0].Value)
	if err != nil {
		return PartsPage{}, fail(op, u.Key, err)
	}
	if now.State == uploadDone {
		return PartsPage{}, fault.New(op, u.Key, fault.NoSuchUpload, nil)
	}
	var page PartsPage
	if limit = min(limit, MaxList); limit <= 0 || after >= MaxParts {
		return page, nil
	}
	from := partKey(u.ID, max(after, 0)+1)
	rows, page.More, err = s.kv.Scan(ctx, from, tuple.PrefixEnd(partPrefix(u.ID)), kv.ScanOptions{Rows: limit})
	if err != nil {
		return PartsPage{}, fail(op, u.Key, err)
	}
	for _, row := range rows {
		p, err := decodePart(row.Value)
		if err != nil {
			return PartsPage{}, fail(op, u.Key, err)
		}
		page.Parts = append(page.Parts, p.Part)
	}
	return page, nil
}
