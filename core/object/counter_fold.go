package object

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// Bounds of the fold.
const (
	// foldEvery is how long deltas gather. At 1,000 commits a second that is what one scan page holds.
	foldEvery = 5 * time.Second
	// foldHours is how many hours the deltas of one commit change the history of. They are of one or two, unless nobody
	// has folded for long.
	foldHours = 4
	// foldBatch is the deltas of one commit: each is a delete, beside the check and write of the sum and the writes of histories.
	foldBatch = kv.MaxUpdateOps - 2 - foldHours
	// usageShards spreads the deltas of one bucket over ranges of a distributed engine.
	usageShards = 16
	// usageReads bounds how often a reader of usage starts again because a fold came between.
	usageReads = 16
)

// runFold folds until ctx ends.
func (s *Store) runFold(ctx context.Context) error {
	return s.every(ctx, foldEvery, "usage fold", s.FoldOnce)
}

// FoldOnce moves every delta that is there when it begins into the sum and the history of its bucket.
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
	for from := deltaPrefix(id); from != nil; {
		var next []byte
		err := kv.Update(ctx, s.kv, func(tx *kv.Tx) (err error) {
			next, err = foldTx(tx, id, from)
			return err
		})
		if err != nil {
			return err
		}
		from = next
	}
	return nil
}

// foldTx folds up to foldBatch deltas from a key on, and returns the key from which there are more, nil when there are
// none: to begin at the front each time is to step over all that were removed. The sum row is read, and so checked, before
// the scan: a delta that the scan finds was not folded by a rival, or the commit conflicts. The sum row is written also
// when nothing is left, also of a bucket that is deleted: by it a reader sees that there was a fold.
func foldTx(tx *kv.Tx, id BucketID, from []byte) (next []byte, err error) {
	rows, err := tx.Get(sumKey(id))
	if err != nil {
		return nil, err
	}
	var sum usageRow
	if rows[0].Exists() {
		if sum, err = decodeUsage(rows[0].Value); err != nil {
			return nil, err
		}
	}
	deltas, more, err := tx.Scan(from, tuple.PrefixEnd(deltaPrefix(id)), kv.ScanOptions{Rows: foldBatch})
	if err != nil || len(deltas) == 0 {
		return nil, err
	}
	hours := make(foldedHours, 0, foldHours)
	for _, row := range deltas {
		d, err := decodeUsage(row.Value)
		if err != nil {
			return nil, err
		}
		if !hours.add(d) {
			if next == nil {
				next = row.Key
			}
			continue
		}
		sum.usage = sum.usage.plus(d.usage)
		tx.Delete(row.Key)
	}
	if next == nil && more {
		next = append(deltas[len(deltas)-1].Key, 0)
	}
	tx.Put(sumKey(id), encodeUsage(sum))
	tx.UseReserve()
	return next, hours.put(tx, id)
}

// foldedHours is what one commit of the fold adds to the history of a bucket.
type foldedHours []foldedHour

type foldedHour struct {
	hour  int64
	added history
}

// add takes a delta, unless it is of one hour too many. One without a time, of format 1, is older than the history.
func (f *foldedHours) add(d usageRow) bool {
	if d.at == 0 {
		return true
	}
	hour := d.at / secondsPerHour
	for i := range *f {
		if (*f)[i].hour == hour {
			(*f)[i].added.add(d.usage, d.at%secondsPerHour)
			return true
		}
	}
	if len(*f) == foldHours {
		return false
	}
	*f = append(*f, foldedHour{hour: hour})
	(*f)[len(*f)-1].added.add(d.usage, d.at%secondsPerHour)
	return true
}

// put adds f to the history rows of a bucket, whose sum row tx has checked and writes: nobody else writes them meanwhile.
func (f foldedHours) put(tx *kv.Tx, id BucketID) error {
	keys := make([][]byte, len(f))
	for i := range f {
		keys[i] = historyKey(id, f[i].hour)
	}
	rows, err := tx.Peek(keys...)
	if err != nil {
		return err
	}
	for i, row := range rows {
		if row.Exists() {
			before, err := decodeHistory(row.Value)
			if err != nil {
				return err
			}
			f[i].added.plus(before)
		}
		tx.Put(keys[i], encodeHistory(&f[i].added))
	}
	return nil
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
