package meter

import (
	"context"
	"crypto/rand"
	"fmt"

	"shoal/storage/kv"
)

// Flush writes the sums that changed. When it returns nil, all that was recorded before the call is
// durable. After an error nothing is lost: the sums stay in memory and the next flush writes them.
func (m *Meter) Flush(ctx context.Context) error {
	if err := m.acquire(ctx); err != nil {
		return fmt.Errorf("flush usage: %w", err)
	}
	defer m.release()
	return m.flush(ctx)
}

// flush is Flush for the owner of the ledger.
func (m *Meter) flush(ctx context.Context) error {
	m.ledger.tick++
	for {
		all := m.drain()
		if err := m.write(ctx); err != nil {
			return fmt.Errorf("flush usage: %w", err)
		}
		m.ledger.settle(m.o.Now(), m.o.Lateness)
		if all {
			return nil
		}
		// Every sum in the ledger is written now, so this makes room for those left in the shards.
		m.ledger.shrink()
	}
}

// drain moves the shards into the ledger; false means that it became full before all were moved.
func (m *Meter) drain() bool {
	all := true
	for i := range m.shards {
		if !m.shards[i].drain(&m.ledger) {
			all = false
		}
	}
	return all
}

// write commits the sums that changed, in as many commits as it takes.
func (m *Meter) write(ctx context.Context) error {
	l := &m.ledger
	for len(l.dirty) > 0 {
		n, writes := l.batch()
		if len(writes) > 0 {
			c := kv.Commit{Writes: writes}
			rand.Read(c.ID[:])
			// Blind writes: the value is the absolute sum and no one else writes this epoch, so writing
			// it again after an error of any kind, kv.ErrMaybe too, changes nothing.
			if err := m.engine.Commit(ctx, c); err != nil {
				return fmt.Errorf("commit %d usage rows: %w", len(writes), err)
			}
		}
		l.written(n)
	}
	l.dirty = nil // the array may have grown large
	return nil
}

// batch returns the changed rows of the first n dirty sums, as many as one commit takes; n is at least 1.
func (l *ledger) batch() (n int, writes []kv.Write) {
	for _, s := range l.dirty {
		if len(writes)+int(numUsageTypes) > kv.MaxCommitOps {
			break
		}
		writes = l.appendWrites(writes, s)
		n++
	}
	return n, writes
}

// appendWrites appends the rows of s that are not stored as they are now.
func (l *ledger) appendWrites(writes []kv.Write, s *sum) []kv.Write {
	for t := range numUsageTypes {
		if s.now[t] == s.stored[t] {
			continue
		}
		r := record{sumKey: s.key, usageType: t, epoch: l.epoch(s.generation), amount: s.now[t]}
		writes = append(writes, kv.Write{Key: r.key(), Value: r.value()})
	}
	return writes
}

// written notes that the first n dirty sums are in the rows as they are now.
func (l *ledger) written(n int) {
	for _, s := range l.dirty[:n] {
		s.stored, s.dirty = s.now, false
	}
	l.dirty = l.dirty[n:]
}
