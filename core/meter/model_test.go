package meter

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"shoal/core/accesslog"
	"shoal/storage/kv"
)

// modelKey is one line of the plain map that the meter is compared with.
type modelKey struct {
	start           time.Time
	account, bucket string
	operation       Operation
	usageType       UsageType
}

// model is the meter as a map: no shards, no flushes, no hours that leave memory.
type model struct {
	engine *fakeEngine
	now    time.Time
	meter  *Meter
	sums   map[modelKey]int64
}

func (m *model) open() {
	m.meter = New(m.engine, Options{
		Now: func() time.Time { return m.now }, Lateness: time.Minute, MaxSums: minMaxSums,
	})
}

func (m *model) record(t *rapid.T) {
	e := Event{
		At:        m.now.Add(-time.Duration(rapid.IntRange(0, 4*3600).Draw(t, "late")) * time.Second),
		Account:   rapid.SampledFrom([]string{"a", "a\x00", "b"}).Draw(t, "account"),
		Bucket:    fmt.Sprintf("b%d", rapid.IntRange(0, 60).Draw(t, "bucket")),
		Operation: rapid.SampledFrom([]Operation{GetObject, PutObject, UnknownAction}).Draw(t, "operation"),
		Tier:      rapid.SampledFrom([]Tier{TierNone, Tier1, Tier2}).Draw(t, "tier"),
		Source:    rapid.SampledFrom([]Source{AnySource, REST, BitTorrent, SOAP}).Draw(t, "source"),
		Requests:  rapid.Int64Range(0, 3).Draw(t, "requests"),
		BytesIn:   rapid.Int64Range(0, 1<<40).Draw(t, "in"),
		BytesOut:  rapid.Int64Range(0, 1<<40).Draw(t, "out"),
	}
	if strings.HasPrefix(e.Bucket, "b1") {
		e.Log = Log{
			Lines:  logLine(&e, rapid.SampledFrom([]int{0, 5000, accesslog.MaxLines}).Draw(t, "line")),
			Target: &accesslog.Target{Bucket: "logs", Prefix: rapid.SampledFrom([]string{"p", "q"}).Draw(t, "prefix")},
		}
	}
	dropped := m.meter.Dropped()
	m.meter.Record(e)
	if m.meter.Dropped() != dropped {
		return // memory is full while the engine takes no writes
	}
	add := func(u UsageType, n int64) {
		if n > 0 {
			m.sums[modelKey{e.At.Truncate(time.Hour), e.Account, e.Bucket, e.Operation, u}] += n
		}
	}
	switch e.Tier {
	case Tier1:
		add(RequestsTier1, e.Requests)
	case Tier2:
		add(RequestsTier2, e.Requests)
	}
	add(DataTransferIn, e.BytesIn)
	add(DataTransferOut, e.BytesOut)
}

func (m *model) check(t *rapid.T) {
	q := Query{From: noon.Add(-100 * time.Hour), To: noon.Add(1000 * time.Hour)}
	rows, err := m.meter.Report(t.Context(), q)
	if err != nil {
		t.Fatalf("Report: %v", err)
	}
	got := make(map[modelKey]int64)
	for _, r := range rows {
		got[modelKey{r.StartTime, r.Account, r.Resource, r.Operation, r.UsageType}] += r.UsageValue
	}
	if len(got) != len(rows) || !maps.Equal(got, m.sums) {
		t.Fatalf("report of %d rows is not the model's %d sums:\n%v\nwant\n%v", len(rows), len(m.sums), got, m.sums)
	}
}

// checkLog holds the rows of the logs of buckets b1* against their sums.
func (m *model) checkLog(t *rapid.T) {
	log, _ := m.engine.lineSums(t)
	if sums := m.engine.rowSums(t, "b1"); !maps.Equal(log, sums) {
		t.Fatalf("the log says\n%v\nthe sums are\n%v", log, sums)
	}
}

func TestMeterAgainstAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{engine: newFake(), now: noon, sums: make(map[modelKey]int64)}
		m.engine.page = 7
		m.open()
		t.Repeat(map[string]func(*rapid.T){
			"record": func(t *rapid.T) {
				for range rapid.IntRange(1, 40).Draw(t, "events") {
					m.record(t)
				}
			},
			"pass time": func(t *rapid.T) {
				m.now = m.now.Add(time.Duration(rapid.IntRange(1, 7200).Draw(t, "seconds")) * time.Second)
			},
			"flush": func(t *rapid.T) {
				if err := m.meter.Flush(t.Context()); err != nil && m.engine.fail == nil {
					t.Fatalf("Flush: %v", err)
				}
				m.checkLog(t)
			},
			"break or mend": func(t *rapid.T) {
				m.engine.fail = rapid.SampledFrom([]error{nil, nil, kv.ErrNoSpace, kv.ErrMaybe}).Draw(t, "error")
				m.engine.maybe = rapid.Bool().Draw(t, "applied")
			},
			"reopen": func(t *rapid.T) {
				m.engine.fail = nil
				if err := m.meter.Flush(t.Context()); err != nil {
					t.Fatalf("Flush: %v", err)
				}
				m.open()
			},
			"report": func(t *rapid.T) {
				m.engine.fail = nil
				m.check(t)
			},
		})
		m.engine.fail = nil
		m.check(t)
		m.checkLog(t)
		if m.meter.DroppedLines() != 0 {
			t.Errorf("%d records dropped", m.meter.DroppedLines())
		}
	})
}
