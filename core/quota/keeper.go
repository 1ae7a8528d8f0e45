package quota

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"shoal/core/fault"
	"shoal/core/meter"
)

// Source counts.
type Source interface {
	// AccountLimits returns the limits of all accounts that have some, by canonical id.
	AccountLimits(ctx context.Context) (map[string]Limits, error)
	// Held returns what a bucket holds, or without an ID all buckets of the account.
	Held(ctx context.Context, b Bucket) (Held, error)
}

const (
	// limitsEvery is how often the limits of accounts are read: a change counts within a second.
	limitsEvery = 500 * time.Millisecond
	// rereadAfter is how old a count is when a refusal reads it again: what was deleted makes room within a second.
	rereadAfter = time.Second
	// staleAfter is how old a count may get: by then it knows of what was on its way when the quota was set.
	staleAfter = time.Minute
	// forgetAfter is how long a count that nobody asks for is kept.
	forgetAfter = 10 * time.Minute
)

// Options are the optional parts of a Keeper. The zero value works.
type Options struct {
	Now    func() time.Time // time.Now
	Logger *slog.Logger     // slog.Default()
}

// Keeper admits or refuses. Make it with New, keep it going with Run.
type Keeper struct {
	source Source
	months *meter.Months
	o      Options

	accounts atomic.Pointer[map[string]Limits]

	mu     sync.Mutex        // guards gauges
	gauges map[string]*gauge // by what is counted

	spent sync.Map // meter.Scope of which it was logged that its quota is used up
}

// New returns a Keeper, which has read the limits of accounts. months counts what is sent.
func New(ctx context.Context, source Source, months *meter.Months, o Options) (*Keeper, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	k := &Keeper{source: source, months: months, o: o, gauges: make(map[string]*gauge)}
	return k, k.readLimits(ctx)
}

// Run keeps the limits of accounts true, and forgets counts that nobody asks for, until ctx is done. It returns nil.
func (k *Keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(limitsEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := k.readLimits(ctx); err != nil && ctx.Err() == nil {
			k.o.Logger.LogAttrs(ctx, slog.LevelWarn, "quotas of accounts are not read; the last ones count", slog.Any("error", err))
		}
		k.forget(k.o.Now())
	}
}

func (k *Keeper) readLimits(ctx context.Context) error {
	limits, err := k.source.AccountLimits(ctx)
	if err == nil {
		k.accounts.Store(&limits)
	}
	return err
}

func (k *Keeper) forget(now time.Time) {
	k.mu.Lock()
	for key, g := range k.gauges {
		if g.unusedSince(now.Add(-forgetAfter)) {
			delete(k.gauges, key)
		}
	}
	k.mu.Unlock()
	k.months.Forget()
}

// account returns the limits of an account; the zero value when it has none.
func (k *Keeper) account(id string) Limits { return (*k.accounts.Load())[id] }

// Admit makes room for what a request adds to b. QuotaExceeded when the bucket or its account has none. The caller calls
// done once, with whether it was added. Together, what is admitted and what is held never exceed a quota that is older
// than the requests.
func (k *Keeper) Admit(ctx context.Context, b Bucket, adds Held) (done func(added bool), err error) {
	account := k.account(b.Account)
	if !b.Limits.stores() && !account.stores() {
		return func(bool) {}, nil
	}
	var taken []*gauge
	done = func(added bool) {
		for _, g := range taken {
			g.release(adds, added)
		}
	}
	for _, bound := range []struct {
		limits Limits
		of     Bucket
		what   string
	}{
		{b.Limits, b, "bucket " + b.Name},
		{account, Bucket{Account: b.Account}, "account " + b.Account},
	} {
		if !bound.limits.stores() {
			continue
		}
		g := k.gauge(bound.of)
		over, err := g.reserve(ctx, k, bound.of, bound.limits, adds)
		if err == nil && over != "" {
			err = fault.New("admit", b.Name, fault.QuotaExceeded, fmt.Errorf("the quota %s of %s", over, bound.what))
		}
		if err != nil {
			done(false)
			return nil, err
		}
		taken = append(taken, g)
	}
	return done, nil
}

func (k *Keeper) gauge(of Bucket) *gauge {
	key := "b" + string(of.ID[:])
	if of.ID == (BucketID{}) {
		key = "a" + of.Account
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	g := k.gauges[key]
	if g == nil {
		g = &gauge{}
		k.gauges[key] = g
	}
	g.touch(k.o.Now())
	return g
}
