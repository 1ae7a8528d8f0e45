package object

import (
	"encoding/hex"
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

	// Of a prefix torrent, which has its folder for a key and no root.
	length    int64 // bytes with padding
	filesSize int64 // bytes of the list of files, behind the piece layers; over 0

	private privateTorrents // none until somebody asks for one
}

// privateTorrents are the private torrents (BEP 27) of a version: over the same piece hashes, with a salt in the info
// dictionary, so that nobody can compute their infohashes from the content.
type privateTorrents struct {
	salt  privateSalt
	kinds [torrent.NumKinds]torrentID
}

// privateSalt is random and never changes, so that a private torrent is the same each time. Zero: there is none.
type privateSalt [16]byte

// source is the salt as "source" of the info dictionary, empty when there is none.
func (s privateSalt) source() string {
	if s == (privateSalt{}) {
		return ""
	}
	return hex.EncodeToString(s[:])
}

// isPrefix reports whether the record is of the objects under a prefix, not of a version.
func (r *torrentRecord) isPrefix() bool { return r.filesSize > 0 }

// torrentForm tells the torrents of a version apart: one of each kind for the public, and the private ones.
type torrentForm struct {
	kind    torrent.Kind
	private bool
}

// id returns what a torrent of the record is known by. It is in r.
func (r *torrentRecord) id(f torrentForm) *torrentID {
	if f.private {
		return &r.private.kinds[f.kind]
	}
	return &r.kinds[f.kind]
}

// torrentID is what follows from the info dictionary of one kind.
type torrentID struct {
	infoHash   torrent.InfoHash   // zero for V2
	infoHashV2 torrent.InfoHashV2 // zero for V1
	infoSize   int64              // bytes of the info dictionary
	downloads  int64              // that peers have completed; see AddDownloads
}

// dataSize is the bytes behind the record.
func (r *torrentRecord) dataSize() int64 { return r.piecesSize + r.layerSize + r.filesSize }

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
	torrentFieldLength
	torrentFieldFilesSize
	torrentFieldPrivateSalt
	torrentFieldPrivateKind // repeated, like torrentFieldKind
)

// Fields of an element of torrentFieldKind.
const (
	torrentIDFieldInfoHash = iota + 1
	torrentIDFieldInfoHashV2
	torrentIDFieldInfoSize
	torrentIDFieldDownloads
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
	b = appendUint(b, torrentFieldLength, uint64(r.length))
	b = appendUint(b, torrentFieldFilesSize, uint64(r.filesSize))
	if r.private.salt == (privateSalt{}) {
		return b
	}
	b = appendText(b, torrentFieldPrivateSalt, r.private.salt[:])
	for _, id := range r.private.kinds {
		b = appendMessage(b, torrentFieldPrivateKind, encodeTorrentID(id))
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
	b = appendUint(b, torrentIDFieldInfoSize, uint64(id.infoSize))
	return appendUint(b, torrentIDFieldDownloads, uint64(id.downloads))
}

func decodeTorrent(record []byte) (r torrentRecord, err error) {
	kinds, private := 0, 0
	err = readRecord(record, func(f field) error {
		switch f.num {
		case torrentFieldKind:
			return readTorrentID(f, &r.kinds, &kinds)
		case torrentFieldPrivateKind:
			return readTorrentID(f, &r.private.kinds, &private)
		}
		return r.read(f)
	})
	if err != nil {
		return r, fmt.Errorf("torrent: %w", err)
	}
	if r.pieceLength <= 0 || r.pieceLength%torrent.BlockSize != 0 || min(r.piecesSize, r.layerSize, r.length, r.filesSize) < 0 || kinds != len(r.kinds) {
		return r, fmt.Errorf("torrent: %w: piece length %d, sizes %d and %d, %d kinds",
			errRecord, r.pieceLength, r.piecesSize, r.layerSize, kinds)
	}
	if wanted := r.private.salt != (privateSalt{}); wanted != (private == len(r.kinds)) || !wanted && private > 0 {
		return r, fmt.Errorf("torrent: %w: %d private kinds, with a salt: %t", errRecord, private, wanted)
	}
	return r, nil
}

// readTorrentID reads the next of kinds, of which n were read.
func readTorrentID(f field, kinds *[torrent.NumKinds]torrentID, n *int) error {
	if *n == len(kinds) {
		return fmt.Errorf("%w: more than %d kinds", errRecord, *n)
	}
	*n++
	return readFields(f.data, kinds[*n-1].read)
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
	case torrentIDFieldDownloads:
		if id.downloads = f.int64(); id.downloads < 0 {
			err = fmt.Errorf("%w: %d downloads", errRecord, id.downloads)
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
	case torrentFieldLength:
		r.length = f.int64()
	case torrentFieldFilesSize:
		r.filesSize = f.int64()
	case torrentFieldPrivateSalt:
		err = f.fill(r.private.salt[:])
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
	infohashFieldKey     = 1
	infohashFieldKind    = 2 // 0 V1, 1 Hybrid, 2 V2
	infohashFieldPrefix  = 3
	infohashFieldPrivate = 4
)

// infohashRecord is the value of an infohash row: which torrent has the hash.
type infohashRecord struct {
	key string // of the object, for the version's row; of a prefix torrent its folder
	torrentForm
	prefix bool // the version id in the row's key is that of a prefix torrent
}

func encodeInfohash(r infohashRecord) []byte {
	b := appendText(newRecord(8+len(r.key)), infohashFieldKey, r.key)
	b = appendUint(b, infohashFieldKind, uint64(r.kind))
	b = appendBool(b, infohashFieldPrefix, r.prefix)
	return appendBool(b, infohashFieldPrivate, r.private)
}

func decodeInfohash(record []byte) (r infohashRecord, err error) {
	err = readRecord(record, func(f field) error {
		switch f.num {
		case infohashFieldKey:
			r.key = f.string()
		case infohashFieldKind:
			if f.uint >= torrent.NumKinds {
				return fmt.Errorf("%w: torrent kind %d", errRecord, f.uint)
			}
			r.kind = torrent.Kind(f.uint)
		case infohashFieldPrefix:
			r.prefix = f.bool()
		case infohashFieldPrivate:
			r.private = f.bool()
		}
		return nil
	})
	return r, err
}

// torrentRefKey is the reference of a torrent to the blob of its data.
func torrentRefKey(b blob.ID, v VersionID) []byte {
	return tuple.AppendID16(append(refPrefix(refBlob, b), byTorrent), v)
}
