package meter

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"shoal/core/accesslog"
	"shoal/storage/kv"
)

func TestRecordsThatAreNotKeptAreCounted(t *testing.T) {
	tests := map[string]func(*Log){
		"no target":    func(l *Log) { l.Target = nil },
		"large target": func(l *Log) { l.Target = &accesslog.Target{Prefix: strings.Repeat("p", accesslog.MaxTarget)} },
		"long owner":   func(l *Log) { l.Owner = strings.Repeat("o", maxName+1) },
		"no line feed": func(l *Log) { l.Lines = []byte("one\ntwo") },
		"long line":    func(l *Log) { l.Lines = []byte(strings.Repeat("x", accesslog.MaxLines) + "\n") },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			e := newFake()
			m := New(e, Options{Now: fixedClock(noon)})
			ev := logged("b", 5)
			spoil(&ev.Log)
			m.Record(ev)
			flush(t, m)
			if n := outBytes(t, m); n != 5 || m.DroppedLines() != 1 || m.Dropped() != 0 || e.count() != 2 {
				t.Errorf("counted %d, %d records dropped, %d events, %d rows, want 5, 1, 0 and 2", n, m.DroppedLines(), m.Dropped(), e.count())
			}
		})
	}
}

func TestMemoryOfRecordsIsBounded(t *testing.T) {
	e := newFake()
	e.setFail(kv.ErrNoSpace)
	m := New(e, Options{Now: fixedClock(noon), MaxLines: 50_000, MaxSums: minMaxSums})
	const events = 3000
	for i := range events {
		ev := get(fmt.Sprintf("b%d", i%1000), 1) // more sums than there is room for
		ev.Log = Log{Lines: logLine(&ev, 100), Target: logTarget}
		m.Record(ev)
		if i%100 == 0 {
			_ = m.Flush(t.Context())
		}
		if n := m.lineBytes.Load(); n > 50_000 {
			t.Fatalf("%d bytes held after %d events", n, i)
		}
	}
	if m.DroppedLines() == 0 || m.Dropped() == 0 {
		t.Fatalf("%d records and %d events dropped: memory is not bounded", m.DroppedLines(), m.Dropped())
	}
	e.setFail(nil)
	if n := outBytes(t, m); n != events-m.Dropped() {
		t.Errorf("%d events counted, want all but the %d dropped ones", n, m.Dropped())
	}
	_, lines := e.lineSums(t)
	if want := 50_000 / 100; lines > want || lines < want/2 {
		t.Errorf("%d records kept, want nearly %d", lines, want)
	}
	if n := m.lineBytes.Load(); n != 0 {
		t.Errorf("%d bytes are held when all is written", n)
	}
}

func TestRunFlushesEarlyWhenRecordsGatherAndTellsOfDroppedOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		e := newFake()
		told := int64(0)
		m := New(e, Options{
			FlushEvery: time.Hour, MaxLines: 2 * wakeLines, Logged: func(n int64) { told += n },
			Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		stop := start(t, m)
		const record = 1 << 14
		ev := get("b", 1)
		ev.Log = Log{Lines: logLine(&ev, record), Target: logTarget}
		for range wakeLines / record {
			m.Record(ev)
		}
		synctest.Wait()
		// The flush may begin before the record that wakes it is in.
		if e.count() == 0 || told != wakeLines && told != wakeLines-record {
			t.Errorf("%d rows, told of %d bytes before the first tick, want some, of %d bytes but for the last record", e.count(), told, wakeLines)
		}
		bad := logged("b", 1)
		bad.Log.Target = nil
		for range 100 {
			m.Record(bad)
			time.Sleep(2 * time.Second)
			m.wakeFlush()
			synctest.Wait()
		}
		if err := stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
		if got := strings.Count(log.String(), "records of access logs are dropped"); got != 4 {
			t.Errorf("%d lines about dropped records in 200 s, want 4:\n%s", got, log.String())
		}
	})
}
