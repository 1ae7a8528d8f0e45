package meter

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"shoal/core/fault"
)

// reportMeter has GETs of bucket b at the edges of hours, days and months.
func reportMeter(t *testing.T) *Meter {
	t.Helper()
	e := newFake()
	e.page = 3 // many pages
	m := New(e, Options{Now: fixedClock(noon)})
	for i, at := range []string{
		"2012-07-31T23:59:59.999999999Z", "2012-08-01T00:00:00Z", "2012-08-01T00:59:59Z", "2012-08-01T01:00:00Z",
		"2012-08-11T17:00:00Z", "2012-08-11T23:59:59Z", "2012-08-12T02:00:00+02:00", "2012-09-01T00:00:00Z",
	} {
		when, err := time.Parse(time.RFC3339Nano, at)
		if err != nil {
			t.Fatal(err)
		}
		ev := get("b", int64(math.Pow10(i)))
		ev.At, ev.Tier = when, TierNone
		m.Record(ev)
	}
	return m
}

func TestReportGranularities(t *testing.T) {
	from := time.Date(2012, 7, 1, 0, 0, 0, 0, time.UTC)
	to := time.Date(2012, 10, 1, 0, 0, 0, 0, time.UTC)
	tests := map[Granularity]string{
		Hour: `
			07-31T23 08-01T00 GetObject DataTransfer-Out-Bytes b 1
			08-01T00 08-01T01 GetObject DataTransfer-Out-Bytes b 110
			08-01T01 08-01T02 GetObject DataTransfer-Out-Bytes b 1000
			08-11T17 08-11T18 GetObject DataTransfer-Out-Bytes b 10000
			08-11T23 08-12T00 GetObject DataTransfer-Out-Bytes b 100000
			08-12T00 08-12T01 GetObject DataTransfer-Out-Bytes b 1000000
			09-01T00 09-01T01 GetObject DataTransfer-Out-Bytes b 10000000
		`,
		Day: `
			07-31T00 08-01T00 GetObject DataTransfer-Out-Bytes b 1
			08-01T00 08-02T00 GetObject DataTransfer-Out-Bytes b 1110
			08-11T00 08-12T00 GetObject DataTransfer-Out-Bytes b 110000
			08-12T00 08-13T00 GetObject DataTransfer-Out-Bytes b 1000000
			09-01T00 09-02T00 GetObject DataTransfer-Out-Bytes b 10000000
		`,
		Month: `
			07-01T00 08-01T00 GetObject DataTransfer-Out-Bytes b 1
			08-01T00 09-01T00 GetObject DataTransfer-Out-Bytes b 1111110
			09-01T00 10-01T00 GetObject DataTransfer-Out-Bytes b 10000000
		`,
	}
	m := reportMeter(t)
	for g, want := range tests {
		t.Run(g.String(), func(t *testing.T) {
			checkLines(t, m, Query{From: from, To: to, Granularity: g}, want)
		})
	}
}

func TestReportRange(t *testing.T) {
	m := reportMeter(t)
	// Both ends in the middle of an hour; the period is cut to the hours asked for.
	from := time.Date(2012, 8, 1, 0, 30, 0, 0, time.UTC)
	to := time.Date(2012, 8, 11, 17, 0, 0, 1, time.UTC)
	checkLines(t, m, Query{From: from, To: to, Granularity: Month}, `
		08-01T00 08-11T18 GetObject DataTransfer-Out-Bytes b 11110
	`)
	checkLines(t, m, Query{From: from, To: to.Add(-1), Granularity: Month}, `
		08-01T00 08-11T17 GetObject DataTransfer-Out-Bytes b 1110
	`)
}

