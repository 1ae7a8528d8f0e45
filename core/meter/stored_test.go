package meter

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// fakeStorage tells of what is in it, then fails with err unless that is nil.
type fakeStorage struct {
	stored []Stored
	err    error
	cut    bool // to the time that it is asked for
	asked  []StoredQuery
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func (f *fakeStorage) Stored(_ context.Context, q StoredQuery) iter.Seq2[Stored, error] {
	f.asked = append(f.asked, q)
	return func(yield func(Stored, error) bool) {
		for _, s := range f.stored {
			if f.cut {
				s.From, s.To = later(s.From, q.From), earlier(s.To, q.To)
			}
			if (!f.cut || s.From.Before(s.To)) && !yield(s, nil) {
				return
			}
		}
		if f.err != nil {
			yield(Stored{}, f.err)
		}
	}
}

// held is bytes and objects of bucket b from a second of noon's day until another.
func held(class string, from, to, bytes, objects int64) Stored {
	start := noon.Truncate(24 * time.Hour)
	at := func(seconds int64) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	return Stored{Account: "acct", Bucket: "b", Class: class, From: at(from), To: at(to), Bytes: bytes, Objects: objects}
}

func TestStorageInTheReport(t *testing.T) {
	ninety := held("STANDARD_IA", 0, 3600, 1000, 1)
	half := held("STANDARD_IA", 3600, 7200, 500, 0)
	half.ObjectSeconds = 1800
	odd := held("STANDARD", 3600, 7200, 0, 0)
	odd.ByteSeconds = 3599
	parts := held("GLACIER_IR", 0, 7200, 7, 0)
	parts.Parts = true
	tests := map[string]struct {
		stored      []Stored
		granularity Granularity
		want        string
	}{
		"90 minutes by the hour": {[]Stored{ninety, half}, Hour, `
			08-11T00 08-11T01 StandardIAStorage StorageObjectCount b 1
			08-11T00 08-11T01 StandardIAStorage TimedStorage-SIA-ByteHrs b 1000
			08-11T01 08-11T02 StandardIAStorage StorageObjectCount b 1
			08-11T01 08-11T02 StandardIAStorage TimedStorage-SIA-ByteHrs b 500
		`},
		"90 minutes of a day": {[]Stored{ninety, half}, Day, `
			08-11T00 08-12T00 StandardIAStorage TimedStorage-SIA-ByteHrs b 1500
		`},
		"a run over many hours is cut": {[]Stored{held("STANDARD", 1800, 9000, 10, 2)}, Hour, `
			08-11T00 08-11T01 StandardStorage StorageObjectCount b 1
			08-11T00 08-11T01 StandardStorage TimedStorage-ByteHrs b 5
			08-11T01 08-11T02 StandardStorage StorageObjectCount b 2
			08-11T01 08-11T02 StandardStorage TimedStorage-ByteHrs b 10
			08-11T02 08-11T03 StandardStorage StorageObjectCount b 1
			08-11T02 08-11T03 StandardStorage TimedStorage-ByteHrs b 5
		`},
		"rounded down once": {[]Stored{odd, odd, odd}, Day, `
			08-11T00 08-12T00 StandardStorage TimedStorage-ByteHrs b 2
		`},
		"parts": {[]Stored{parts}, Day, `
			08-11T00 08-12T00 IncompleteMultipartUploadStorage TimedStorage-GIR-ByteHrs b 14
		`},
		"more than 63 bits": {[]Stored{held("REDUCED_REDUNDANCY", 0, 7200, 1<<62, 1<<40)}, Month, `
			08-11T00 08-12T00 ReducedRedundancyStorage StorageObjectCount b 183251937963
			08-11T00 08-12T00 ReducedRedundancyStorage TimedStorage-RRS-ByteHrs b 9223372036854775807
		`},
		"other classes": {[]Stored{held("ONEZONE_IA", 0, 3600, 2, 0), held("INTELLIGENT_TIERING", 0, 3600, 3, 0)}, Hour, `
			08-11T00 08-11T01 IntelligentTieringFAStorage TimedStorage-INT-FA-ByteHrs b 3
			08-11T00 08-11T01 OneZoneIAStorage TimedStorage-ZIA-ByteHrs b 2
		`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := New(newFake(), Options{Now: fixedClock(noon), Storage: &fakeStorage{stored: tt.stored}})
			checkLines(t, m, day(tt.granularity), tt.want)
		})
	}
}

// A report that would hold more of storage than it may asks for less of the time at once, and says the same.
func TestStorageInParts(t *testing.T) {
	var stored []Stored
	for i := range 3 {
		s := held("STANDARD", 0, 40*24*3600, int64(100*(i+1)), 1)
		s.Bucket = string(rune('a' + i))
		stored = append(stored, s)
	}
	source := &fakeStorage{stored: stored, cut: true}
	whole := New(newFake(), Options{Now: fixedClock(noon.AddDate(1, 0, 0)), Storage: source})
	parts := New(newFake(), Options{Now: fixedClock(noon.AddDate(1, 0, 0)), Storage: source, storageSums: 5})
	for _, m := range []*Meter{whole, parts} {
		for hour := range 500 {
			ev := get("a", 1)
			ev.At = noon.Add(time.Duration(hour-12) * time.Hour)
			m.Record(ev)
		}
	}
	for _, from := range []time.Time{noon.Add(-30 * time.Minute), noon.AddDate(0, 0, 20)} { // the second is a day before a month
		for g, least := range map[Granularity]int{Hour: 400, Day: 20, Month: 3} {
			q := Query{From: from, To: noon.AddDate(0, 2, 3), Granularity: g}
			source.asked = nil
			want := lines(t, whole, q)
			if len(source.asked) != 1 || want == "" {
				t.Errorf("by the %v: asked %d times of %q", g, len(source.asked), want)
			}
			source.asked = nil
			if got := lines(t, parts, q); got != want {
				t.Errorf("by the %v: in parts\n%swant\n%s", g, got, want)
			}
			if len(source.asked) < least {
				t.Errorf("by the %v: asked %d times, want %d at least", g, len(source.asked), least)
			}
		}
	}
}

