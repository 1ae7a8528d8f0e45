package object

import (
	"context"

	"shoal/core/encryption"
	"shoal/storage/kv"
)

// maxPartExtents is the most extents that a part takes over by reference: its row and its reference rows
// stay within one commit. A range with more is read and stored as one blob, which also keeps copies of
// copies from falling into ever smaller pieces.
const maxPartExtents = 40

// CopyPartRequest makes a part from a range of an existing version without moving bytes, unless one of the two is
// encrypted: a part has the key of its upload.
type CopyPartRequest struct {
	Upload *Upload
	Number int
	Source *Version
	Off, N int64
}

// CopyPart makes a part of a range of an existing version. InvalidRange, NoSuchUpload; NoSuchKey when the
// source went meanwhile.
func (s *Store) CopyPart(ctx context.Context, r CopyPartRequest) (*Part, error) {
	const op = "copy part"
	if err := checkPartNumber(op, r.Upload.Key, r.Number); err != nil {
		return nil, err
	}
	content, err := s.Open(ctx, r.Source, r.Off, r.N)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	extents, err := s.extents(ctx, r.Source, r.Off, r.N)
	if err != nil {
		return nil, fail(op, r.Upload.Key, err)
	}
	encrypted := r.Source.Encryption.Mode != encryption.None || r.Upload.Encryption.Mode != encryption.None
	if encrypted || r.Source.Content.Inline || len(extents) > maxPartExtents {
		return s.PutPart(ctx, PutPartRequest{Upload: r.Upload, Number: r.Number, Body: content, Size: r.N})
	}
	// The part's ETag is the MD5 of its bytes (AWS), so they are read; they are not written again.
	d, err := newDigests(Integrity{Algorithm: r.Upload.Algorithm, Fallback: r.Upload.Algorithm == NoChecksum})
	if err != nil {
		return nil, err
	}
	if err := d.readAll(content); err != nil {
		return nil, fail(op, r.Upload.Key, err)
	}
	etag, sum, err := d.verify()
	if err != nil {
		return nil, err
	}
	p := &partRecord{Part: Part{Number: r.Number, Size: r.N, ETag: etag, Checksum: sum}, Fallback: d.fallbackSum(), Extents: extents}
	err = s.publishPart(ctx, op, r.Upload, p, nil, func(tx *kv.Tx) error { return liveSource(tx, op, r.Source) })
	if err != nil {
		return nil, err
	}
	return &p.Part, nil
}
