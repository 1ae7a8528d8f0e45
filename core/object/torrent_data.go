package object

import (
	"context"
	"fmt"
	"io"

	"shoal/core/fault"
	"shoal/storage/blob"
)

// Info returns the info dictionary of t, byte for byte what its infohashes are taken over. The slice is
// the caller's. NoTorrent when the piece hashes that go into it are gone.
func (s *Store) Info(ctx context.Context, t *Torrent) ([]byte, error) {
	const op = "read info dictionary"
	var pieces []byte
	if t.Kind.HasV1() {
		var err error
		if pieces, err = s.torrentData(ctx, op, t, 0, t.record.piecesSize); err != nil {
			return nil, err
		}
	}
	dict, err := t.record.infoDict(t.form(), t.Length, t.wireFiles(), pieces)
	if err != nil {
		return nil, fail(op, resource(t.Bucket, t.Version.Key), err)
	}
	return dict, nil
}

// PieceLayer returns the concatenated v2 hashes of the piece layers of all files (BEP 52), nothing for V1 and for
// files of at most one piece. The slice is the caller's. NoTorrent when they are gone.
func (s *Store) PieceLayer(ctx context.Context, t *Torrent) ([]byte, error) {
	if !t.Kind.HasV2() {
		return nil, nil
	}
	return s.torrentData(ctx, "read piece layer", t, t.record.piecesSize, t.record.layerSize)
}

// torrentData returns n bytes from off of the piece hashes and the piece layer, which rest together.
func (s *Store) torrentData(ctx context.Context, op string, t *Torrent, off, n int64) ([]byte, error) {
	name := resource(t.Bucket, t.Version.Key)
	if n == 0 {
		return nil, nil
	}
	if t.record.blob != (blob.ID{}) {
		b, err := s.readBlob(ctx, t.record.blob, off, n)
		if err != nil {
			return nil, fail(op, name, noTorrent(err))
		}
		return b, nil
	}
	rows, err := s.kv.Get(ctx, torrentDataKey(t.Version.BucketID, t.Version.ID))
	if err != nil {
		return nil, fail(op, name, err)
	}
	if !rows[0].Exists() {
		return nil, fault.New(op, name, fault.NoTorrent, nil)
	}
	data := rows[0].Value
	if int64(len(data)) < off+n {
		return nil, fail(op, name, fmt.Errorf("%w: %d bytes of torrent data, %d wanted", errRecord, len(data), off+n))
	}
	return data[off : off+n : off+n], nil
}

// readBlob reads n bytes at once; n is bounded by what a torrent of torrent.MaxPieces has.
func (s *Store) readBlob(ctx context.Context, id blob.ID, off, n int64) ([]byte, error) {
	r, err := s.blobs.Open(ctx, id, off, n)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, fmt.Errorf("read blob %s: %w", id, err)
	}
	return b, nil
}