// The hours of a day add up to the day, or to less by under one byte-hour for each.
func TestHoursAddUpToTheDay(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var stored []Stored
		for second := int64(0); second < 24*3600; {
			s := held("STANDARD", second, min(second+rapid.Int64Range(1, 3600).Draw(rt, "seconds"), (second/3600+1)*3600), 0, 0)
			s.Bytes, s.ByteSeconds = rapid.Int64Range(0, 1<<40).Draw(rt, "bytes"), rapid.Int64Range(0, 3599).Draw(rt, "rest")
			stored = append(stored, s)
			second += int64(s.To.Sub(s.From) / time.Second)
		}
		m := New(newFake(), Options{Now: fixedClock(noon.Add(24 * time.Hour)), Storage: &fakeStorage{stored: stored}})
		var sums []int64
		for _, g := range []Granularity{Hour, Day} {
			report, err := m.Report(t.Context(), day(g))
			if err != nil {
				rt.Fatal(err)
			}
			var sum int64
			for _, r := range report {
				sum += r.UsageValue
			}
			sums = append(sums, sum)
		}
		if short := sums[1] - sums[0]; short < 0 || short >= 24 {
			rt.Errorf("hours add up to %d, the day is %d", sums[0], sums[1])
		}
	})
}

// Objects of a period that is not over are averaged until now.
func TestObjectsUntilNow(t *testing.T) {
	source := &fakeStorage{stored: []Stored{held("STANDARD", 11*3600, 12*3600+900, 4, 8)}}
	m := New(newFake(), Options{Now: fixedClock(noon.Add(15 * time.Minute)), Storage: source})
	checkLines(t, m, day(Hour), `
		08-11T11 08-11T12 StandardStorage StorageObjectCount b 8
		08-11T11 08-11T12 StandardStorage TimedStorage-ByteHrs b 4
		08-11T12 08-11T13 StandardStorage StorageObjectCount b 8
		08-11T12 08-11T13 StandardStorage TimedStorage-ByteHrs b 1
	`)
}

// The rows of an older program, which sampled, count beside what the source tells of.
func TestSampledRowsAreRead(t *testing.T) {
	e := newFake()
	for u, n := range map[UsageType]int64{TimedStorage: 1800 * 1000, StorageObjectCount: 1800 * 2, sampledSeconds: 1800} {
		r := record{sumKey: sumKey{hour: hourOf(noon), operation: StandardStorage, source: REST, account: "acct", bucket: "b"}, usageType: u, amount: count(n)}
		e.rows[string(r.key())] = string(r.value())
	}
	source := &fakeStorage{stored: []Stored{held("STANDARD", 12*3600+2700, 13*3600, 1000, 4)}}
	m := New(e, Options{Now: fixedClock(noon.Add(24 * time.Hour)), Storage: source})
	checkLines(t, m, day(Hour), `
		08-11T12 08-11T13 StandardStorage StorageObjectCount b 2
		08-11T12 08-11T13 StandardStorage TimedStorage-ByteHrs b 750
	`)
}

func TestStorageIsAskedForWhatTheReportHolds(t *testing.T) {
	source := &fakeStorage{}
	m := New(newFake(), Options{Now: fixedClock(noon), Storage: source})
	q := Query{From: noon.Add(time.Minute), To: noon.Add(61 * time.Minute), Account: "acct", Bucket: "b"}
	checkLines(t, m, q, "")
	q.Source = BitTorrent
	checkLines(t, m, q, "")
	if _, err := m.Sent(t.Context(), "acct", "b", noon, noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	want := StoredQuery{From: noon, To: noon.Add(2 * time.Hour), Account: "acct", Bucket: "b"}
	if len(source.asked) != 1 || source.asked[0] != want {
		t.Errorf("asked %+v, want %+v once", source.asked, want)
	}
}

func TestStorageThatCannotBeTold(t *testing.T) {
	half := held("STANDARD", 1800, 5401, 1, 0)
	half.ByteSeconds = 1
	tests := map[string]*fakeStorage{
		"error":                 {err: errTest},
		"unknown class":         {stored: []Stored{held("OUTPOSTS", 0, 1, 1, 1)}},
		"no time":               {stored: []Stored{held("STANDARD", 5, 5, 1, 1)}},
		"too early":             {stored: []Stored{held("STANDARD", -1, 5, 1, 1)}},
		"too late":              {stored: []Stored{held("STANDARD", 5, 24*3600+1, 1, 1)}},
		"negative":              {stored: []Stored{held("STANDARD", 0, 1, -1, 1)}},
		"a rest over two hours": {stored: []Stored{half}},
	}
	for name, source := range tests {
		t.Run(name, func(t *testing.T) {
			m := New(newFake(), Options{Now: fixedClock(noon), Storage: source})
			rows, err := m.Report(t.Context(), day(Hour))
			if err == nil {
				t.Errorf("report of %v, want an error", rows)
			}
			if source.err != nil && !errors.Is(err, errTest) {
				t.Errorf("Report = %v, want %v", err, errTest)
			}
		})
	}
}
