package object

import (
	"time"

	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// deletedBucket is what the bill says of a bucket that is gone. Whatever its uploads left for the collector costs nothing
// any more.
type deletedBucket struct {
	id      BucketID
	name    string
	owner   string
	created time.Time
	deleted int64 // Unix seconds
}

const (
	deletedFieldName = iota + 1
	deletedFieldOwner
	deletedFieldCreated
)

// deletedKey sorts by time, so that a report reads only the buckets that were there during its period.
func deletedKey(deleted int64, id BucketID) []byte {
	return append(tuple.AppendUint64(key(kindDeleted, 8+len(id)), uint64(deleted)), id[:]...)
}

func parseDeletedKey(row []byte) (deleted int64, id BucketID, err error) {
	if len(row) != 1+8+len(id) || row[0] != kindDeleted {
		return 0, id, tuple.ErrMalformed
	}
	d := tuple.NewDecoder(row[1 : 1+8])
	deleted = int64(d.Uint64())
	copy(id[:], row[1+8:])
	return deleted, id, d.Done()
}

func encodeDeleted(b *Bucket) []byte {
	r := appendText(newRecord(128), deletedFieldName, b.Name)
	r = appendText(r, deletedFieldOwner, b.Owner)
	return appendTime(r, deletedFieldCreated, b.Created)
}

func decodeDeleted(row kv.Row) (d deletedBucket, err error) {
	if d.deleted, d.id, err = parseDeletedKey(row.Key); err != nil {
		return d, err
	}
	err = readRecord(row.Value, func(f field) error {
		switch f.num {
		case deletedFieldName:
			d.name = f.string()
		case deletedFieldOwner:
			d.owner = f.string()
		case deletedFieldCreated:
			d.created = f.time()
		}
		return nil
	})
	return d, err
}
