package e2e

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const (
	monthEvents     = 40_000 // without SHOAL_MONTH_EVENTS
	monthWorkers    = 6
	monthLeechers   = 2
	monthKills      = 3 // without SHOAL_MONTH_KILLS
	monthStops      = 2 // clean ones
	monthDeliveries = 4 // of logs, beside the last one: what they hold is stored, and on the bill
	// settledAfter is by when what was answered is durable: a second for the flush of the meter, one for a piece that the
	// seeder holds until it is whole.
	settledAfter = 2500 * time.Millisecond
	// killedAfter is how long reads go on before the kill that they do not see coming.
	killedAfter = 300 * time.Millisecond
)

// The month that is recorded.
var (
	monthStart = time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC)
	monthEnd   = monthStart.AddDate(0, 1, 0)
)

// TestMonth records a month of requests and torrent pieces, in which the server is killed and stopped, and holds usage
// report and statement against what an independent reader of the delivered access logs makes of them: to the byte, the
// request, the byte-hour and the micro-unit.
//
// Before a kill there are two seconds without writes: an object is durable at once, its record in the log within two
// seconds, and what is stored could not be told from a log without it. Reads and torrents go on until the server is dead.
func TestMonth(t *testing.T) {
	events, kills, seed := monthEvents, monthKills, uint64(time.Now().UnixNano())
	if v := os.Getenv("SHOAL_MONTH_EVENTS"); v != "" {
		events = int(number(t, v))
	}
	if v := os.Getenv("SHOAL_MONTH_KILLS"); v != "" {
		kills = int(number(t, v))
	}
	if v := os.Getenv("SHOAL_MONTH_SEED"); v != "" {
		seed = number(t, v)
	}
	t.Logf("%d events, %d kills, SHOAL_MONTH_SEED=%d", events, kills, seed)
	m := startMonth(t, seed)
	m.prepare()
	m.prepared = m.answered()
	steps := int(monthEnd.Sub(monthStart)/time.Hour) / monthStepHours
	for step := range steps {
		m.clock.set(monthStart.Add(time.Duration(step)*monthStepHours*time.Hour + time.Duration(m.random.IntN(3600))*time.Second))
		m.play(step, events/steps)
		switch {
		case due(step, steps, kills):
			m.killInMidRead()
		case due(step+steps/(2*monthStops), steps, monthStops):
			m.s.stop()
			m.s.run()
		case due(step+1, steps, monthDeliveries):
			m.deliver()
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	m.clock.set(monthEnd.Add(2 * time.Hour)) // a statement is an estimate until an hour after the end
	m.compare()
}

// monthStepHours is how far the clock goes from one burst of requests to the next.
const monthStepHours = 6

// due reports whether one of n things that are spread over all steps comes at this one.
func due(step, steps, n int) bool { return n > 0 && (step+1)*n/steps != step*n/steps }

// month is a server whose clock is ours, and those who use it.
type month struct {
	t        *testing.T
	s        *server
	clock    monthClock
	random   *rand.Rand
	workers  []*monthWorker
	torrents []monthTorrent
	crowd    *monthCrowd

	prepared   int64        // requests before the month
	atRisk     int64        // answered since less than settledAfter when the server was killed
	unanswered atomic.Int64 // requests that had no answer, since the server was killed
}

// answered is how many requests, and pieces, were answered.
func (m *month) answered() int64 {
	n := m.crowd.fetched.Load()
	for _, w := range m.workers {
		n += w.answered.Load()
	}
	return n
}

func startMonth(t *testing.T, seed uint64) *month {
	shoalBinary(t) // skips in short mode
	stepped := filepath.Join(t.TempDir(), "stepped")
	build := exec.Command("go", "build", "-o", stepped, "./stepped")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build ./stepped: %v\n%s", err, out)
	}
	clock := newMonthClock(t)
	clock.set(monthStart.Add(-time.Hour))
	m := &month{t: t, clock: clock, random: rand.New(rand.NewPCG(seed, 0))}
	m.s = start(t, options{
		serve: []string{stepped, clock.path},
		flags: []string{"--seeding", "speed", "--max-peers-per-ip", "1000"},
	})
	for i := range monthWorkers {
		m.workers = append(m.workers, newMonthWorker(m, i, rand.New(rand.NewPCG(seed, uint64(i+1)))))
	}
	m.crowd = &monthCrowd{m: m}
	return m
}

// play makes events, about as many, at one moment of the month: a part of them requests, most of them pieces.
func (m *month) play(step, events int) {
	requests := events / 8
	var wg sync.WaitGroup
	for _, w := range m.workers {
		wg.Go(func() {
			for range requests / len(m.workers) {
				w.step(step)
			}
		})
	}
	for range monthLeechers {
		wg.Go(func() { m.crowd.fetch((events - requests) / monthLeechers) })
	}
	wg.Wait()
}

// killInMidRead kills the server while clients read.
func (m *month) killInMidRead() {
	time.Sleep(settledAfter) // what was written is in the log
	settled := m.answered()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for _, w := range m.workers {
		wg.Go(func() { w.readUntil(stop) })
	}
	for range monthLeechers {
		wg.Go(func() { m.crowd.fetchUntil(stop) })
	}
	time.Sleep(killedAfter + time.Duration(m.random.Int64N(int64(2*time.Second)))) // the moment is the test's input
	m.s.proc.signal(syscall.SIGKILL)
	<-m.s.proc.ended
	close(stop)
	wg.Wait()
	m.atRisk += m.answered() - settled
	m.s.run()
}
