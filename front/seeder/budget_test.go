package seeder

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"shoal/core/budget"
	"shoal/core/fault"
	"shoal/core/meter"
	"shoal/core/object"
	"shoal/core/swarm"
	"shoal/wire/peer"
)

// oneBudget is a budget.Store of one budget; its report has nothing.
type oneBudget struct {
	mu   sync.Mutex // guards kept
	kept budget.Kept
}

func (s *oneBudget) Budgets(context.Context) ([]budget.Kept, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return []budget.Kept{s.kept}, nil
}

func (s *oneBudget) ChangeState(_ context.Context, _ *budget.Budget, change func(*budget.State)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.kept.State)
	return nil
}

func (s *oneBudget) limit(bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept.Limit = bytes
}

func (*oneBudget) Report(context.Context, meter.Query) ([]meter.Row, error) { return nil, nil }

// TestBudgetUsedUp: peers that use a budget up are let go, one that takes nothing of what it asked for as well; nothing
// is sent after it; with a greater limit the seeder takes peers again.
func TestBudgetUsedUp(t *testing.T) {
	const limit = 4 * mib
	store := &oneBudget{kept: budget.Kept{Budget: budget.Budget{
		ID: "1", Name: "b", Scope: meter.Scope{Account: string(testOwner.ID), Bucket: "public"},
		Limit: limit, Thresholds: budget.DefaultThresholds(), Action: budget.StopAnonymousEgress,
	}}}
	var keeper *budget.Keeper
	changed := make(chan struct{}, 1)
	w := newWorld(t, worldOptions{
		seeder: Options{Rates: Rates{Peer: 8 * mib}},
		swarm: swarm.Options{ServeChanged: changed, MayServe: func(_ context.Context, to *object.Torrent) error {
			if keeper.InForce(to.Bucket.Owner, to.Bucket.Name) == budget.StopAnonymousEgress {
				return fault.New("send", to.Bucket.Name, fault.QuotaExceeded, nil)
			}
			return nil
		}},
		meter: func(next meter.Recorder) meter.Recorder {
			months := meter.NewMonths(store, next, time.Now)
			keeper = budget.New(t.Context(), store, months, budget.Options{Logger: slog.New(slog.DiscardHandler)})
			return months
		},
	})
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = keeper.Run(ctx) })
	running.Go(func() {
		for ctx.Err() == nil {
			select {
			case <-keeper.Changed():
				changed <- struct{}{}
			case <-ctx.Done():
			}
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })

	to := w.put(t, "object", random(1, 8*mib))
	var frames []byte
	for _, k := range blocks(to, 16*kib) {
		frames = peer.AppendRequest(frames, k)
	}
	stuck, busy := open(t, w, to.InfoHash, allReserved), open(t, w, to.InfoHash, allReserved)
	stuck.send(frames)
	busy.requestForever(frames)
	eventually(t, "both are let go", func() bool { return w.seeder.Stats().Closed[QuotaSpent] == 2 && w.seeder.Stats().Conns == 0 })
	_, payload := w.meter.sums()
	if payload < limit {
		t.Errorf("%d bytes recorded, want the limit of %d at least", payload, limit)
	}
	late := dial(t, w, to.InfoHash, allReserved)
	late.drain()
	eventually(t, "a third is turned away", func() bool { return w.seeder.Stats().Closed[QuotaSpent] == 3 })
	if _, p := w.meter.sums(); p != payload {
		t.Errorf("%d bytes recorded after the end", p-payload)
	}
	store.limit(1 << 40)
	eventually(t, "the budget is in force no more", func() bool { return keeper.InForce(string(testOwner.ID), "public") == budget.None })
	eventually(t, "a peer is served", func() bool {
		before := w.seeder.Stats().Closed[QuotaSpent]
		c := dial(t, w, to.InfoHash, allReserved)
		defer c.nc.Close()
		eventually(t, "it is in or out", func() bool { return w.swarms.Stats().Members > 0 || w.seeder.Stats().Closed[QuotaSpent] > before })
		return w.swarms.Stats().Members > 0
	})
}
