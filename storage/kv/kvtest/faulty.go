package kvtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"

	"shoal/storage/kv"
)

// Faulty is an engine behind a bad line: of its commits, some are lost before they reach the engine, some
// apply and lose their answer, and some arrive late, after the answer kv.ErrMaybe. It is safe for concurrent use.
type Faulty struct {
	kv.Engine
	mu   sync.Mutex // guards rng, late, Lost and Late
	rng  *rand.Rand
	late []kv.Commit
	// Lost, Unanswered and Late count the faults made so far; read them when no commit is under way.
	Lost, Unanswered, Late int
}

// NewFaulty wraps e. About half of the commits meet a fault, chosen by rng, which it takes over.
func NewFaulty(e kv.Engine, rng *rand.Rand) *Faulty { return &Faulty{Engine: e, rng: rng} }

// Ambiguous says that Commit may answer kv.ErrMaybe.
func (f *Faulty) Ambiguous() bool { return true }

// Commit applies c, or not, or later.
func (f *Faulty) Commit(ctx context.Context, c kv.Commit) error {
	fault, late := f.choose(c)
	for _, l := range late {
		// A commit that arrives late has nobody to answer to.
		_ = f.Engine.Commit(ctx, l)
	}
	switch fault {
	case lost:
		return fmt.Errorf("kvtest: lost: %w", kv.ErrMaybe)
	case unanswered:
		_ = f.Engine.Commit(ctx, c)
		return fmt.Errorf("kvtest: unanswered: %w", kv.ErrMaybe)
	}
	return f.Engine.Commit(ctx, c)
}

type fault int

const (
	none fault = iota
	lost
	unanswered
)

// choose draws the fault of c, and takes the commits that arrive just before it.
func (f *Faulty) choose(c kv.Commit) (fault, []kv.Commit) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var arrive []kv.Commit
	if len(f.late) > 0 && f.rng.IntN(2) == 0 {
		arrive, f.late = f.late, nil
	}
	switch f.rng.IntN(6) {
	case 0:
		f.Lost++
		return lost, arrive
	case 1:
		f.Unanswered++
		return unanswered, arrive
	case 2:
		f.Late++
		f.late = append(f.late, clone(c))
		return lost, arrive
	}
	return none, arrive
}

// clone copies c, whose slices belong to the caller.
func clone(c kv.Commit) kv.Commit {
	out := kv.Commit{ID: c.ID, Reserve: c.Reserve}
	for _, k := range c.Checks {
		out.Checks = append(out.Checks, kv.Check{Key: cloneBytes(k.Key), Version: cloneBytes(k.Version)})
	}
	for _, w := range c.Writes {
		out.Writes = append(out.Writes, kv.Write{Key: cloneBytes(w.Key), Value: cloneBytes(w.Value), Delete: w.Delete})
	}
	return out
}

// cloneBytes keeps nil apart from empty, as a Version needs.
func cloneBytes(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append([]byte{}, b...)
}
