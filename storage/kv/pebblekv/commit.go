package pebblekv

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"shoal/storage/durable"
	"shoal/storage/kv"
)

// Commit applies c. It does not end early when ctx ends while the sync is under way: the outcome would be
// unknown.
func (e *Engine) Commit(ctx context.Context, c kv.Commit) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("pebblekv: commit: %w", err)
	}
	if err := e.room(c); err != nil {
		return err
	}
	batch, entered, err := e.apply(c)
	if err != nil {
		return err
	}
	if batch == nil { // checks alone: they hold durably once what they saw is synced
		return e.waitForChecked(ctx, c)
	}
	// The locks are free again: rivals on the same keys go on, and join this sync or a later one. The log
	// keeps the order, so none of them can be durable without this commit.
	if err = batch.SyncWait(); err != nil {
		err = e.fail(fmt.Errorf("pebblekv: sync the log: %w", err))
	}
	e.pending.leave(entered)
	if err != nil {
		return err
	}
	return errors.Join(batch.Close(), e.usable())
}

// apply checks and applies c under its locks. The batch is nil when c writes nothing.
func (e *Engine) apply(c kv.Commit) (*pebble.Batch, *unsynced, error) {
	defer e.lock(c)()
	if err := e.usable(); err != nil {
		return nil, nil, err
	}
	for _, k := range c.Checks {
		if err := e.check(k); err != nil {
			return nil, nil, err
		}
	}
	if len(c.Writes) == 0 {
		return nil, nil, nil
	}
	batch, err := e.fill(c)
	if err != nil {
		return nil, nil, err
	}
	entered := e.pending.enter(c.Writes)
	if err := e.db.ApplyNoSyncWait(batch, pebble.Sync); err != nil {
		e.pending.leave(entered)
		return nil, nil, errors.Join(fmt.Errorf("pebblekv: commit: %w", err), batch.Close())
	}
	return batch, entered, nil
}

func (e *Engine) check(k kv.Check) error {
	stored, closer, err := e.db.Get(dbKey(k.Key))
	switch {
	case errors.Is(err, pebble.ErrNotFound):
		if k.Version != nil {
			return fmt.Errorf("%w: row %q is gone", kv.ErrConflict, k.Key)
		}
		return nil
	case err != nil:
		return fmt.Errorf("pebblekv: check row %q: %w", k.Key, err)
	}
	defer closer.Close()
	if k.Version == nil || len(stored) < stampBytes || !bytes.Equal(stored[:stampBytes], k.Version) {
		return fmt.Errorf("%w: row %q was written", kv.ErrConflict, k.Key)
	}
	return nil
}

// fill returns c's writes as a batch, stamped with a fresh commit number. The caller holds c's locks.
func (e *Engine) fill(c kv.Commit) (*pebble.Batch, error) {
	number := e.nextCommit()
	batch := e.db.NewBatch()
	for _, w := range c.Writes {
		var op *pebble.DeferredBatchOp
		if w.Delete {
			op = batch.DeleteDeferred(1 + len(w.Key))
		} else {
			op = batch.SetDeferred(1+len(w.Key), stampBytes+len(w.Value))
			stamp(op.Value, number, w.Value)
		}
		op.Key[0] = userSpace
		copy(op.Key[1:], w.Key)
		if err := op.Finish(); err != nil {
			return nil, errors.Join(fmt.Errorf("pebblekv: commit: %w", err), batch.Close())
		}
	}
	return batch, nil
}

func (e *Engine) waitForChecked(ctx context.Context, c kv.Commit) error {
	err := e.pending.wait(ctx, func(key []byte) bool {
		for _, k := range c.Checks {
			if bytes.Equal(k.Key, key) {
				return true
			}
		}
		return false
	})
	return errors.Join(err, e.usable())
}

// room holds c against the free space, unless it gives space back.
func (e *Engine) room(c kv.Commit) error {
	if c.Reserve || c.OnlyDeletes() {
		return nil
	}
	size := 0
	for _, w := range c.Writes {
		size += len(w.Key) + len(w.Value) + stampBytes
	}
	// Twice: once in the log, once in the table that the memtable becomes.
	if err := e.space.Take(2 * int64(size)); err != nil {
		if durable.IsFull(err) {
			return fmt.Errorf("%w: %w", kv.ErrNoSpace, err)
		}
		return fmt.Errorf("pebblekv: %w", err)
	}
	e.ballast.refill(e.space)
	return nil
}
