package meter

import (
	"maps"
	"math/rand/v2"
	"testing"
	"time"
)

// TestRowsOfMemoryStandInOrder: rows that could not be written come before, between and after those that are stored,
// and instead of them.
func TestRowsOfMemoryStandInOrder(t *testing.T) {
	e := newFake()
	e.page = 2
	m := New(e, Options{Now: fixedClock(noon.Add(4 * time.Hour))})
	record := func(hour int, bytes int64) {
		ev := get("b", bytes)
		ev.At, ev.Tier = noon.Add(time.Duration(hour)*time.Hour), TierNone
		m.Record(ev)
	}
	for _, hour := range []int{1, 2, 4} {
		record(hour, 1)
	}
	flush(t, m)
	e.setFail(errTest)
	for _, hour := range []int{0, 2, 3, 5} {
		record(hour, 10)
	}
	checkLines(t, m, day(Hour), `
		08-11T12 08-11T13 GetObject DataTransfer-Out-Bytes b 10
		08-11T13 08-11T14 GetObject DataTransfer-Out-Bytes b 1
		08-11T14 08-11T15 GetObject DataTransfer-Out-Bytes b 11
		08-11T15 08-11T16 GetObject DataTransfer-Out-Bytes b 10
		08-11T16 08-11T17 GetObject DataTransfer-Out-Bytes b 1
		08-11T17 08-11T18 GetObject DataTransfer-Out-Bytes b 10
	`)
	q := day(Day)
	q.From, q.To = noon.Add(time.Hour), noon.Add(4*time.Hour)
	checkLines(t, m, q, `
		08-11T13 08-11T16 GetObject DataTransfer-Out-Bytes b 22
	`)
}

// TestRowsEndWhenTheyAreNotWanted: whoever has enough gets no more.
func TestRowsEndWhenTheyAreNotWanted(t *testing.T) {
	m := reportMeter(t)
	n := 0
	for _, err := range m.Rows(t.Context(), Query{From: noon.AddDate(0, -2, 0), To: noon.AddDate(0, 2, 0)}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("got %d rows, want 3", n)
	}
}

// TestSourcesAddUp: the rows of each source are together those of the report without them, whatever the granularity, and what
// is stored is not split.
func TestSourcesAddUp(t *testing.T) {
	stored := Stored{Account: "a", Bucket: "p", Class: "STANDARD", From: noon, To: noon.Add(2 * time.Hour), Bytes: 7200, Objects: 3}
	m := New(newFake(), Options{Now: fixedClock(noon.AddDate(0, 0, 4)), Storage: &fakeStorage{stored: []Stored{stored}}})
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		m.Record(Event{
			At:      noon.Add(time.Duration(random.IntN(72*3600)) * time.Second),
			Account: []string{"a", "b"}[random.IntN(2)], Bucket: []string{"", "p", "q"}[random.IntN(3)],
			Operation: Operations()[random.IntN(len(Operations()))], Tier: Tier(random.IntN(3)),
			Source: Source(random.IntN(int(numSources))), Requests: 1, BytesIn: random.Int64N(1000), BytesOut: random.Int64N(1000),
		})
	}
	for _, g := range []Granularity{Hour, Day, Month} {
		q := Query{From: noon.AddDate(0, 0, -1), To: noon.AddDate(0, 1, 0), Granularity: g}
		want := sumsOf(t, m, q)
		q.BySource = true
		got := sumsOf(t, m, q)
		if len(want) == 0 || !maps.Equal(got, want) {
			t.Errorf("%s: the rows of the sources are together %v, want %v", g, got, want)
		}
		for r, err := range m.Rows(t.Context(), q) {
			if err != nil {
				t.Fatal(err)
			}
			if (r.Source == AnySource) != (r.Operation == StandardStorage && r.UsageType > DataTransferOut) {
				t.Errorf("%s: %s %s is of source %q", g, r.Operation, r.UsageType, r.Source)
			}
		}
	}
}

// sumsOf returns the values of a report by all but their source.
func sumsOf(t *testing.T, m *Meter, q Query) map[Row]int64 {
	t.Helper()
	rows, err := m.Report(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	sums := make(map[Row]int64)
	for _, r := range rows {
		value := r.UsageValue
		r.Source, r.UsageValue = AnySource, 0
		sums[r] += value
	}
	return sums
}
