package object

import (
	"fmt"

	"shoal/storage/blob"
	"shoal/storage/kv/tuple"
	"shoal/wire/torrent"
)

// torrentRecord is the value of a torrent row: what the torrents of all kinds of a version are made of, except
// the v1 piece hashes and the v2 piece layer, which rest in the torrent data row, or in a blob when they are
// over torrentInlineMax together.
type torrentRecord struct {
	key         string // of the object, for fsck
	name        string
	pieceLength int64
	root        torrent.Hash // v2
	piecesSize  int64        // bytes
	layerSize   int64        // bytes, behind the piece hashes
	blob        blob.ID      // zero when the data is in its row
	kinds       [torrent.NumKinds]torrentID
}

// torrentID is what follows from the info dictionary of one kind.
type torrentID struct {
	infoHash   torrent.InfoHash   // zero for V2
	infoHashV2 torrent.InfoHashV2 // zero for V1
	infoSize   int64              // bytes of the info dictionary
}

// dataSize is the bytes behind the record.
func (r *torrentRecord) dataSize() int64 { return r.piecesSize + r.layerSize }

// torrentInlineMax is the bytes of piece hashes and piece layer that stay in one row, below
// kv.MaxValue and with room in the commit for the other rows: 900 pieces, objects of up to about 450 MiB.
const torrentInlineMax = 48 << 10

const (
	torrentFieldKey = iota + 1
	torrentFieldName
	torrentFieldPieceLength
	torrentFieldRoot
	torrentFieldPiecesSize
	torrentFieldLayerSize
	torrentFieldBlob
	torrentFieldKind // repeated, one of each kind in the order V1, Hybrid, V2
)

// Fields of an element of torrentFieldKind.
const (
	torrentIDFieldInfoHash = iota + 1
	torrentIDFieldInfoHashV2
	torrentIDFieldInfoSize
)

func encodeTorrent(r torrentRecord) []byte {
	b := appendText(newRecord(512+len(r.key)), torrentFieldKey, r.key)
	b = appendText(b, torrentFieldName, r.name)
	b = appendUint(b, torrentFieldPieceLength, uint64(r.pieceLength))
	b = appendText(b, torrentFieldRoot, r.root[:])
	b = appendUint(b, torrentFieldPiecesSize, uint64(r.piecesSize))
	b = appendUint(b, torrentFieldLayerSize, uint64(r.layerSize))
	if r.blob != (blob.ID{}) {
		b = appendID(b, torrentFieldBlob, r.blob)
	}
	for _, id := range r.kinds {
		b = appendMessage(b, torrentFieldKind, encodeTorrentID(id))
	}
	return b
}

func encodeTorrentID(id torrentID) []byte {
	var b []byte
	if !id.infoHash.IsZero() {
		b = appendText(b, torrentIDFieldInfoHash, id.infoHash[:])
	}
	if !id.infoHashV2.IsZero() {
		b = appendText(b, torrentIDFieldInfoHashV2, id.infoHashV2[:])
	}
	return appendUint(b, torrentIDFieldInfoSize, uint64(id.infoSize))
}

func decodeTorrent(record []byte) (r torrentRecord, err error) {
	kinds := 0
	err = readRecord(record, func(f field) error {
		if f.num != torrentFieldKind {
			return r.read(f)
		}
		if kinds == len(r.kinds) {
			return fmt.Errorf("%w: more than %d kinds", errRecord, kinds)
		}
		kinds++
		return readFields(f.data, r.kinds[kinds-1].read)
	})
	if err != nil {
		return r, fmt.Errorf("torrent: %w", err)
	}
	if r.pieceLength <= 0 || r.pieceLength%torrent.BlockSize != 0 || r.piecesSize < 0 || r.layerSize < 0 || kinds != len(r.kinds) {
		return r, fmt.Errorf("torrent: %w: piece length %d, sizes %d and %d, %d kinds",
			errRecord, r.pieceLength, r.piecesSize, r.layerSize, kinds)
	}
	return r, nil
}

