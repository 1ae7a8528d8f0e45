package object

import (
	"context"
	"fmt"
	"time"

	"shoal/storage/kv"
)

// expiryPosition is where the lifecycle worker is: keys of the bucket before this one were looked at in the pass of a day.
type expiryPosition struct {
	day         time.Time
	done        bool
	bucket, key string
}

const (
	expiryFieldDay = iota + 1
	expiryFieldDone
	expiryFieldBucket
	expiryFieldKey
)

func expiryKey() []byte { return []byte{kindExpiry} }

func encodeExpiry(p expiryPosition) []byte {
	b := appendTime(newRecord(64), expiryFieldDay, p.day)
	b = appendBool(b, expiryFieldDone, p.done)
	b = appendText(b, expiryFieldBucket, p.bucket)
	return appendText(b, expiryFieldKey, p.key)
}

func decodeExpiry(record []byte) (p expiryPosition, err error) {
	err = readRecord(record, func(f field) error {
		switch f.num {
		case expiryFieldDay:
			p.day = f.time()
		case expiryFieldDone:
			p.done = f.bool()
		case expiryFieldBucket:
			p.bucket = f.string()
		case expiryFieldKey:
			p.key = f.string()
		}
		return nil
	})
	return p, err
}

// loadExpiry returns the position of the last pass, the zero one when there was none.
func (s *Store) loadExpiry(ctx context.Context) (p expiryPosition, err error) {
	rows, err := s.kv.Get(ctx, expiryKey())
	if err != nil || !rows[0].Exists() {
		return p, err
	}
	return decodeExpiry(rows[0].Value)
}

func (e *expirer) save(ctx context.Context, p expiryPosition) error {
	e.saved = e.store.now()
	err := kv.Update(ctx, e.store.kv, func(tx *kv.Tx) error {
		tx.UseReserve()
		tx.Put(expiryKey(), encodeExpiry(p))
		return nil
	})
	if err != nil {
		return fmt.Errorf("save lifecycle position: %w", err)
	}
	return nil
}
