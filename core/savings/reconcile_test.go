package savings

import (
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"shoal/core/billing"
	"shoal/core/meter"
)

// TestSavingsAreTheUsageReport: what the origin sent, by month and bucket, is what the meter has of source bittorrent, to the
// byte and the request, at the edges of months too.
func TestSavingsAreTheUsageReport(t *testing.T) {
	months := []billing.Month{billing.MonthOf(march), billing.MonthOf(march.AddDate(0, 1, 0))}
	edge := months[0].End()
	engine := openEngine(t, vfs.NewMem())
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++ // each has an account of its own
		account := fmt.Sprint(runs)
		m, b := meter.New(engine, meter.Options{}), New(engine, Options{MaxSums: numShards})
		for range rapid.IntRange(1, 50).Draw(rt, "batches") {
			at := edge.Add(time.Duration(rapid.Int64Range(-3, 2).Draw(rt, "at"))*time.Hour + time.Duration(rapid.IntRange(-1, 0).Draw(rt, "before")))
			bucket := rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "bucket")
			bytes, pieces := rapid.Int64Range(1, 1<<20).Draw(rt, "bytes"), rapid.Int64Range(0, 3).Draw(rt, "pieces")
			source := rapid.SampledFrom([]meter.Source{meter.REST, meter.BitTorrent}).Draw(rt, "source")
			m.Record(meter.Event{
				At: at, Account: account, Bucket: bucket, Operation: meter.GetObject, Tier: meter.Tier2, Source: source,
				Requests: pieces, BytesOut: bytes,
			})
			if source == meter.BitTorrent {
				b.Count(torrentOf(account, bucket, "key", rapid.Byte().Draw(rt, "version")), at, Counts{OriginBytes: bytes, OriginPieces: pieces})
			}
		}
		for _, month := range months {
			rows, err := m.Report(t.Context(), meter.Query{
				From: month.Start(), To: month.End(), Granularity: meter.Month, Account: account, Source: meter.BitTorrent,
			})
			if err != nil {
				rt.Fatal(err)
			}
			lines, err := b.Lines(t.Context(), month, account)
			if err != nil {
				rt.Fatal(err)
			}
			got, want := make(map[string]Counts), make(map[string]Counts)
			for _, l := range lines {
				got[l.Bucket] = got[l.Bucket].add(l.Counts)
			}
			for _, r := range rows {
				switch r.UsageType {
				case meter.DataTransferOut:
					want[r.Resource] = want[r.Resource].add(Counts{OriginBytes: r.UsageValue})
				case meter.RequestsTier2:
					want[r.Resource] = want[r.Resource].add(Counts{OriginPieces: r.UsageValue})
				}
			}
			if !maps.Equal(got, want) {
				rt.Errorf("%s: savings %v, usage report %v", month, got, want)
			}
		}
	})
}

// TestCountWhileFlushing: nothing is lost or counted twice while many count, flush and look.
func TestCountWhileFlushing(t *testing.T) {
	const workers, each = 8, 500
	b := New(openEngine(t, vfs.NewMem()), Options{MaxSums: numShards})
	var counting sync.WaitGroup
	for w := range workers {
		counting.Go(func() {
			for i := range each {
				b.Count(torrentOf("jeff", "b", fmt.Sprint(i%7), byte(i%7)), march, Counts{OriginBytes: 1})
				if i%100 == w {
					if err := b.Flush(t.Context()); err != nil {
						t.Errorf("Flush: %v", err)
					}
				}
			}
		})
	}
	counting.Wait()
	lines, err := b.Lines(t.Context(), billing.MonthOf(march), "")
	if err != nil {
		t.Fatal(err)
	}
	var sum int64
	for _, l := range lines {
		sum += l.OriginBytes
	}
	if sum != workers*each {
		t.Errorf("%d counted, want %d", sum, workers*each)
	}
}

// BenchmarkCount is what a batch of blocks costs beside the meter, all of one torrent.
func BenchmarkCount(b *testing.B) {
	book, film := New(nil, Options{}), torrentOf("jeff", "b", "film", 1)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			book.Count(film, march, Counts{OriginBytes: 1 << 18, OriginPieces: 1})
		}
	})
}
