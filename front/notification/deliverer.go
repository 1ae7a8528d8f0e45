package notification

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"shoal/core/object"
)

const (
	// batch is the events that a lane reads at once, and batchTime how long it may send before those that are
	// acknowledged are removed: what a crash makes it send again.
	batch     = 64
	batchTime = time.Second

	firstWait = 500 * time.Millisecond // after a failure; twice that after each further one
	maxWait   = 30 * time.Second

	// logEvery is how many failures of a target in a row make one more line in the log: a few minutes.
	logEvery = 64
)

// Options are the optional parts of a Deliverer. The zero value works.
type Options struct {
	Region string           // of the messages; us-east-1
	Now    func() time.Time // time.Now
	Logger *slog.Logger     // slog.Default()
}

// Deliverer sends the events of a store to their targets.
type Deliverer struct {
	queue   *object.Store
	targets []*delivery // in the order of the configuration
	o       Options
}

// delivery is one target with its counts.
type delivery struct {
	name      string
	to        Target
	delivered atomic.Int64
	failed    atomic.Int64
	inRow     atomic.Int64 // failures since the last success
}

// New returns a Deliverer to targets. It sends nothing before Run, only NATS is connected at once.
// A target that cannot be reached is no error.
func New(queue *object.Store, targets []Spec, o Options) (*Deliverer, error) {
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	d := &Deliverer{queue: queue, o: o}
	for _, spec := range targets {
		to, err := open(spec)
		if err != nil {
			d.Close()
			return nil, err
		}
		d.targets = append(d.targets, &delivery{name: spec.Name, to: to})
	}
	return d, nil
}

// Close gives up the targets. Who runs the Deliverer calls it after Run.
func (d *Deliverer) Close() {
	for _, t := range d.targets {
		t.to.Close()
	}
}

// Run delivers until ctx is done, and returns nil. What is not delivered by then waits for the next Run.
func (d *Deliverer) Run(ctx context.Context) error {
	d.warnOfOrphans()
	var lanes sync.WaitGroup
	for _, t := range d.targets {
		for lane := range object.EventLanes {
			lanes.Go(func() { d.runLane(ctx, t, lane) })
		}
	}
	lanes.Wait()
	<-ctx.Done()
	return nil
}

// warnOfOrphans tells the operator of events whose target is not configured: they wait, as for one that is down.
func (d *Deliverer) warnOfOrphans() {
	known := map[string]bool{}
	for _, t := range d.targets {
		known[t.name] = true
	}
	for _, s := range d.queue.EventStats() {
		if !known[s.Target] && s.Pending > 0 {
			d.o.Logger.Warn("events wait for a target that is not configured", "target", s.Target, "waiting", s.Pending)
		}
	}
}

func (d *Deliverer) runLane(ctx context.Context, t *delivery, lane int) {
	added := d.queue.EventsAdded(t.name, lane)
	for failures := 0; ctx.Err() == nil; {
		sent, err := d.deliverBatch(ctx, t, lane)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			if sent > 0 {
				failures = 0
			}
			d.logFailure(ctx, t, err)
			wait(ctx, waitAfter(failures, rand.Float64()))
			failures++
		case sent == 0:
			select {
			case <-added:
			case <-ctx.Done():
			}
		default:
			failures = 0
		}
	}
}

// deliverBatch sends the first events of a lane, and removes those that are acknowledged.
func (d *Deliverer) deliverBatch(ctx context.Context, t *delivery, lane int) (sent int, err error) {
	events, err := d.queue.Events(ctx, t.name, lane, batch)
	if err != nil {
		return 0, err
	}
	began := d.o.Now()
	for over := false; sent < len(events) && !over && ctx.Err() == nil; over = d.o.Now().Sub(began) >= batchTime {
		if err = d.send(ctx, t, events[sent]); err != nil {
			break
		}
		sent++
	}
	// Also when we are stopped: what is acknowledged is not to be sent again.
	if removeErr := d.queue.RemoveEvents(context.WithoutCancel(ctx), events[:sent]); removeErr != nil {
		return sent, removeErr
	}
	return sent, err
}

func (d *Deliverer) send(ctx context.Context, t *delivery, e *object.Event) error {
	text, err := render(e, d.o.Region)
	if err != nil {
		return err
	}
	return d.deliver(ctx, t, Message{Key: e.Bucket + "/" + e.Key, ID: deduplication(e), JSON: text})
}

// deliver sends one message and counts how that went.
func (d *Deliverer) deliver(ctx context.Context, t *delivery, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	err := t.to.Send(ctx, m)
	if err != nil {
		t.failed.Add(1)
		return err
	}
	t.delivered.Add(1)
	if t.inRow.Swap(0) > 0 {
		d.o.Logger.Info("messages reach their target again", "target", t.name)
	}
	return nil
}

// logFailure logs the first of every logEvery failures in a row.
func (d *Deliverer) logFailure(ctx context.Context, t *delivery, err error) {
	if (t.inRow.Add(1)-1)%logEvery == 0 {
		d.o.Logger.LogAttrs(ctx, slog.LevelWarn, "messages do not reach their target; they wait and are tried again",
			slog.String("target", t.name), slog.Any("error", err))
	}
}

// waitAfter is how long a lane waits after a failure, the first being 0: half of it and as much again as draw, from 0
// to 1, says, so that lanes spread out.
func waitAfter(failures int, draw float64) time.Duration {
	w := maxWait
	if failures < 6 { // 500 ms << 6 is over maxWait
		w = firstWait << failures
	}
	return w/2 + time.Duration(draw*float64(w/2))
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Stats is the state of one target.
type Stats struct {
	Target    string
	Delivered int64 // events, since the start
	Failed    int64 // attempts, since the start
}

// Stats returns the state of each target, in the order of the configuration.
func (d *Deliverer) Stats() []Stats {
	stats := make([]Stats, len(d.targets))
	for i, t := range d.targets {
		stats[i] = Stats{t.name, t.delivered.Load(), t.failed.Load()}
	}
	return stats
}
