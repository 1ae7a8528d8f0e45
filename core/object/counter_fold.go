package object

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"time"

	"shoal/core/fault"
	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// Bounds of the fold.
const (
	// foldEvery is how long deltas gather. At 1,000 commits a second that is what one scan page holds.
	foldEvery = 5 * time.Second
	// foldBatch is the deltas of one commit: each is a delete, beside the sum's check and write.
	foldBatch = kv.MaxUpdateOps - 2
	// usageShards spreads the deltas of one bucket over ranges of a distributed engine.
	usageShards = 16
	// usageReads bounds how often Usage starts again because a fold came between.
	usageReads = 16
)

// usage is what a bucket holds: state, summed from deltas.
type usage struct {
	objects int64 // versions that are not delete markers
	bytes   int64 // see storedBytes and partBytes
}

func (u usage) plus(v usage) usage { return usage{u.objects + v.objects, u.bytes + v.bytes} }

func (u usage) minus(v usage) usage { return usage{u.objects - v.objects, u.bytes - v.bytes} }

// usage is what v counts for its bucket.
func (v *Version) usage() usage {
	u := usage{objects: 1, bytes: storedBytes(v)}
	if v.DeleteMarker {
		u.objects = 0
	}
	return u
}

func storedBytes(v *Version) int64 { return StoredBytes(v.Size, v.Key, &v.Header) }

// StoredBytes is what a version counts on the storage meter, in bytes: its content, key and user metadata.
func StoredBytes(size int64, key string, h *Header) int64 {
	n := size + int64(len(key))
	for name, value := range h.Meta {
		n += int64(len(name) + len(value))
	}
	return n
}

// partBytes is what a part of an incomplete upload counts, in bytes.
func partBytes(size int64) int64 { return size }

// addUsage makes the commit of tx change the usage of a bucket: one new row, which no other commit
// writes, so that writers of one bucket do not meet.
func (s *Store) addUsage(tx *kv.Tx, id BucketID, delta usage) {
	if delta == (usage{}) {
		return
	}
	tx.Put(newDeltaKey(id), encodeUsage(delta))
}

// Usage returns the stored bytes and the number of objects of a bucket, at one moment.
func (s *Store) Usage(ctx context.Context, id BucketID) (bytes, objects int64, err error) {
	u, err := s.usage(ctx, id)
	if err != nil {
		return 0, 0, fault.New("read usage", fmt.Sprintf("bucket id %x", id), fault.Internal, err)
	}
	return u.bytes, u.objects, nil
}

// OwnerUsage adds up Usage of all buckets of an owner, each at a moment of its own.
func (s *Store) OwnerUsage(ctx context.Context, owner string) (bytes, objects int64, err error) {
	list := ListBucketsRequest{Owner: owner}
	for {
		page, err := s.ListBuckets(ctx, list)
		if err != nil {
			return 0, 0, err
		}
		for _, b := range page.Buckets {
			ofBytes, ofObjects, err := s.Usage(ctx, b.ID)
			if err != nil {
				return 0, 0, err
			}
			bytes, objects = bytes+ofBytes, objects+ofObjects
		}
		if list.After = page.Next; list.After == "" {
			return bytes, objects, nil
		}
	}
}

// usage is the sum row plus the deltas. The sum row read again unchanged proves that no fold moved
// deltas into it between the pages.
func (s *Store) usage(ctx context.Context, id BucketID) (usage, error) {
	for range usageReads {
		sum, before, err := s.readSum(ctx, id)
		if err != nil {
			return usage{}, err
		}
		total := sum
		prefix := deltaPrefix(id)
		err = s.eachRow(ctx, prefix, tuple.PrefixEnd(prefix), false, func(row kv.Row) error {
			d, err := decodeUsage(row.Value)
			total = total.plus(d)
			return err
		})
		if err != nil {
			return usage{}, err
		}
		_, after, err := s.readSum(ctx, id)
		if err != nil {
			return usage{}, err
		}
		if bytes.Equal(before, after) {
			return total, nil
		}
	}
	return usage{}, fmt.Errorf("usage kept changing during %d reads", usageReads)
}

func (s *Store) readSum(ctx context.Context, id BucketID) (usage, kv.Version, error) {
	rows, err := s.kv.Get(ctx, sumKey(id))
	if err != nil || !rows[0].Exists() {
		return usage{}, nil, err
	}
	u, err := decodeUsage(rows[0].Value)
	return u, rows[0].Version, err
}

