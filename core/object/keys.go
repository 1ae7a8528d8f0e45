package object

import (
	"fmt"
	"hash/fnv"

	"shoal/core/accesslog"
	"shoal/storage/blob"
	"shoal/storage/kv/tuple"
)

// Row kinds: the first byte of every key. docs/format/object.md draws the rest of each key and its value.
const (
	kindFormat      = 'f' // format version of the store
	kindBucket      = 'b' // name -> bucket record
	kindBucketID    = 'B' // bucket id -> name
	kindDocument    = 'c' // bucket id, name -> a sub-resource of the bucket as it was put
	kindGuard       = 'G' // bucket id, index -> guard state
	kindHead        = 'h' // bucket id, key -> newest version
	kindVersion     = 'v' // bucket id, key, version id -> an older version
	kindNull        = 'V' // bucket id, key -> version id of the null version when it is an older one
	kindBody        = 'd' // bucket id, key, version id -> inline bytes
	kindManifest    = 'm' // manifest id, chunk -> parts with their extents
	kindUpload      = 'p' // bucket id, key, upload id -> upload record
	kindPart        = 'P' // upload id, part number -> part record
	kindIntent      = 'i' // blob id -> intent record
	kindRef         = 'r' // target, referrer -> where the referrer is
	kindQueue       = 'g' // shard, due, task, id -> task record
	kindTorrent     = 'o' // bucket id, version id -> torrent record
	kindTorrentData = 'O' // bucket id, version id -> v1 piece hashes and v2 piece layer
	kindInfohash    = 't' // infohash, bucket id, version id -> object key and kind of torrent
	kindPrefix      = 'q' // bucket id, id of a prefix torrent -> nothing: the torrents of prefixes of a bucket
	kindDelta       = 'n' // bucket id, shard, random -> usage delta
	kindSum         = 'N' // bucket id -> usage sum
	kindHistory     = 'H' // bucket id, hour -> changes of the usage; alone, when the history begins
	kindDeleted     = 'J' // when, bucket id -> deleted bucket record
	kindScrub       = 's' // position of the scrubber
	kindEvent       = 'e' // target, lane, sequence, random -> event record
	kindExpiry      = 'l' // position of the lifecycle worker

	kindAccessLog = accesslog.Table // of core/accesslog
)

const (
	// guardRows is how many rows of a bucket its writers spread their check over; one row would cost a
	// quarter of the commits of 16 writers on an SQL engine.
	guardRows = 16
	// queueShards spreads the time-ordered keys of the queue over ranges of a distributed engine.
	queueShards = 8
)

func key(kind byte, room int) []byte { return append(make([]byte, 0, 1+room), kind) }

func formatKey() []byte { return []byte{kindFormat} }

// The name is the last field: it stands raw, so that a prefix of the name is a prefix of the key.
func bucketKey(name string) []byte { return append(key(kindBucket, len(name)), name...) }

func bucketIDKey(id BucketID) []byte { return append(key(kindBucketID, len(id)), id[:]...) }

func guardKey(id BucketID, index byte) []byte {
	return append(append(key(kindGuard, len(id)+1), id[:]...), index)
}

// guardOf returns the guard row that writers of objectKey check.
func guardOf(id BucketID, objectKey string) []byte {
	h := fnv.New32a()
	h.Write([]byte(objectKey))
	return guardKey(id, byte(h.Sum32()%guardRows))
}

// headKey ends with the object key, raw: a prefix of the object key is a prefix of the row key, and the
// order of the rows is S3's.
func headKey(id BucketID, objectKey string) []byte {
	return append(append(key(kindHead, len(id)+len(objectKey)), id[:]...), objectKey...)
}

// parseHeadKey is the inverse of headKey.
func parseHeadKey(row []byte) (id BucketID, objectKey string, err error) {
	return parseRawKey(kindHead, row)
}

// parseNullKey is the inverse of nullKey.
func parseNullKey(row []byte) (id BucketID, objectKey string, err error) {
	return parseRawKey(kindNull, row)
}

func parseRawKey(kind byte, row []byte) (id BucketID, objectKey string, err error) {
	raw, err := rawKey(kind, row)
	if err == nil {
		copy(id[:], row[1:])
	}
	return id, string(raw), err
}

// rawKey returns the object key as a part of row.
func rawKey(kind byte, row []byte) ([]byte, error) {
	if len(row) < 1+len(BucketID{}) || row[0] != kind {
		return nil, fmt.Errorf("row key %x: %w", row, tuple.ErrMalformed)
	}
	return row[1+len(BucketID{}):], nil
}

// nullKey ends with the object key, raw, as headKey does; parseNullKey is its inverse.
func nullKey(id BucketID, objectKey string) []byte {
	return append(append(key(kindNull, len(id)+len(objectKey)), id[:]...), objectKey...)
}

// versionPrefix starts the rows of the older versions of a key, newest first.
func versionPrefix(id BucketID, objectKey string) []byte {
	return appendVersionPrefix(make([]byte, 0, 1+len(id)+len(objectKey)+2), id, objectKey)
}

