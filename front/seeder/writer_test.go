package seeder

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// After every kick a run begins; runs never overlap, and none is left after stop.
func TestWriterRunsAfterEachKick(t *testing.T) {
	var w writer
	var said, seen, running atomic.Int64
	w.hold()
	w.kick() // before it has started
	w.start(func() {
		if running.Add(1) != 1 {
			t.Error("two runs at once")
		}
		seen.Store(said.Load())
		running.Add(-1)
	})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 1000 {
				said.Add(1)
				w.kick()
			}
		})
	}
	all.Wait()
	eventually(t, "a run after the last kick", func() bool { return seen.Load() == 4000 })
	w.stop()
	said.Add(1)
	w.kick()
	if got := seen.Load(); got != 4000 {
		t.Errorf("a run after stop: %d", got)
	}
}

func TestWriterKicksItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w writer
		begin := time.Now()
		var runs []time.Duration
		w.hold()
		w.start(func() {
			now := time.Now()
			runs = append(runs, now.Sub(begin))
			w.kickAt(now, now.Add(time.Hour))
			if len(runs) == 1 {
				w.kickAt(now, now.Add(time.Second)) // sooner counts
				w.kickAt(now, now.Add(time.Minute)) // later does not
			}
		})
		time.Sleep(90 * time.Minute)
		w.stop()
		if len(runs) != 3 || runs[0] != 0 || runs[1] != time.Second || runs[2] != time.Second+time.Hour {
			t.Errorf("runs at %v", runs)
		}
	})
}
