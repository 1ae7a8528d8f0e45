package meter

import (
	"context"
	"errors"
	"log/slog"
	"strings"
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
