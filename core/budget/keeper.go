package budget

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"shoal/core/billing"
	"shoal/core/fault"
	"shoal/core/meter"
)

// Store keeps budgets and what was raised of them; account.Store is the one in the binary.
type Store interface {
	// Budgets returns the budgets of every account with their states, the zero value of those that have none.
	Budgets(ctx context.Context) ([]Kept, error)
	// ChangeState lets change edit the state of b and keeps the result, in one commit. NoSuchEntity when b is gone.
	ChangeState(ctx context.Context, b *Budget, change func(*State)) error
}

// Kept is a budget with its state.
type Kept struct {
	Budget
	State State
}

const (
	// decideEvery is how often usage is held against the budgets.
	decideEvery = 200 * time.Millisecond
	// priceAge is how old the report behind a cost gets: it has what is stored. Requests and bytes count at once.
	priceAge = 5 * time.Minute
)

// Options are the optional parts of a Keeper. The zero value works.
type Options struct {
	Plan   *billing.Plan    // billing.Default()
	Now    func() time.Time // time.Now
	Logger *slog.Logger     // slog.Default()
}

// Keeper holds scopes to their budgets. Make it with New, keep it going with Run.
type Keeper struct {
	store  Store
	months *meter.Months
	o      Options

	inForce atomic.Pointer[map[meter.Scope]Action] // never changed; without None
	changed chan struct{}                          // has a token when inForce is another one
	stats   atomic.Pointer[Stats]
	raised  atomic.Int64

	mu      sync.Mutex               // guards waiting
	waiting map[string]chan struct{} // by target: has a token when alarms may wait for it
}

// Stats are the budgets of the moment.
type Stats struct {
	Budgets  int
	Exceeded [numActions]int // used up, by Action
	Waiting  int             // alarms that are not acknowledged
	Raised   int64           // alarms, since the start
}

// New returns a Keeper that has held usage against the budgets once, so that what is used up is so from the start. What
// it cannot find out is logged, and tried again by Run.
func New(ctx context.Context, store Store, months *meter.Months, o Options) *Keeper {
	if o.Plan == nil {
		o.Plan = billing.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	k := &Keeper{store: store, months: months, o: o, changed: make(chan struct{}, 1), waiting: make(map[string]chan struct{})}
	k.inForce.Store(&map[meter.Scope]Action{})
	k.stats.Store(&Stats{})
	k.logFault(ctx, usageUnknown, k.keep(ctx))
	k.logFault(ctx, undecided, k.decide(ctx))
	return k
}

// What is logged of the faults of keep and decide.
const (
	usageUnknown = "usage of budgets is not known"
	undecided    = "budgets are not decided on; where usage is not known, no action is in force"
)

func (k *Keeper) logFault(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		k.o.Logger.LogAttrs(ctx, slog.LevelWarn, what, slog.Any("error", err))
	}
}

// InForce returns the action in force for a bucket, by its own budgets and those of the account that pays.
func (k *Keeper) InForce(account, bucket string) Action {
	inForce := *k.inForce.Load()
	if len(inForce) == 0 {
		return None
	}
	return max(inForce[meter.Scope{Account: account, Bucket: bucket}], inForce[meter.Scope{Account: account}])
}

// Changed returns the channel that gets a token when InForce may say otherwise. One may wait for it.
func (k *Keeper) Changed() <-chan struct{} { return k.changed }

// Alarmed returns the channel that gets a token while alarms wait for a target. One may wait for each target.
func (k *Keeper) Alarmed(target string) <-chan struct{} { return k.channel(target) }

func (k *Keeper) channel(target string) chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.waiting[target] == nil {
		k.waiting[target] = make(chan struct{}, 1)
	}
	return k.waiting[target]
}

// Stats returns the budgets of the moment.
func (k *Keeper) Stats() Stats {
	s := *k.stats.Load()
	s.Raised = k.raised.Load()
	return s
}

// Run holds usage against the budgets until ctx is done, and returns nil.
func (k *Keeper) Run(ctx context.Context) error {
	var g errgroup.Group
	// Apart, so that a report that takes long holds up no decision.
	g.Go(func() error { return k.every(ctx, usageUnknown, k.keep) })
	g.Go(func() error { return k.every(ctx, undecided, k.decide) })
	return g.Wait()
}

// every calls do again and again until ctx is done, and logs the first of its failures in a row.
func (k *Keeper) every(ctx context.Context, fails string, do func(context.Context) error) error {
	tick := time.NewTicker(decideEvery)
	defer tick.Stop()
	for failed := false; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := do(ctx)
		if !failed {
			k.logFault(ctx, fails, err)
		}
		failed = err != nil
	}
}

