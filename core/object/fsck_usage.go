package object

import (
	"context"
	"fmt"

	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// checkUsages holds the usage of every bucket against its rows.
func (c *checker) checkUsages(ctx context.Context) error {
	return c.s.eachRow(ctx, []byte{kindBucketID}, []byte{kindBucketID + 1}, false, func(row kv.Row) error {
		var id BucketID
		if len(row.Key) != 1+len(id) {
			return nil // checkBucketID reports it
		}
		copy(id[:], row.Key[1:])
		look := func(ctx context.Context) ([]Finding, error) { return c.checkUsage(ctx, id, string(row.Value)) }
		return c.suspect(ctx, look, look)
	})
}

// checkUsage counts between two equal readings of the usage. Of a bucket that is written to all the time
// it can say nothing.
func (c *checker) checkUsage(ctx context.Context, id BucketID, name string) ([]Finding, error) {
	before, err := c.s.usage(ctx, id)
	if err != nil {
		return nil, err
	}
	counted, err := c.countUsage(ctx, id)
	if err != nil {
		return nil, err
	}
	after, err := c.s.usage(ctx, id)
	if err != nil || before != after || counted == after {
		return nil, err
	}
	return []Finding{{WrongUsage, "bucket " + name, fmt.Sprintf("%d objects and %d bytes on record, %d and %d counted",
		after.objects, after.bytes, counted.objects, counted.bytes)}}, nil
}

// countUsage adds up the versions of a bucket and the parts of its uploads, those included that wait to be
// taken apart.
func (c *checker) countUsage(ctx context.Context, id BucketID) (usage, error) {
	var sum usage
	count := func(kind byte, objectKeyOf func(row []byte) (string, error)) error {
		prefix := append([]byte{kind}, id[:]...)
		return c.s.eachRow(ctx, prefix, tuple.PrefixEnd(prefix), false, func(row kv.Row) error {
			objectKey, err := objectKeyOf(row.Key)
			if err != nil {
				return nil // reported elsewhere
			}
			v, err := decodeVersion(id, objectKey, row.Value)
			if err != nil {
				return nil
			}
			sum = sum.plus(v.usage())
			return nil
		})
	}
	err := count(kindHead, func(row []byte) (string, error) { _, k, err := parseHeadKey(row); return k, err })
	if err != nil {
		return sum, err
	}
	err = count(kindVersion, func(row []byte) (string, error) { _, k, _, err := parseKeyedRow(row); return k, err })
	if err != nil {
		return sum, err
	}
	parts, err := c.countParts(ctx, id)
	return sum.plus(parts), err
}

// countParts adds up the parts that count for the bucket: those of uploads in progress, and those that an
// abort or a completion left for the collector.
func (c *checker) countParts(ctx context.Context, id BucketID) (usage, error) {
	var sum usage
	add := func(u UploadID, task taskRecord) error {
		prefix := partPrefix(u)
		return c.s.eachRow(ctx, prefix, tuple.PrefixEnd(prefix), false, func(row kv.Row) error {
			p, err := decodePart(row.Value)
			if err == nil && !task.keeps(p.Number) {
				sum.bytes += partBytes(p.Size)
			}
			return nil
		})
	}
	prefix := append([]byte{kindUpload}, id[:]...)
	err := c.s.eachRow(ctx, prefix, tuple.PrefixEnd(prefix), false, func(row kv.Row) error {
		bucket, objectKey, uid, err := parseKeyedRow(row.Key)
		if err != nil {
			return nil
		}
		u, err := decodeUpload(bucket, objectKey, uid, row.Value)
		if err != nil || u.State == uploadDone {
			return nil // its parts are counted with its task
		}
		return add(UploadID(uid), taskRecord{})
	})
	if err != nil {
		return sum, err
	}
	err = c.s.eachRow(ctx, []byte{kindQueue}, []byte{kindQueue + 1}, false, func(row kv.Row) error {
		_, kind, uid, err := parseQueueKey(row.Key)
		if err != nil || kind != taskUpload {
			return nil
		}
		task, err := decodeTask(row.Value)
		if err != nil || task.Bucket != id {
			return nil
		}
		return add(UploadID(uid), task)
	})
	return sum, err
}
