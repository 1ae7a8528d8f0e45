package object

import (
	"context"
	"fmt"

	"shoal/core/fault"
	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// Document names a sub-resource of a bucket that is kept as it was put, in a row of its own: it may be as large as
// the bucket's row, and few requests need it.
type Document string

// The closed list of documents. The names are in keys of rows.
const (
	TaggingDocument Document = "tagging"
	CORSDocument    Document = "cors"
	WebsiteDocument Document = "website"
)

// Documents returns every document.
func Documents() []Document { return []Document{TaggingDocument, CORSDocument, WebsiteDocument} }

// MaxDocument is the largest document, in bytes: what a row holds, without the envelope.
const MaxDocument = kv.MaxValue - 16

const documentFieldData = 1

// Document returns the document d of b, nil when there is none.
func (s *Store) Document(ctx context.Context, b *Bucket, d Document) ([]byte, error) {
	const op = "read bucket document"
	rows, err := s.kv.Get(ctx, documentKey(b.ID, d))
	if err != nil || !rows[0].Exists() {
		return nil, fail(op, b.Name, err)
	}
	data, err := decodeDocument(rows[0].Value)
	return data, fail(op, b.Name, err)
}

// PutDocument replaces the document d of b; nil data takes it away. NoSuchBucket.
func (s *Store) PutDocument(ctx context.Context, b *Bucket, d Document, data []byte) error {
	const op = "put bucket document"
	if len(data) > MaxDocument {
		return fault.New(op, b.Name, fault.InvalidArgument, fmt.Errorf("%s of more than %d bytes", d, MaxDocument))
	}
	err := kv.Update(ctx, s.kv, func(tx *kv.Tx) error {
		// As a condition of the commit: who deletes the bucket deletes its documents.
		rows, err := tx.Get(bucketKey(b.Name))
		if err != nil {
			return err
		}
		now, err := s.bucketOf(b.Name, rows[0])
		if err != nil {
			return err
		}
		if now.ID != b.ID {
			return fault.New(op, b.Name, fault.NoSuchBucket, nil)
		}
		if data == nil {
			tx.Delete(documentKey(b.ID, d))
			return nil
		}
		tx.Put(documentKey(b.ID, d), encodeDocument(data))
		return nil
	})
	return fail(op, b.Name, err)
}

func encodeDocument(data []byte) []byte {
	return appendText(newRecord(len(data)+8), documentFieldData, data)
}

func decodeDocument(record []byte) (data []byte, err error) {
	data = []byte{} // an empty one is there
	err = readRecord(record, func(f field) error {
		if f.num == documentFieldData {
			data = f.data
		}
		return nil
	})
	return data, err
}

func documentKey(id BucketID, d Document) []byte {
	return append(append(key(kindDocument, len(id)+len(d)), id[:]...), d...)
}

// parseDocumentKey is the inverse of documentKey.
func parseDocumentKey(row []byte) (id BucketID, d Document, err error) {
	if len(row) < 1+len(id) || row[0] != kindDocument {
		return id, "", fmt.Errorf("document row key %x: %w", row, tuple.ErrMalformed)
	}
	copy(id[:], row[1:])
	return id, Document(row[1+len(id):]), nil
}
