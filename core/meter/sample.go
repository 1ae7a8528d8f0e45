package meter

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"time"
)

const (
	// maxSampleGap is the longest time between two samples that is counted. After a longer one (the
	// machine slept, the clock jumped) the first sample only starts the next interval.
	maxSampleGap = time.Hour
	// sampleBatch is how many buckets are counted at once, between which a flush may come.
	sampleBatch = 256
)

// Stored is what one bucket holds now, with all its versions and the parts of its uploads.
type Stored struct {
	Account string // canonical id of the owner
	Bucket  string
	Bytes   int64
	Objects int64
}

// StorageSource tells what is stored. The sequence has each bucket once; it ends after an error.
type StorageSource interface {
	Stored(ctx context.Context) iter.Seq2[Stored, error]
}

// interval is whole seconds of Unix time, end exclusive. Samples share their edges, so that seconds are
// neither lost nor counted twice.
type interval struct{ from, to int64 }

// runSampler samples until ctx is done. Time before its first sample is not counted: a stopped server
// measures nothing.
func (m *Meter) runSampler(ctx context.Context) {
	ticker := time.NewTicker(m.o.SampleEvery)
	defer ticker.Stop()
	last := m.o.Now().Unix()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := m.o.Now().Unix()
		in := interval{from: last, to: now}
		last = now
		if gap := now - in.from; gap <= 0 || gap > int64(maxSampleGap/time.Second) {
			continue
		}
		if err := m.sample(ctx, in); err != nil && ctx.Err() == nil {
			m.o.Logger.LogAttrs(ctx, slog.LevelError, "stored bytes are not metered for one interval", slog.Any("error", err))
		}
	}
}

// sample counts what is stored now as if it had been so for all of in. After an error the buckets that
// came before it are counted, the others are not.
func (m *Meter) sample(ctx context.Context, in interval) error {
	batch := make([]Stored, 0, sampleBatch)
	for s, err := range m.o.Storage.Stored(ctx) {
		if err != nil {
			return fmt.Errorf("sample stored bytes: %w", err)
		}
		if len(s.Account) > maxName || len(s.Bucket) > maxName || s.Bytes < 0 || s.Objects < 0 {
			m.dropped.Add(1)
			continue
		}
		if s.Bytes == 0 && s.Objects == 0 {
			continue
		}
		if batch = append(batch, s); len(batch) == sampleBatch {
			if err := m.addStored(ctx, batch, in); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	return m.addStored(ctx, batch, in)
}

// addStored adds the bytes and objects of batch over in to the ledger, each hour its part.
func (m *Meter) addStored(ctx context.Context, batch []Stored, in interval) error {
	if err := m.acquire(ctx); err != nil {
		return fmt.Errorf("sample stored bytes: %w", err)
	}
	defer m.release()
	for _, s := range batch {
		for from := in.from; from < in.to; {
			h := hour(from / secondsPerHour)
			to := min(in.to, (int64(h)+1)*secondsPerHour)
			if err := m.addStoredHour(ctx, s, h, to-from); err != nil {
				return err
			}
			from = to
		}
	}
	return nil
}

func (m *Meter) addStoredHour(ctx context.Context, s Stored, h hour, seconds int64) error {
	l := &m.ledger
	k := sumKey{hour: h, operation: StandardStorage, source: REST, account: s.Account, bucket: s.Bucket}
	sum := l.sum(k)
	if sum == nil {
		if err := m.write(ctx); err != nil {
			return fmt.Errorf("sample stored bytes, memory full: %w", err)
		}
		l.shrink()
		sum = l.sum(k)
	}
	l.add(sum, TimedStorage, product(s.Bytes, seconds))
	l.add(sum, StorageObjectCount, product(s.Objects, seconds))
	l.add(sum, sampledSeconds, count(seconds))
	return nil
}