// keep makes the usage of every budget known.
func (k *Keeper) keep(ctx context.Context) error {
	kept, err := k.store.Budgets(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for i := range kept {
		age := time.Duration(0)
		if kept[i].Unit == Cost {
			age = priceAge
		}
		errs = append(errs, k.months.Keep(ctx, kept[i].Scope, age))
	}
	k.months.Forget()
	return errors.Join(errs...)
}

// decide holds what is known of usage against the budgets: first the actions, then the alarms that are due, which wait for
// the disk.
func (k *Keeper) decide(ctx context.Context) error {
	kept, err := k.store.Budgets(ctx)
	if err != nil {
		return err
	}
	month := meter.MonthOf(k.o.Now())
	stats, inForce := Stats{Budgets: len(kept)}, map[meter.Scope]Action{}
	used, known := make([]int64, len(kept)), make([]bool, len(kept))
	errs := make([]error, len(kept))
	for i := range kept {
		b := &kept[i]
		if used[i], known[i], errs[i] = k.used(&b.Budget, month); !known[i] {
			continue
		}
		if passed(used[i], b.Limit, 100) {
			stats.Exceeded[b.Action]++
		}
		if _, _, action := Decide(&b.Budget, b.State, month, used[i]); action != None {
			inForce[b.Scope] = max(inForce[b.Scope], action)
		}
	}
	k.enforce(inForce)
	for i := range kept {
		b := &kept[i]
		if known[i] {
			errs[i] = k.raise(ctx, b, month, used[i])
		}
		if n := len(b.State.Waiting); n > 0 {
			stats.Waiting += n
			token(k.channel(b.Target))
		}
	}
	k.stats.Store(&stats)
	return errors.Join(errs...)
}

// enforce makes these the actions in force.
func (k *Keeper) enforce(actions map[meter.Scope]Action) {
	if !maps.Equal(actions, *k.inForce.Load()) {
		k.inForce.Store(&actions)
		token(k.changed)
	}
}

// token wakes who waits for c.
func token(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// used returns what b has used in the month of the moment; known is false before its scope's usage is.
func (k *Keeper) used(b *Budget, month meter.MonthNumber) (used int64, known bool, err error) {
	if b.Unit == Egress {
		used, known = k.months.Sent(b.Scope)
		return used, known, nil
	}
	rows, known := k.months.Rows(b.Scope)
	if !known {
		return 0, false, nil
	}
	used, err = b.Used(month, rows, k.o.Plan)
	return used, err == nil, err
}

// raise keeps, and logs, the alarms of one budget that are due.
func (k *Keeper) raise(ctx context.Context, b *Kept, month meter.MonthNumber, used int64) error {
	next, due, inForce := Decide(&b.Budget, b.State, month, used)
	if next.same(&b.State) || len(next.Raised) == 0 && len(b.State.Raised) == 0 {
		return nil
	}
	err := k.store.ChangeState(ctx, &b.Budget, func(s *State) {
		*s, due, inForce = Decide(&b.Budget, *s, month, used)
		for _, percent := range due {
			s.Waiting = append(s.Waiting, k.alarm(b, month, percent, used, inForce))
		}
		if b.Target == "" {
			s.Waiting = nil
		}
		s.Waiting = s.Waiting[max(0, len(s.Waiting)-MaxWaiting):]
		b.State = *s
	})
	if fault.Is(err, fault.NoSuchEntity) { // deleted meanwhile
		return nil
	}
	if err != nil {
		return err
	}
	for _, percent := range due {
		k.raised.Add(1)
		k.o.Logger.LogAttrs(ctx, slog.LevelWarn, "a budget has passed a threshold", slog.String("budget", b.Name),
			slog.String("account", b.Scope.Account), slog.String("bucket", b.Scope.Bucket), slog.String("month", month.String()),
			slog.Int("threshold_percent", percent), slog.String("unit", b.Unit.String()), slog.Int64("used", used), slog.Int64("limit", b.Limit),
			slog.String("action", inForce.String()))
	}
	return nil
}

func (k *Keeper) alarm(b *Kept, month meter.MonthNumber, percent int, used int64, inForce Action) Alarm {
	return Alarm{
		ID: rand.Text(), Month: month, Threshold: percent, Used: used, Limit: b.Limit, Currency: b.currency(k.o.Plan),
		Action: inForce, At: k.o.Now().UTC(),
	}
}

// WaitingFor returns the budgets with alarms that wait for a target, those alone in their states.
func (k *Keeper) WaitingFor(ctx context.Context, target string) ([]Kept, error) {
	kept, err := k.store.Budgets(ctx)
	return slices.DeleteFunc(kept, func(b Kept) bool { return b.Target != target || len(b.State.Waiting) == 0 }), err
}

// Acknowledge removes an alarm of b that its target has taken. It is no error when b is gone.
func (k *Keeper) Acknowledge(ctx context.Context, b *Budget, id string) error {
	err := k.store.ChangeState(ctx, b, func(s *State) {
		s.Waiting = slices.DeleteFunc(s.Waiting, func(a Alarm) bool { return a.ID == id })
	})
	if fault.Is(err, fault.NoSuchEntity) {
		return nil
	}
	return err
}
