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
	m.ledger.now = m.o.Now()
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

// write commits the sums that changed and the rows of access logs that wait, in as many commits as it takes.
func (m *Meter) write(ctx context.Context) error {
	l := &m.ledger
	for len(l.dirty) > 0 {
		b := l.batch()
		if len(b.writes) > 0 {
			c := kv.Commit{Writes: b.writes}
			rand.Read(c.ID[:])
			// Blind writes: the value is the absolute sum, or records that do not change any more, and no one else
			// writes this epoch, so writing it again after an error of any kind, kv.ErrMaybe too, changes nothing.
			if err := m.engine.Commit(ctx, c); err != nil {
				return fmt.Errorf("commit %d usage rows: %w", len(b.writes), err)
			}
		}
		n := l.written(b)
		m.lineBytes.Add(-n)
		l.unsettled += n
	}
	l.dirty = nil // the array may have grown large
	if l.unsettled > 0 {
		// Only now: a row of a commit that failed may be there, and is written again.
		m.settled.Store(l.sequence + 1)
		m.o.Logged(l.unsettled)
		l.unsettled = 0
	}
	return nil
}

// maxSumBytes bounds the keys and values of the rows of one sum.
const maxSumBytes = int(numRecorded) * (64 + 2*(2*maxName) + valueSize)

// batch is one commit: dirty sums in their order, the last one perhaps not as it is now but as it was after some of
// its records.
type batch struct {
	writes []kv.Write
	bytes  int // of keys and values
	steps  []step
}

// step is how far a batch brings a sum: to is its amount after the first rows of those that are pending.
type step struct {
	sum  *sum
	rows int
	to   amounts
}

// batch returns the next commit, of at least one dirty sum or some of its rows.
func (l *ledger) batch() batch {
	var b batch
	for _, s := range l.dirty {
		if whole := b.take(l, s); !whole {
			break
		}
	}
	return b
}

// take adds s, as far as there is room for it, and reports whether that was all.
func (b *batch) take(l *ledger, s *sum) bool {
	rows := b.fitting(s)
	n, whole := len(rows), len(rows) == len(s.pending)
	// The rows that a failed commit had may be there, and the sum must not fall behind them: they go together again. In
	// an empty batch they have room.
	if n < s.sealed || n == 0 && !whole || !b.hasRoom(n, 0) {
		return false
	}
	if whole && n > 0 {
		s.pending[n-1].after = s.now // with what came without records
	}
	st := step{sum: s, rows: n, to: s.now}
	if !whole {
		st.to = s.pending[n-1].after
	}
	s.sealed = max(s.sealed, n)
	b.add(rows...)
	b.add(l.changed(s, &st.to)...)
	b.steps = append(b.steps, st)
	return whole
}

// fitting returns as many of the rows of s that are pending as b has room for, beside the sum.
func (b *batch) fitting(s *sum) (rows []kv.Write) {
	size := 0
	for i := range s.pending {
		r := &s.pending[i].row
		w := kv.Write{Key: r.Key(), Value: r.Value()}
		if size += len(w.Key) + len(w.Value); !b.hasRoom(i+1, size) {
			break
		}
		rows = append(rows, w)
	}
	return rows
}

// hasRoom reports whether b has room for so many rows of so many bytes, and for a sum.
func (b *batch) hasRoom(rows, size int) bool {
	return len(b.writes)+rows+int(numRecorded) <= kv.MaxCommitOps && b.bytes+size+maxSumBytes <= kv.MaxCommitBytes
}

func (b *batch) add(writes ...kv.Write) {
	for _, w := range writes {
		b.bytes += len(w.Key) + len(w.Value)
	}
	b.writes = append(b.writes, writes...)
}

// changed returns the rows that bring s from what is stored to the given amounts.
func (l *ledger) changed(s *sum, to *amounts) (writes []kv.Write) {
	for t := range numRecorded {
		if to[t] == s.stored[t] {
			continue
		}
		r := record{sumKey: s.key, usageType: t, epoch: l.epoch(s.generation), amount: to[t]}
		writes = append(writes, kv.Write{Key: r.key(), Value: r.value()})
	}
	return writes
}

// written notes that b is in the rows, and returns the bytes of its records.
func (l *ledger) written(b batch) (lines int64) {
	for _, st := range b.steps {
		s := st.sum
		for i := range st.rows {
			lines += int64(len(s.pending[i].row.Lines))
		}
		clear(s.pending[:st.rows]) // lets go of the records
		s.stored, s.pending, s.sealed = st.to, s.pending[st.rows:], max(0, s.sealed-st.rows)
		if len(s.pending) == 0 {
			s.pending, s.dirty = nil, false
			l.dirty = l.dirty[1:]
		}
	}
	return lines
}
