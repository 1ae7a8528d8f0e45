package object

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"shoal/storage/kv"
)

// BenchmarkEachStored tells what 10,000 buckets held in a month, each of which changed in ten hours of it.
func BenchmarkEachStored(b *testing.B) {
	const buckets, changed = 10_000, 10
	s, _ := newDiskStore(b)
	begin := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	s.since = 0
	for n := range buckets {
		bucket := &Bucket{ID: BucketID{byte(n >> 8), byte(n), 1}, Name: fmt.Sprintf("bucket-%05d", n), Owner: "owner"}
		var sum usageRow
		err := kv.Update(b.Context(), s.kv, func(tx *kv.Tx) error {
			sum = usageRow{}
			tx.Put(bucketKey(bucket.Name), encodeBucket(bucket))
			for i := range int64(changed) {
				h := new(history)
				h.add(usage{0: {1, 1000}}, 100*i)
				sum.usage = sum.usage.plus(h.usage())
				tx.Put(historyKey(bucket.ID, begin.Unix()/secondsPerHour+70*i), encodeHistory(h))
			}
			tx.Put(sumKey(bucket.ID), encodeUsage(sum))
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	q := StoredQuery{From: begin, To: begin.AddDate(0, 1, 0)}
	b.ReportAllocs()
	for b.Loop() {
		told := 0
		if err := s.EachStored(b.Context(), q, func(*Stored) error { told++; return nil }); err != nil {
			b.Fatal(err)
		}
		if told < buckets*changed {
			b.Fatalf("told of %d times", told)
		}
	}
}

// BenchmarkFold folds a thousand deltas, which one bucket got within a second.
func BenchmarkFold(b *testing.B) {
	const deltas = 1000
	s, bucket := newDiskStore(b)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		for range deltas / 50 {
			err := kv.Update(b.Context(), s.kv, func(tx *kv.Tx) error {
				for range 50 {
					s.addUsage(tx, bucket.ID, s.now(), usage{0: {1, 1000}})
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		b.StartTimer()
		if err := s.FoldOnce(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/deltas*1e9, "ns/delta")
}

// BenchmarkPutNew stores small objects under new keys: each is a delta of the usage, which one put over its like is not.
func BenchmarkPutNew(b *testing.B) {
	s, bucket := newDiskStore(b)
	content := randomContent(1, 1<<10)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_, err := s.Put(b.Context(), PutRequest{
			Bucket: bucket, Key: fmt.Sprintf("key-%09d", i), Body: bytes.NewReader(content), Size: 1 << 10, Owner: testOwner,
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
