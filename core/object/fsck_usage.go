package object

import (
	"bytes"
	"context"
	"fmt"

	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// checkUsages holds the usage of every bucket against its rows, and its history against its usage.
func (c *checker) checkUsages(ctx context.Context) error {
	return c.s.eachRow(ctx, []byte{kindBucketID}, []byte{kindBucketID + 1}, false, func(row kv.Row) error {
		var id BucketID
		if len(row.Key) != 1+len(id) {
			return nil // checkBucketID reports it
		}
		copy(id[:], row.Key[1:])
		name := string(row.Value)
		for _, check := range []func(context.Context, BucketID, string) ([]Finding, error){c.checkUsage, c.checkHistory} {
			look := func(ctx context.Context) ([]Finding, error) { return check(ctx, id, name) }
			if err := c.suspect(ctx, look, look); err != nil {
				return err
			}
		}
		return nil
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
	return []Finding{{WrongUsage, "bucket " + name, fmt.Sprintf("%s on record, %s counted", after, counted)}}, nil
}

// checkHistory adds up all changes of the usage of a bucket: they lead to what it is, unless the bucket is older than the
// history.
func (c *checker) checkHistory(ctx context.Context, id BucketID, name string) ([]Finding, error) {
	rows, err := c.s.kv.Get(ctx, bucketKey(name))
	if err != nil || !rows[0].Exists() {
		return nil, err
	}
	b, err := decodeBucket(name, rows[0].Value)
	if err != nil || b.ID != id || b.Created.Unix() < c.s.since {
		return nil, nil // a bucket that does not read is reported elsewhere
	}
	var folded, changes usage
	err = c.s.unfolded(ctx, id, func(sum usage) error {
		folded, changes = sum, usage{}
		prefix := historyPrefix(id)
		return c.s.eachRow(ctx, prefix, tuple.PrefixEnd(prefix), false, func(row kv.Row) error {
			h, err := decodeHistory(row.Value)
			if err == nil {
				changes = changes.plus(h.usage())
			}
			return err
		})
	})
	if err != nil || changes == folded {
		return nil, err
	}
	return []Finding{{WrongHistory, "bucket " + name, fmt.Sprintf("changes to %s, of which %s came", changes, folded)}}, nil
}

// checkHistoryRow reads a row of the history, or the one that says when it begins.
func (c *checker) checkHistoryRow(_ context.Context, row kv.Row) ([]Finding, error) {
	if bytes.Equal(row.Key, historyStartKey()) {
		return nil, nil // read at the start
	}
	if _, _, err := parseHistoryKey(row.Key); err != nil {
		return bad(row.Key, err), nil
	}
	if _, err := decodeHistory(row.Value); err != nil {
		return bad(row.Key, err), nil
	}
	return nil, nil
}

func (c *checker) checkDeleted(_ context.Context, row kv.Row) ([]Finding, error) {
	if _, err := decodeDeleted(row); err != nil {
		return bad(row.Key, err), nil
	}
	return nil, nil
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
				sum = sum.plus(p.usage())
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
