package object

import (
	"bytes"
	"context"

	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// rowSpace is rows of a bucket that sort by object key.
type rowSpace struct {
	// start starts the rows of all keys that start with part, and of no other.
	start func(id BucketID, part string) []byte
	// keyOf returns the object key of a row. It may be a part of row.
	keyOf func(row []byte) ([]byte, error)
}

func headSpace() rowSpace {
	return rowSpace{headKey, func(row []byte) ([]byte, error) { return rawKey(kindHead, row) }}
}

func olderSpace() rowSpace {
	return rowSpace{
		func(id BucketID, part string) []byte {
			return tuple.AppendStringPrefix(append(key(kindVersion, len(id)+len(part)), id[:]...), part)
		},
		func(row []byte) ([]byte, error) { _, k, _, err := parseKeyedRow(row); return []byte(k), err },
	}
}

// keyScan walks rows of a bucket, page by page. Of the rows under one common prefix it may pass over all but the
// first.
type keyScan struct {
	engine    kv.Engine
	space     rowSpace
	bucket    BucketID
	prefix    string
	delimiter []byte
	from, to  []byte
	keysOnly  bool
	ended     bool
}

func newKeyScan(e kv.Engine, space rowSpace, bucket BucketID, prefix, delimiter string) *keyScan {
	k := &keyScan{engine: e, space: space, bucket: bucket, prefix: prefix, delimiter: []byte(delimiter)}
	k.from = space.start(bucket, prefix)
	k.to = tuple.PrefixEnd(k.from)
	return k
}

// seek goes on at a row, unless that is before the start.
func (k *keyScan) seek(row []byte) {
	if string(row) > string(k.from) {
		k.from = row
	}
	k.ended = string(k.from) >= string(k.to)
}

// page reads about n entries' rows and moves on behind them.
func (k *keyScan) page(ctx context.Context, n int) ([]kv.Row, error) {
	o := kv.ScanOptions{Rows: n, KeysOnly: k.keysOnly}
	skipper, skips := k.engine.(kv.PrefixScanner)
	var rows []kv.Row
	var more bool
	var err error
	if len(k.delimiter) > 0 && skips {
		rows, more, err = skipper.ScanSkip(ctx, k.from, k.to, o, k.skip)
	} else {
		rows, more, err = k.engine.Scan(ctx, k.from, k.to, o)
	}
	if err != nil {
		return nil, err
	}
	if k.ended = !more || len(rows) == 0; k.ended {
		return rows, nil
	}
	last := rows[len(rows)-1].Key
	if k.from = k.skip(last); k.from == nil {
		k.from = append(append([]byte(nil), last...), 0)
	}
	k.ended = string(k.from) >= string(k.to)
	return rows, nil
}

// skip returns the end of the rows that share the common prefix of row; nil when it has none.
func (k *keyScan) skip(row []byte) []byte {
	objectKey, err := k.space.keyOf(row)
	if err != nil {
		return nil
	}
	if common := k.common(objectKey); common != nil {
		return tuple.PrefixEnd(k.space.start(k.bucket, string(common)))
	}
	return nil
}

// common returns the common prefix that objectKey is listed under: all up to the first delimiter behind
// the requested prefix, a part of objectKey; nil when there is none.
func (k *keyScan) common(objectKey []byte) []byte {
	return commonPrefix(objectKey, k.prefix, k.delimiter)
}

func commonPrefix(objectKey []byte, prefix string, delimiter []byte) []byte {
	if len(delimiter) == 0 {
		return nil
	}
	i := bytes.Index(objectKey[len(prefix):], delimiter)
	if i < 0 {
		return nil
	}
	return objectKey[:len(prefix)+i+len(delimiter)]
}