func (id *torrentID) read(f field) (err error) {
	switch f.num {
	case torrentIDFieldInfoHash:
		err = f.fill(id.infoHash[:])
	case torrentIDFieldInfoHashV2:
		err = f.fill(id.infoHashV2[:])
	case torrentIDFieldInfoSize:
		if id.infoSize = f.int64(); id.infoSize <= 0 {
			err = fmt.Errorf("%w: info dictionary of %d bytes", errRecord, id.infoSize)
		}
	}
	return err
}

func (r *torrentRecord) read(f field) (err error) {
	switch f.num {
	case torrentFieldKey:
		r.key = f.string()
	case torrentFieldName:
		r.name = f.string()
	case torrentFieldPieceLength:
		r.pieceLength = f.int64()
	case torrentFieldRoot:
		err = f.fill(r.root[:])
	case torrentFieldPiecesSize:
		r.piecesSize = f.int64()
	case torrentFieldLayerSize:
		r.layerSize = f.int64()
	case torrentFieldBlob:
		r.blob, err = f.id()
	}
	return err
}

// fill copies the field into dst, which it must fit.
func (f field) fill(dst []byte) error {
	if len(f.data) != len(dst) {
		return fmt.Errorf("%w: field %d has %d bytes, not %d", errRecord, f.num, len(f.data), len(dst))
	}
	copy(dst, f.data)
	return nil
}

func torrentKey(id BucketID, v VersionID) []byte {
	return tuple.AppendID16(append(key(kindTorrent, len(id)+len(v)), id[:]...), v)
}

func torrentDataKey(id BucketID, v VersionID) []byte {
	return tuple.AppendID16(append(key(kindTorrentData, len(id)+len(v)), id[:]...), v)
}

// parseTorrentKey is the inverse of torrentKey and torrentDataKey.
func parseTorrentKey(row []byte) (id BucketID, v VersionID, err error) {
	if len(row) != 1+len(id)+len(v) {
		return id, v, fmt.Errorf("torrent row key %x: %w", row, tuple.ErrMalformed)
	}
	copy(id[:], row[1:])
	copy(v[:], row[1+len(id):])
	return id, v, nil
}

// infohashPrefix starts the keys of all versions that have a torrent of that hash.
func infohashPrefix(h torrent.InfoHash) []byte { return tuple.AppendID20(key(kindInfohash, 44), h) }

func infohashKey(h torrent.InfoHash, id BucketID, v VersionID) []byte {
	return tuple.AppendID16(append(infohashPrefix(h), id[:]...), v)
}

// parseInfohashKey is the inverse of infohashKey.
func parseInfohashKey(row []byte) (h torrent.InfoHash, id BucketID, v VersionID, err error) {
	if len(row) != 1+len(h)+len(id)+len(v) {
		return h, id, v, fmt.Errorf("infohash row key %x: %w", row, tuple.ErrMalformed)
	}
	copy(h[:], row[1:])
	copy(id[:], row[1+len(h):])
	copy(v[:], row[1+len(h)+len(id):])
	return h, id, v, nil
}

// Fields of the value of an infohash row.
const (
	infohashFieldKey  = 1
	infohashFieldKind = 2 // 0 V1, 1 Hybrid, 2 V2
)

// encodeInfohash is the value of an infohash row: the object key, for the version's row, and the kind of
// torrent that has the hash.
func encodeInfohash(objectKey string, kind torrent.Kind) []byte {
	b := appendText(newRecord(8+len(objectKey)), infohashFieldKey, objectKey)
	return appendUint(b, infohashFieldKind, uint64(kind))
}

func decodeInfohash(record []byte) (objectKey string, kind torrent.Kind, err error) {
	err = readRecord(record, func(f field) error {
		switch f.num {
		case infohashFieldKey:
			objectKey = f.string()
		case infohashFieldKind:
			if f.uint >= torrent.NumKinds {
				return fmt.Errorf("%w: torrent kind %d", errRecord, f.uint)
			}
			kind = torrent.Kind(f.uint)
		}
		return nil
	})
	return objectKey, kind, err
}

// torrentRefKey is the reference of a torrent to the blob of its data.
func torrentRefKey(b blob.ID, v VersionID) []byte {
	return tuple.AppendID16(append(refPrefix(refBlob, b), byTorrent), v)
}
