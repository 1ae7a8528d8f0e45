package savings

import (
	"math"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"shoal/core/billing"
	"shoal/core/meter"
)

// TestCrowd: whatever peers say, what money is computed from is not negative, and no more than what they claim beyond what the
// origin sent, nor than completed downloads and the seeder bear out.
func TestCrowd(t *testing.T) {
	for _, c := range []struct {
		name   string
		counts Counts
		bytes  int64
	}{
		{"nobody", Counts{}, 0},
		{"a lone peer", Counts{OriginBytes: 100, ClaimedBytes: 100, Completions: 1}, 0},
		{"two, one copy", Counts{OriginBytes: 100, ClaimedBytes: 200, Completions: 2, ObservedBytes: 100}, 100},
		{"two whom the seeder did not see", Counts{OriginBytes: 100, ClaimedBytes: 200, Completions: 2}, 100},
		{"two that are half way", Counts{OriginBytes: 40, ClaimedBytes: 100, ObservedBytes: 60}, 20},
		{"one that only claims", Counts{OriginBytes: 100, ClaimedBytes: 1000}, 0},
		{"one that only completes", Counts{OriginBytes: 100, ClaimedBytes: 100, Completions: 50}, 0},
		{"one that only announces pieces", Counts{OriginBytes: 100, ClaimedBytes: 100, ObservedBytes: 900}, 0},
		{"peers that vanish without a word", Counts{OriginBytes: 100, ClaimedBytes: 155, Completions: 1, ObservedBytes: 100}, 55},
		{"more sent than received", Counts{OriginBytes: 300, ClaimedBytes: 200, Completions: 2, ObservedBytes: 100}, 0},
		{"liars for years", Counts{ClaimedBytes: 1}.add(Counts{ClaimedBytes: math.MaxInt64, ObservedBytes: 7}), 7},
	} {
		l := Line{Subject: Subject{Size: 100}, Counts: c.counts}
		if got := l.CrowdBytes(); got != c.bytes {
			t.Errorf("%s: got %d, want %d", c.name, got, c.bytes)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, math.MaxInt64)
		l := Line{Subject: Subject{Size: n.Draw(t, "size")}, Counts: Counts{
			OriginBytes: n.Draw(t, "origin"), ClaimedBytes: n.Draw(t, "claimed"), Completions: n.Draw(t, "completions"), ObservedBytes: n.Draw(t, "observed"),
		}}
		b := l.CrowdBytes()
		if b < 0 || b > l.ClaimedCrowdBytes() || l.Completions == 0 && b > l.ObservedBytes {
			t.Errorf("%+v: %d bytes", l, b)
		}
	})
}

// shipped returns a plan that comes with core/billing.
func shipped(t *testing.T, name string) *billing.Plan {
	t.Helper()
	text, err := billing.ShippedPlan(name)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := billing.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

const gb = int64(1) << 30

// crowd is a line of pieces of 1 MiB in which the crowd moved so many bytes.
func crowd(bytes int64) Line {
	return Line{Subject: Subject{Size: gb, PieceLength: 1 << 20}, Counts: Counts{ClaimedBytes: bytes, ObservedBytes: bytes}}
}

// TestPriceIsMarginal: bytes of the crowd cost what they would have cost on top of what was sent.
func TestPriceIsMarginal(t *testing.T) {
	plan, m := shipped(t, "aws-s3-2026"), billing.MonthOf(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
	for _, c := range []struct {
		name string
		sent int64
		line Line
		want string
		said string
	}{
		{"within what is free", 0, crowd(50 * gb), "0.020480", "0.020480"}, // the requests alone: 51,200 at $0.40 a million
		{"half of it free", 60 * gb, crowd(50 * gb), "0.920480", "0.920480"},
		{"first tier", 1000 * gb, crowd(50 * gb), "4.520480", "4.520480"},
		{"into the second tier", 10330 * gb, crowd(20 * gb), "1.758192", "1.758192"},
		{
			"more claimed than seen", 1000 * gb,
			Line{Subject: Subject{PieceLength: 1 << 20}, Counts: Counts{OriginBytes: 10 * gb, ClaimedBytes: 70 * gb, ObservedBytes: 60 * gb}},
			"4.520480", "5.424576",
		},
		{"liars", 0, Line{Counts: Counts{ClaimedBytes: math.MaxInt64}}, "0.000000", ""},
	} {
		usage := []billing.Item{{UsageType: meter.DataTransferOut, Operation: meter.GetObject, Quantity: c.sent}}
		got, err := Price(plan, m, usage, []Line{c.line})
		if err != nil || got[0].Saved.String() != c.want || c.said != "" && got[0].AsClaimed.String() != c.said {
			t.Errorf("%s: got %+v, %v, want %s, %s as claimed", c.name, got, err, c.want, c.said)
		}
	}
}

// TestSharesAddUp: what lines saved is what their account saved, to the micro-unit, and a line without a crowd nothing.
func TestSharesAddUp(t *testing.T) {
	plan, m := shipped(t, "aws-s3-2026"), billing.MonthOf(march)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 1<<44), rapid.Int64Range(0, math.MaxInt64))
		usage := []billing.Item{{UsageType: meter.DataTransferOut, Operation: meter.GetObject, Quantity: rapid.Int64Range(0, 1<<45).Draw(t, "sent")}}
		var lines []Line
		var all Line
		for range rapid.IntRange(0, 8).Draw(t, "lines") {
			l := Line{
				Subject: Subject{PieceLength: 1 << rapid.IntRange(14, 24).Draw(t, "piece length")},
				Counts:  Counts{OriginBytes: n.Draw(t, "origin"), ClaimedBytes: n.Draw(t, "claimed"), ObservedBytes: n.Draw(t, "observed")},
			}
			lines = append(lines, l)
			all.ClaimedBytes = plus(all.ClaimedBytes, l.CrowdBytes())
		}
		all.ObservedBytes, all.PieceLength = all.ClaimedBytes, math.MaxInt64 // no requests
		got, err := Price(plan, m, usage, lines)
		if err != nil {
			t.Fatal(err)
		}
		least, err := Price(plan, m, usage, []Line{all})
		if err != nil {
			t.Fatal(err)
		}
		var sum Sum
		for i := range got {
			if s := &got[i]; s.Saved < 0 || s.AsClaimed < 0 || s.CrowdBytes() == 0 && s.Saved != 0 {
				t.Errorf("%+v", s)
			}
			sum.Add(&got[i])
		}
		// At most one request for each 16 KiB comes on top, at $0.40 a million.
		most := least[0].Saved + billing.Money(min(sum.CrowdBytes, maxBytes)>>14) + 1
		if sum.Saved < least[0].Saved || sum.Saved > most {
			t.Errorf("shares of %s, want %s to %s", sum.Saved, least[0].Saved, most)
		}
		if sum.CrowdBytes < sum.ClaimedCrowdBytes && sum.Saved > sum.AsClaimed+1 {
			t.Errorf("saved %s, as claimed %s", sum.Saved, sum.AsClaimed)
		}
	})
}