func TestReportFiltersAndOrder(t *testing.T) {
	m := New(newFake(), Options{Now: fixedClock(noon)})
	for _, e := range []Event{
		{Account: "z", Bucket: "a", Operation: PutObject, Tier: Tier1, Requests: 1},
		{Account: "a", Bucket: "z", Operation: PutObject, Tier: Tier1, Requests: 2, BytesIn: 9},
		{Account: "a", Bucket: "z", Operation: GetObject, Tier: Tier2, Requests: 4, BytesOut: 40},
		{Account: "a", Bucket: "z", Operation: GetObject, Tier: Tier2, Requests: 8, BytesOut: 80, Source: BitTorrent},
		{Account: "a", Operation: ListAllMyBuckets, Tier: Tier1, Requests: 16},
		{Account: "a\x00b", Bucket: "z", Operation: GetObject, Tier: Tier2, Requests: 32},
	} {
		e.At = noon
		m.Record(e)
	}
	const h = "08-11T12 08-11T13 "
	tests := map[string]struct {
		filter func(*Query)
		want   string
	}{
		"none": {func(*Query) {}, h + "ListAllMyBuckets Requests-Tier1  16\n" +
			h + "GetObject DataTransfer-Out-Bytes z 120\n" + h + "GetObject Requests-Tier2 z 12\n" +
			h + "PutObject DataTransfer-In-Bytes z 9\n" + h + "PutObject Requests-Tier1 z 2\n" +
			h + "GetObject Requests-Tier2 z 32\n" + h + "PutObject Requests-Tier1 a 1\n"},
		"account": {func(q *Query) { q.Account = "z" }, h + "PutObject Requests-Tier1 a 1\n"},
		"bucket":  {func(q *Query) { q.Bucket, q.Account = "z", "a\x00b" }, h + "GetObject Requests-Tier2 z 32\n"},
		"torrents": {func(q *Query) { q.Source = BitTorrent }, h + "GetObject DataTransfer-Out-Bytes z 80\n" +
			h + "GetObject Requests-Tier2 z 8\n"},
		"nothing": {func(q *Query) { q.Account = "nobody" }, ""},
		"operations": {func(q *Query) { q.Operations = []Operation{PutObject, ListAllMyBuckets} }, h + "ListAllMyBuckets Requests-Tier1  16\n" +
			h + "PutObject DataTransfer-In-Bytes z 9\n" + h + "PutObject Requests-Tier1 z 2\n" + h + "PutObject Requests-Tier1 a 1\n"},
		"usage types": {
			func(q *Query) { q.UsageTypes = []UsageType{DataTransferIn, DataTransferOut} },
			h + "GetObject DataTransfer-Out-Bytes z 120\n" + h + "PutObject DataTransfer-In-Bytes z 9\n",
		},
		"both": {func(q *Query) { q.Operations, q.UsageTypes = []Operation{GetObject}, []UsageType{DataTransferOut} }, h + "GetObject DataTransfer-Out-Bytes z 120\n"},
		"sources": {
			func(q *Query) { q.BySource, q.Bucket, q.Operations = true, "z", []Operation{GetObject} },
			h + "GetObject DataTransfer-Out-Bytes z 40 REST\n" + h + "GetObject DataTransfer-Out-Bytes z 80 BITTORRENT\n" +
				h + "GetObject Requests-Tier2 z 4 REST\n" + h + "GetObject Requests-Tier2 z 8 BITTORRENT\n" + h + "GetObject Requests-Tier2 z 32 REST\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			q := day(Hour)
			tt.filter(&q)
			checkLines(t, m, q, tt.want)
		})
	}
}

func TestReportErrors(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	tests := map[string]struct {
		ctx  context.Context
		q    Query
		want fault.Kind
	}{
		"empty":       {t.Context(), Query{From: noon, To: noon}, fault.InvalidArgument},
		"backwards":   {t.Context(), Query{From: noon, To: noon.Add(-1)}, fault.InvalidArgument},
		"granularity": {t.Context(), Query{From: noon, To: noon.Add(1), Granularity: Month + 1}, fault.InvalidArgument},
		"source":      {t.Context(), Query{From: noon, To: noon.Add(1), Source: numSources}, fault.InvalidArgument},
		"zero time":   {t.Context(), Query{To: noon}, fault.InvalidArgument},
		"canceled":    {gone, Query{From: noon, To: noon.Add(1)}, fault.Canceled},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := New(newFake(), Options{Now: fixedClock(noon)})
			<-m.owner // busy, so that a canceled context is met
			if tt.want != fault.Canceled {
				m.release()
			}
			if _, err := m.Report(tt.ctx, tt.q); !fault.Is(err, tt.want) {
				t.Errorf("Report = %v, want %v", err, tt.want)
			}
		})
	}
}

func TestReportRefusesRowsItCannotRead(t *testing.T) {
	e := newFake()
	m := New(e, Options{Now: fixedClock(noon)})
	r := record{sumKey: sumKey{hour: hourOf(noon), operation: numOperations, source: REST}}
	e.rows[string(r.key())] = string(r.value())
	if _, err := m.Report(t.Context(), day(Hour)); !errors.Is(err, errMalformedRow) {
		t.Errorf("Report = %v, want %v", err, errMalformedRow)
	}
}

func TestParseGranularity(t *testing.T) {
	for _, g := range []Granularity{Hour, Day, Month} {
		if got, err := ParseGranularity(g.String()); got != g || err != nil {
			t.Errorf("ParseGranularity(%q) = %v, %v", g, got, err)
		}
	}
	if _, err := ParseGranularity("year"); err == nil {
		t.Error(`ParseGranularity("year"): no error`)
	}
}
