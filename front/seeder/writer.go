package seeder

import (
	"math"
	"sync/atomic"
	"time"
)

// stopped in writer.kicks: no run begins any more.
const stopped = math.MaxInt64 / 2

// writer runs a function in a goroutine of its own for as long as it is kicked; an idle connection has no such
// goroutine. The function is never run twice at once.
type writer struct {
	run   func()
	kicks atomic.Int64 // since the goroutine last looked; 0 is that there is none
	timer *time.Timer  // kicks
	due   time.Time    // when; the goroutine's
	idle  chan struct{}
}

// hold keeps kicks for start.
func (w *writer) hold() { w.kicks.Store(1) }

// start begins with a first run.
func (w *writer) start(run func()) {
	w.run = run
	w.timer = time.AfterFunc(math.MaxInt64, w.kick)
	go w.loop()
}

// kick makes a run begin after this moment.
func (w *writer) kick() {
	if w.kicks.Add(1) == 1 {
		go w.loop()
	}
}

// kickAt kicks at a time, or before. Only for run.
func (w *writer) kickAt(now, at time.Time) {
	if w.due.After(now) && !at.Before(w.due) {
		return
	}
	w.due = at
	w.timer.Reset(at.Sub(now))
}

func (w *writer) loop() {
	for {
		seen := w.kicks.Load()
		if seen >= stopped {
			close(w.idle)
			return
		}
		w.run()
		if w.kicks.CompareAndSwap(seen, 0) {
			return
		}
	}
}

// stop waits for the last run to end; no other begins.
func (w *writer) stop() {
	w.idle = make(chan struct{})
	if w.kicks.Swap(stopped) > 0 {
		<-w.idle
	}
	w.timer.Stop()
}