// TestJeffBarrs2006 is the sum that Amazon's evangelist did when S3 was new (quoted at http://www.p2p-blog.com/item-58.html):
// "The traditional download would cost 60 cents to upload, 45 cents to store and $60 to download, for a total of $61.05",
// by BitTorrent at best $1.65, and with each block downloaded five times "still just $3.45, or just 6% of the traditional
// cost". What is stored and how often it is downloaded the quotation does not say. At the prices of March 2006, $0.20 a GB
// either way and $0.15 a GB-month, it can only be 3 GB, a month and 100 downloads.
//
// The third figure does not go with the other two, which have the upload: with it, five downloads of each block make $4.05. It is
// what storage and five transfers cost: five downloads and no upload, or the upload and four downloads. Both are here.
func TestJeffBarrs2006(t *testing.T) {
	const (
		size      = 3 * gb
		downloads = 100
		piece     = 1 << 20
	)
	month := billing.MonthOf(march)
	plan := shipped(t, "aws-s3-2006-03")
	for _, c := range []struct {
		name          string
		direct        int64 // downloads by HTTP
		copies        int64 // by the origin to peers
		total         string
		withoutUpload string
		saved         string
	}{
		{"traditional", downloads, 0, "61.050000", "60.450000", "0.000000"},
		{"BitTorrent at best", 0, 1, "1.650000", "1.050000", "59.400000"},
		{"each block five times", 0, 5, "4.050000", "3.450000", "57.000000"},
		{"each block four times", 0, 4, "3.450000", "2.850000", "57.600000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			engine := openEngine(t, vfs.NewMem())
			m := meter.New(engine, meter.Options{Now: func() time.Time { return march }})
			book := New(engine, Options{})
			film := torrentOf("jeff", "films", "film", 1)
			film.Version.Size, film.PieceLength = size, piece
			event := meter.Event{At: march, Account: "jeff", Bucket: "films"}

			upload := event
			upload.Operation, upload.Tier, upload.Requests, upload.BytesIn = meter.PutObject, meter.Tier1, 1, size
			m.Record(upload)
			event.Operation, event.Tier = meter.GetObject, meter.Tier2
			for range c.direct {
				get := event
				get.Requests, get.BytesOut = 1, size
				m.Record(get)
			}
			for range c.copies {
				sent := event
				sent.Source, sent.Requests, sent.BytesOut = meter.BitTorrent, size/piece, size
				m.Record(sent)
				book.Count(film, march, Counts{OriginBytes: size, OriginPieces: size / piece})
			}
			if peers := downloads - c.direct; peers > 0 {
				book.Count(film, march, Counts{
					ClaimedBytes: peers * size, Completions: peers, ObservedBytes: (peers - c.copies) * size,
				})
			}

			rows, err := m.Report(t.Context(), meter.Query{From: month.Start(), To: month.End(), Granularity: meter.Month})
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, meter.Row{ // what is stored for a whole month
				Account: "jeff", Resource: "films", Operation: meter.StandardStorage, UsageType: meter.TimedStorage,
				UsageValue: size * int64(month.End().Sub(month.Start())/time.Hour),
			})
			checkCost(t, plan, month, rows, c.total)
			var kept []meter.Row
			for _, r := range rows {
				if r.UsageType != meter.DataTransferIn {
					kept = append(kept, r)
				}
			}
			checkCost(t, plan, month, kept, c.withoutUpload)

			lines, err := book.Lines(t.Context(), month, "jeff")
			if err != nil {
				t.Fatal(err)
			}
			list, err := Price(plan, month, Items(rows)["jeff"], lines)
			if err != nil {
				t.Fatal(err)
			}
			var sum Sum
			for i := range list {
				sum.Add(&list[i])
			}
			if got := sum.Saved.String(); got != c.saved || sum.AsClaimed != sum.Saved {
				t.Errorf("saved %s, %s as claimed, want %s", got, sum.AsClaimed, c.saved)
			}
		})
	}
}

// checkCost fails unless the usage of rows costs want.
func checkCost(t *testing.T, plan *billing.Plan, m billing.Month, rows []meter.Row, want string) {
	t.Helper()
	got, err := plan.Cost(m, Items(rows)["jeff"])
	if err != nil || got.String() != want {
		t.Errorf("costs %s, %v, want %s", got, err, want)
	}
}