// EachUsage calls f with every bucket and what it holds, in order of name. It stops at f's first error
// and returns it.
func (s *Store) EachUsage(ctx context.Context, f func(b *Bucket, bytes, objects int64) error) error {
	r := ListBucketsRequest{}
	for {
		page, err := s.ListBuckets(ctx, r)
		if err != nil {
			return err
		}
		for _, b := range page.Buckets {
			bytes, objects, err := s.Usage(ctx, b.ID)
			if err != nil {
				return err
			}
			if err := f(b, bytes, objects); err != nil {
				return err
			}
		}
		if page.Next == "" {
			return nil
		}
		r.After = page.Next
	}
}

// runFold folds until ctx ends.
func (s *Store) runFold(ctx context.Context) error {
	return s.every(ctx, foldEvery, "usage fold", s.FoldOnce)
}

// FoldOnce moves every delta there is into the sum of its bucket.
func (s *Store) FoldOnce(ctx context.Context) error {
	from := []byte{kindDelta}
	for {
		rows, _, err := s.kv.Scan(ctx, from, []byte{kindDelta + 1}, kv.ScanOptions{Rows: 1, KeysOnly: true})
		if err != nil {
			return fmt.Errorf("find usage deltas: %w", err)
		}
		if len(rows) == 0 {
			return nil
		}
		id, err := parseDeltaKey(rows[0].Key)
		if err != nil {
			return err
		}
		if err := s.foldBucket(ctx, id); err != nil {
			return fmt.Errorf("fold usage of bucket id %x: %w", id, err)
		}
		from = tuple.PrefixEnd(deltaPrefix(id))
	}
}

func (s *Store) foldBucket(ctx context.Context, id BucketID) error {
	for more := true; more; {
		err := kv.Update(ctx, s.kv, func(tx *kv.Tx) (err error) {
			more, err = foldTx(tx, id)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// foldTx folds up to foldBatch deltas. The sum row is read, and so checked, before the scan: a delta
// that the scan finds was not folded by a rival, or the commit conflicts. A sum of nothing has no row,
// so that a deleted bucket leaves none.
func foldTx(tx *kv.Tx, id BucketID) (more bool, err error) {
	rows, err := tx.Get(sumKey(id))
	if err != nil {
		return false, err
	}
	var sum usage
	if rows[0].Exists() {
		if sum, err = decodeUsage(rows[0].Value); err != nil {
			return false, err
		}
	}
	prefix := deltaPrefix(id)
	deltas, more, err := tx.Scan(prefix, tuple.PrefixEnd(prefix), kv.ScanOptions{Rows: foldBatch})
	if err != nil || len(deltas) == 0 {
		return false, err
	}
	for _, row := range deltas {
		d, err := decodeUsage(row.Value)
		if err != nil {
			return false, err
		}
		sum = sum.plus(d)
		tx.Delete(row.Key)
	}
	if sum == (usage{}) {
		tx.Delete(sumKey(id))
	} else {
		tx.Put(sumKey(id), encodeUsage(sum))
	}
	tx.UseReserve()
	return more, nil
}

func sumKey(id BucketID) []byte { return append(key(kindSum, len(id)), id[:]...) }

func deltaPrefix(id BucketID) []byte { return append(key(kindDelta, len(id)+1+16), id[:]...) }

// newDeltaKey returns a key that no other commit has: shard, 16 random bytes.
func newDeltaKey(id BucketID) []byte {
	var random [16]byte
	rand.Read(random[:]) // never fails (crypto/rand)
	return tuple.AppendID16(append(deltaPrefix(id), random[0]%usageShards), random)
}

func parseDeltaKey(row []byte) (id BucketID, err error) {
	if len(row) != 1+len(id)+1+16 || row[0] != kindDelta {
		return id, fmt.Errorf("usage delta key %x: %w", row, tuple.ErrMalformed)
	}
	copy(id[:], row[1:])
	return id, nil
}

// usageFormat starts the value of delta and sum rows.
const usageFormat = 1

var errUsageRow = fmt.Errorf("%w: usage", errRecord)

func encodeUsage(u usage) []byte {
	b := binary.AppendVarint([]byte{usageFormat}, u.objects)
	return binary.AppendVarint(b, u.bytes)
}

func decodeUsage(b []byte) (usage, error) {
	if len(b) == 0 || b[0] != usageFormat {
		return usage{}, errUsageRow
	}
	objects, n := binary.Varint(b[1:])
	if n <= 0 {
		return usage{}, errUsageRow
	}
	stored, m := binary.Varint(b[1+n:])
	if m <= 0 || 1+n+m != len(b) {
		return usage{}, errUsageRow
	}
	return usage{objects, stored}, nil
}
