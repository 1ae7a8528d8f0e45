package quota

import (
	"context"
	"sync"
	"time"
)

// gauge is an upper bound of what one bucket or account holds.
type gauge struct {
	mu       sync.Mutex // guards what follows; never held while Source reads
	known    bool
	held     Held      // as Source had it, and what was added since it was asked
	reserved Held      // of requests that are under way
	since    Held      // added since the reading that is under way began
	readAt   time.Time // when the last reading began
	reading  chan struct{}
	usedAt   time.Time
}

func (g *gauge) touch(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.usedAt = now
}

// unusedSince reports whether nobody asked since t, and nobody holds room.
func (g *gauge) unusedSince(t time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.usedAt.Before(t) && g.reserved == Held{} && g.reading == nil
}

// reserve makes room for adds, or says which limit is in the way.
func (g *gauge) reserve(ctx context.Context, k *Keeper, of Bucket, limits Limits, adds Held) (over string, err error) {
	for {
		now := k.o.Now()
		g.mu.Lock()
		over = limits.over(g.held.plus(g.reserved).plus(adds))
		age := now.Sub(g.readAt).Abs() // a clock that was set back makes it old
		if g.known && (over == "" && age < staleAfter || over != "" && age < rereadAfter) {
			if over == "" {
				g.reserved = g.reserved.plus(adds)
			}
			g.mu.Unlock()
			return over, nil
		}
		if wait := g.reading; wait != nil {
			g.mu.Unlock()
			select {
			case <-wait:
				continue
			case <-ctx.Done():
				return "", ctx.Err()
			}
		}
		g.reading, g.since = make(chan struct{}), Held{}
		g.mu.Unlock()
		if err := g.read(ctx, k, of, now); err != nil {
			return "", err
		}
	}
}

// read asks Source. What is added meanwhile may be in its answer or not: it is counted on top, so that the bound holds.
func (g *gauge) read(ctx context.Context, k *Keeper, of Bucket, began time.Time) error {
	held, err := k.source.Held(ctx, of)
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.reading)
	g.reading = nil
	if err != nil {
		return err
	}
	g.known, g.held, g.readAt = true, held.plus(g.since), began
	return nil
}

// release gives room back, which was added to what is held or not.
func (g *gauge) release(room Held, added bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.reserved = g.reserved.minus(room)
	if added {
		g.held, g.since = g.held.plus(room), g.since.plus(room)
	}
}
