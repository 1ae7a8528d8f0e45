package object

import (
	"context"
	"sync"
	"time"

	"shoal/storage/blob"
	"shoal/storage/kv"
)

const (
	// intentBatch is how many intents one commit writes, so that a PUT seldom pays for one.
	intentBatch = 64
	// intentLife is the longest upload of one body: after it the collector may take the intent, and the
	// upload fails.
	intentLife = 48 * time.Hour
	// intentSpare is what must be left of the life of an intent that is handed out.
	intentSpare = intentLife / 2
)

// intentPool holds blob ids whose intent rows are written and that no writer has taken. What a process
// leaves in it is collected by the next one.
type intentPool struct {
	mu      sync.Mutex
	ready   []blob.ID
	expires time.Time     // of ready
	filling chan struct{} // holds a token while somebody writes a batch
}

// takeIntent returns a fresh blob id that has a durable intent row.
func (s *Store) takeIntent(ctx context.Context) (blob.ID, error) {
	if id, ok := s.intents.pop(s.now()); ok {
		return id, nil
	}
	select {
	case s.intents.filling <- struct{}{}:
	case <-ctx.Done():
		return blob.ID{}, ctx.Err()
	}
	defer func() { <-s.intents.filling }()
	if id, ok := s.intents.pop(s.now()); ok {
		return id, nil
	}
	ids := make([]blob.ID, intentBatch)
	expires := s.now().Add(intentLife)
	record := encodeIntent(intentRecord{Epoch: s.epoch, Expires: expires})
	err := kv.Update(ctx, s.kv, func(tx *kv.Tx) error {
		for i := range ids {
			ids[i] = blob.NewID()
			tx.Put(intentKey(ids[i]), record)
		}
		return nil
	})
	if err != nil {
		return blob.ID{}, err
	}
	s.intents.fill(ids[1:], expires)
	return ids[0], nil
}

func (p *intentPool) pop(now time.Time) (blob.ID, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.ready) == 0 || p.expires.Sub(now) < intentSpare {
		return blob.ID{}, false
	}
	id := p.ready[len(p.ready)-1]
	p.ready = p.ready[:len(p.ready)-1]
	return id, true
}

func (p *intentPool) fill(ids []blob.ID, expires time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ready, p.expires = ids, expires
}

// abandon gives up a blob that is durable, or may be, and that no version shows. Without its intent no commit
// can show it any more; if one of unknown outcome did, its reference rows keep it from the collector. On an
// error the intent outlives us, and the next process takes the blob.
func (s *Store) abandon(ctx context.Context, id blob.ID) {
	err := kv.Update(context.WithoutCancel(ctx), s.kv, func(tx *kv.Tx) error {
		tx.UseReserve()
		tx.Delete(intentKey(id))
		s.enqueue(tx, taskBlob, id, s.now(), taskRecord{})
		return nil
	})
	if err != nil {
		s.log.Warn("abandoned blob stays until the next start", "blob", id.String(), "error", err)
	}
}
