package meter

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// start runs m until the returned function is called, which returns what Run returned.
func start(t *testing.T, m *Meter) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	return func() error {
		cancel()
		return <-done
	}
}

func TestRunFlushesEverySecondAndAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newFake()
		m := New(e, Options{})
		stop := start(t, m)
		ev := get("b", 1)
		m.Record(ev)
		time.Sleep(time.Second)
		synctest.Wait()
		if got := e.count(); got != 2 {
			t.Errorf("%d rows after a second, want 2", got)
		}
		ev.Operation = HeadObject
		m.Record(ev)
		if err := stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
		if got := e.count(); got != 4 {
			t.Errorf("%d rows after the end, want 4", got)
		}
	})
}

func TestRunFlushesEarlyWhenAShardFills(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newFake()
		m := New(e, Options{MaxSums: minMaxSums, FlushEvery: time.Hour})
		stop := start(t, m)
		for i := range 4 * minMaxSums {
			m.Record(get(strings.Repeat("b", 1+i%200)+string(rune('a'+i/200)), 1))
			synctest.Wait()
		}
		if e.count() == 0 || m.Dropped() != 0 {
			t.Errorf("%d rows, %d dropped before the first tick, want some and 0", e.count(), m.Dropped())
		}
		if err := stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func TestRunGoesOnWithoutSpaceAndLogsSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		e := newFake()
		e.setFail(errTest)
		m := New(e, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		stop := start(t, m)
		m.Record(get("b", 7))
		time.Sleep(2 * logEvery * time.Second)
		synctest.Wait()
		e.setFail(nil)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := e.count(); got != 2 {
			t.Errorf("%d rows after recovery, want 2", got)
		}
		e.setFail(errTest)
		m.Record(get("b", 7))
		if err := stop(); !errors.Is(err, errTest) {
			t.Errorf("Run = %v, want that the last flush failed", err)
		}
		if got := strings.Count(log.String(), "usage is not written"); got != 2 {
			t.Errorf("%d error lines in two minutes, want 2:\n%s", got, log.String())
		}
		if got := strings.Count(log.String(), "usage is written again"); got != 1 {
			t.Errorf("%d recovery lines, want 1", got)
		}
	})
}

// fakeStorage tells what current returns.
type fakeStorage func() ([]Stored, error)

func (f fakeStorage) Stored(context.Context) iter.Seq2[Stored, error] {
	return func(yield func(Stored, error) bool) {
		all, err := f()
		for _, s := range all {
			if !yield(s, nil) {
				return
			}
		}
		if err != nil {
			yield(Stored{}, err)
		}
	}
}

func TestStoredBytesBecomeByteHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // time starts at 2000-01-01T00:00:00Z
		const gib = 1 << 30
		begin := time.Now()
		source := func() ([]Stored, error) {
			s := []Stored{{"acct", "big", 4096 << 40, 3}, {"acct", "empty", 0, 0}, {"acct", "odd", 1801, 1}}
			if time.Since(begin) > 30*time.Minute { // the second half of the first hour, and all later
				s = append(s, Stored{"acct", "late", gib, 10})
				s[0].Objects = 5
			}
			return s, nil
		}
		m := New(newFake(), Options{Storage: fakeStorage(source)})
		stop := start(t, m)
		time.Sleep(90 * time.Minute)
		synctest.Wait()
		q := Query{From: begin, To: begin.Add(2 * time.Hour), Granularity: Hour}
		checkLines(t, m, q, `
			01-01T00 01-01T01 StandardStorage StorageObjectCount big 4
			01-01T00 01-01T01 StandardStorage TimedStorage-ByteHrs big 4503599627370496
			01-01T00 01-01T01 StandardStorage StorageObjectCount late 10
			01-01T00 01-01T01 StandardStorage TimedStorage-ByteHrs late 536870912
			01-01T00 01-01T01 StandardStorage StorageObjectCount odd 1
			01-01T00 01-01T01 StandardStorage TimedStorage-ByteHrs odd 1801
			01-01T01 01-01T02 StandardStorage StorageObjectCount big 5
			01-01T01 01-01T02 StandardStorage TimedStorage-ByteHrs big 2251799813685248
			01-01T01 01-01T02 StandardStorage StorageObjectCount late 10
			01-01T01 01-01T02 StandardStorage TimedStorage-ByteHrs late 536870912
			01-01T01 01-01T02 StandardStorage StorageObjectCount odd 1
			01-01T01 01-01T02 StandardStorage TimedStorage-ByteHrs odd 900
		`)
		// 5401.5 byte-hours over both hours: seconds are added up before they are divided.
		q.Granularity, q.Bucket = Day, "odd"
		checkLines(t, m, q, `
			01-01T00 01-01T02 StandardStorage StorageObjectCount odd 1
			01-01T00 01-01T02 StandardStorage TimedStorage-ByteHrs odd 2701
		`)
		if err := stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func TestSampleAcrossAnHourIsSplit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		time.Sleep(45 * time.Minute)
		m := New(newFake(), Options{SampleEvery: 40 * time.Minute, Storage: fakeStorage(func() ([]Stored, error) {
			return []Stored{{"acct", "b", 3600, 1}}, nil
		})})
		stop := start(t, m)
		time.Sleep(40 * time.Minute)
		synctest.Wait()
		checkLines(t, m, Query{From: begin, To: begin.Add(2 * time.Hour)}, `
			01-01T00 01-01T01 StandardStorage StorageObjectCount b 1
			01-01T00 01-01T01 StandardStorage TimedStorage-ByteHrs b 900
			01-01T01 01-01T02 StandardStorage StorageObjectCount b 1
			01-01T01 01-01T02 StandardStorage TimedStorage-ByteHrs b 1500
		`)
		if err := stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func TestClockJumpsAreNotBilled(t *testing.T) {
	for name, jump := range map[string]time.Duration{"forward": 48 * time.Hour, "back": -48 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				var jumped atomic.Int64 // nanoseconds
				m := New(newFake(), Options{
					Now: func() time.Time { return time.Now().Round(0).Add(time.Duration(jumped.Load())) },
					Storage: fakeStorage(func() ([]Stored, error) {
						return []Stored{{"acct", "b", 3600, 1}}, nil
					}),
				})
				stop := start(t, m)
				time.Sleep(time.Minute + 30*time.Second)
				synctest.Wait()
				jumped.Store(int64(jump))
				time.Sleep(2 * time.Minute) // the sample over the jump, and one more
				synctest.Wait()
				rows, err := m.Report(t.Context(), Query{From: begin.Add(-72 * time.Hour), To: begin.Add(72 * time.Hour), Granularity: Month})
				if err != nil {
					t.Fatal(err)
				}
				got := int64(0)
				for _, r := range rows {
					if r.UsageType == TimedStorage {
						got += r.UsageValue
					}
				}
				if got != 120 {
					t.Errorf("%d byte-hours, want 120: two whole intervals", got)
				}
				if err := stop(); err != nil {
					t.Errorf("Run: %v", err)
				}
			})
		})
	}
}

func TestFailingStorageSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		m := New(newFake(), Options{
			Logger: slog.New(slog.NewTextHandler(&log, nil)),
			Storage: fakeStorage(func() ([]Stored, error) {
				return []Stored{{"acct", "b", 1, 1}, {"acct", "c", -1, 0}}, errTest
			}),
		})
		stop := start(t, m)
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if err := stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
		if got := strings.Count(log.String(), errTest.Error()); got != 3 {
			t.Errorf("%d errors logged, want 3:\n%s", got, log.String())
		}
		if m.Dropped() != 3 {
			t.Errorf("dropped %d, want the negative bucket of each sample", m.Dropped())
		}
	})
}
