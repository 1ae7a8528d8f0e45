package pebblekv

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"shoal/storage/kv"
)

// pending holds the commits that are applied, hence visible in Pebble, but perhaps not synced yet. A commit
// enters before it is applied, so a reader that saw it finds it here or it is durable.
type pending struct {
	count atomic.Int64 // len(open), for readers while nobody writes
	mu    sync.Mutex   // guards open
	open  map[*unsynced]struct{}
}

// unsynced is one commit; done is closed after its sync, or when the engine has failed.
type unsynced struct {
	writes []kv.Write
	done   chan struct{}
}

func (p *pending) enter(writes []kv.Write) *unsynced {
	u := &unsynced{writes: writes, done: make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open == nil {
		p.open = make(map[*unsynced]struct{})
	}
	p.open[u] = struct{}{}
	p.count.Add(1)
	return u
}

func (p *pending) leave(u *unsynced) {
	p.mu.Lock()
	delete(p.open, u)
	p.count.Add(-1)
	p.mu.Unlock()
	close(u.done)
}

// wait returns when every pending commit that writes a key for which saw holds is synced.
func (p *pending) wait(ctx context.Context, saw func(key []byte) bool) error {
	if p.count.Load() == 0 {
		return nil
	}
	for _, u := range p.touching(saw) {
		select {
		case <-u.done:
		case <-ctx.Done():
			return fmt.Errorf("pebblekv: wait for a commit: %w", ctx.Err())
		}
	}
	return nil
}

func (p *pending) touching(saw func(key []byte) bool) []*unsynced {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []*unsynced
	for u := range p.open {
		for _, w := range u.writes {
			if saw(w.Key) {
				out = append(out, u)
				break
			}
		}
	}
	return out
}