func appendVersionPrefix(b []byte, id BucketID, objectKey string) []byte {
	return tuple.AppendString(append(append(b, kindVersion), id[:]...), objectKey)
}

func versionKey(id BucketID, objectKey string, v VersionID) []byte {
	return keyedRow(kindVersion, id, objectKey, v)
}

func bodyKey(id BucketID, objectKey string, v VersionID) []byte {
	return keyedRow(kindBody, id, objectKey, v)
}

func uploadKey(id BucketID, objectKey string, u UploadID) []byte {
	return keyedRow(kindUpload, id, objectKey, u)
}

// keyedRow is the shape of rows of which a key of a bucket has several.
func keyedRow[T ~[16]byte](kind byte, id BucketID, objectKey string, last T) []byte {
	k := append(key(kind, len(id)+len(objectKey)+2+len(last)), id[:]...)
	return tuple.AppendID16(tuple.AppendString(k, objectKey), last)
}

// parseKeyedRow is the inverse of versionKey, bodyKey and uploadKey.
func parseKeyedRow(row []byte) (id BucketID, objectKey string, last [16]byte, err error) {
	if len(row) < 1+len(id) {
		return id, "", last, fmt.Errorf("row key %x: %w", row, tuple.ErrMalformed)
	}
	copy(id[:], row[1:])
	d := tuple.NewDecoder(row[1+len(id):])
	objectKey, last = d.Str(), d.ID16()
	return id, objectKey, last, d.Done()
}

func manifestKey(m ManifestID, chunk uint16) []byte {
	return tuple.AppendUint16(tuple.AppendID16(key(kindManifest, 18), m), chunk)
}

func manifestPrefix(m ManifestID) []byte { return tuple.AppendID16(key(kindManifest, 16), m) }

func partKey(u UploadID, number int) []byte {
	return tuple.AppendUint16(tuple.AppendID16(key(kindPart, 18), u), uint16(number))
}

func partPrefix(u UploadID) []byte { return tuple.AppendID16(key(kindPart, 16), u) }

// parsePartKey is the inverse of partKey.
func parsePartKey(row []byte) (u UploadID, number int, err error) {
	d := tuple.NewDecoder(row)
	d.Byte()
	u = d.ID16()
	number = int(d.Uint16())
	return u, number, d.Done()
}

func intentKey(b blob.ID) []byte { return tuple.AppendID16(key(kindIntent, 16), b) }

// parseIntentKey is the inverse of intentKey.
func parseIntentKey(row []byte) (blob.ID, error) {
	d := tuple.NewDecoder(row)
	d.Byte()
	return d.ID16(), d.Done()
}

// Targets of reference rows.
const (
	refBlob     = 'b'
	refManifest = 'm'
)

// Referrers of reference rows.
const (
	byVersion = 'v' // a version: its VersionID
	byPart    = 'p' // a part of an upload, or of the manifest that the upload became: UploadID and number
	byTorrent = 'o' // the torrent of a version: its VersionID
)

// refPrefix starts the keys of all references to one target.
func refPrefix[T ~[16]byte](target byte, id T) []byte {
	return tuple.AppendID16(append(key(kindRef, 1+16+1+18), target), id)
}

func versionRefKey[T ~[16]byte](target byte, id T, v VersionID) []byte {
	return tuple.AppendID16(append(refPrefix(target, id), byVersion), v)
}

func partRefKey(b blob.ID, u UploadID, number int) []byte {
	k := tuple.AppendID16(append(refPrefix(refBlob, b), byPart), u)
	return tuple.AppendUint16(k, uint16(number))
}

// refRow is a reference row's key, taken apart.
type refRow struct {
	Target   byte // refBlob or refManifest
	ID       [16]byte
	By       byte // byVersion, byPart or byTorrent
	Referrer [16]byte
	Number   int // of the part
}

// parseRefKey is the inverse of versionRefKey and partRefKey.
func parseRefKey(row []byte) (refRow, error) {
	d := tuple.NewDecoder(row)
	d.Byte()
	r := refRow{Target: d.Byte(), ID: d.ID16(), By: d.Byte(), Referrer: d.ID16()}
	if r.By == byPart {
		r.Number = int(d.Uint16())
	}
	return r, d.Done()
}

// queueKey sorts by due time within a shard, which the id chooses.
func queueKey(due int64, task taskKind, id [16]byte) []byte {
	k := append(key(kindQueue, 1+8+1+16), id[len(id)-1]%queueShards)
	k = append(tuple.AppendUint64(k, uint64(due)), byte(task))
	return tuple.AppendID16(k, id)
}

// queueShardKey starts the rows of one shard.
func queueShardKey(shard byte) []byte { return []byte{kindQueue, shard} }

// parseQueueKey is the inverse of queueKey. due is in Unix nanoseconds.
func parseQueueKey(row []byte) (due int64, task taskKind, id [16]byte, err error) {
	d := tuple.NewDecoder(row)
	d.Byte()
	d.Byte()
	due, task, id = int64(d.Uint64()), taskKind(d.Byte()), d.ID16()
	return due, task, id, d.Done()
}
