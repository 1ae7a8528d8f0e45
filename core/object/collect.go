package object

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/time/rate"

	"shoal/storage/blob"
	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// Pace of the collector.
const (
	// collectEvery is how often due tasks are looked for: one scan per shard when there are none.
	collectEvery = 2 * time.Second
	// intentEvery is how often intents are looked at. It matters only for uploads that died while the
	// process lives; those of an earlier process go in the first pass.
	intentEvery = 10 * time.Minute
	// collectRate is the tasks of a second, so that a mass delete leaves the disk to the readers.
	collectRate = 500
	// collectBatch is the tasks of one page: their rows go in one commit, with a check and a delete each.
	collectBatch = (kv.MaxUpdateOps - 2) / 2
	// intentTakeBatch is the intents of one commit: a check, a delete and a queue row each.
	intentTakeBatch = kv.MaxUpdateOps / 3
)

// Collected says what a pass of the collector did.
type Collected struct {
	Intents int // abandoned uploads whose blob was queued
	Blobs   int // deleted
	Tasks   int // queue rows done, those of the blobs included
}

// The order of deletion, which no crash and no race can turn into a lost or a forgotten blob:
//
//   - An expired intent: ONE commit deletes the intent row and queues the blob. Only after it is the blob
//     deleted, so the writer's commit, which consumes the intent, has failed or can only fail.
//   - A queued blob without a reference row: the blob goes first, then its queue row. After a crash in
//     between the row is there to do it again; deleting an absent blob is fine. Nothing can refer to the
//     blob in between: commit.go lets a commit add a reference only beside a live one, and the scan found
//     none.
//   - A queued blob with a reference row: the queue row goes. Whoever deletes that last reference queues
//     the blob again, under a key of its own.
type collector struct {
	store *Store
	limit *rate.Limiter
	now   time.Time
	due   time.Time // up to which queued tasks are done
	done  Collected
}

// CollectOnce does all that is due at now: abandoned intents, then the delete queue. Work that fails is
// left for the next pass and returned joined.
func (s *Store) CollectOnce(ctx context.Context, now time.Time) (Collected, error) {
	c := &collector{store: s, now: now, due: now, limit: rate.NewLimiter(rate.Inf, 0)}
	if err := c.takeIntents(ctx); err != nil {
		return c.done, err
	}
	// A task may queue others: a bucket its uploads, an upload its blobs.
	for before := -1; before != c.done.Tasks; {
		before = c.done.Tasks
		if err := c.drainQueue(ctx); err != nil {
			return c.done, err
		}
	}
	return c.done, nil
}

// runCollector collects until ctx ends.
func (s *Store) runCollector(ctx context.Context) error {
	limit := rate.NewLimiter(collectRate, collectRate)
	var intentsAt time.Time
	return s.every(ctx, collectEvery, "collector", func(ctx context.Context) error {
		now := s.now()
		c := &collector{store: s, now: now, due: s.pressure.due(now, s.o.Grace), limit: limit}
		var err error
		if c.now.Sub(intentsAt).Abs() >= intentEvery {
			if err = c.takeIntents(ctx); err == nil {
				intentsAt = c.now
			}
		}
		return errors.Join(err, c.drainQueue(ctx))
	})
}

// takeIntents queues the blobs of dead and expired intents.
func (c *collector) takeIntents(ctx context.Context) error {
	var dead [][]byte
	take := func() error {
		n, err := c.takeBatch(ctx, dead)
		c.done.Intents += n
		dead = nil
		return err
	}
	err := c.store.eachRow(ctx, []byte{kindIntent}, []byte{kindIntent + 1}, false, func(row kv.Row) error {
		if gone, err := c.isDead(row); err != nil || !gone {
			return err
		}
		if dead = append(dead, row.Key); len(dead) < intentTakeBatch {
			return nil
		}
		return take()
	})
	if err == nil && len(dead) > 0 {
		err = take()
	}
	if err != nil {
		return fmt.Errorf("collect intents: %w", err)
	}
	return nil
}

// isDead: the engine is one process's at a time, so another epoch's writer is no more. The time is for
// writers of our own that hang.
func (c *collector) isDead(row kv.Row) (bool, error) {
	if !row.Exists() {
		return false, nil
	}
	r, err := decodeIntent(row.Value)
	if err != nil {
		return false, fmt.Errorf("intent row %x: %w", row.Key, err)
	}
	return r.Epoch != c.store.epoch || !c.now.Before(r.Expires), nil
}

// takeBatch removes intents by a checked commit; one that was consumed meanwhile is left out.
func (c *collector) takeBatch(ctx context.Context, keys [][]byte) (n int, err error) {
	err = kv.Update(ctx, c.store.kv, func(tx *kv.Tx) error {
		n = 0
		tx.UseReserve()
		rows, err := tx.Peek(keys...)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if gone, err := c.isDead(row); err != nil || !gone {
				if err != nil {
					return err
				}
				continue
			}
			id, err := parseIntentKey(row.Key)
			if err != nil {
				return err
			}
			now, err := tx.Get(row.Key)
			if err != nil {
				return err
			}
			tx.Delete(row.Key)
			if !now[0].Exists() {
				continue // consumed since the Peek; the blob is published
			}
			c.store.enqueue(tx, taskBlob, id, c.now, taskRecord{})
			n++
		}
		return nil
	})
	return n, err
}

// drainQueue does every task that is due, shard by shard.
func (c *collector) drainQueue(ctx context.Context) error {
	var failed error
	for shard := range byte(queueShards) {
		failed = errors.Join(failed, c.drainShard(ctx, shard))
	}
	return failed
}

func (c *collector) drainShard(ctx context.Context, shard byte) error {
	from := queueShardKey(shard)
	// Rows of one shard sort by due time: to is the first that is not due yet.
	to := tuple.AppendUint64(queueShardKey(shard), uint64(c.due.UnixNano())+1)
	var failed error
	for {
		rows, more, err := c.store.kv.Scan(ctx, from, to, kv.ScanOptions{Rows: collectBatch})
		if err != nil {
			return fmt.Errorf("read delete queue: %w", err)
		}
		if len(rows) == 0 {
			return failed
		}
		if err := c.doTasks(ctx, rows); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			failed = errors.Join(failed, err)
		}
		if !more {
			return failed
		}
		from = append(rows[len(rows)-1].Key, 0)
	}
}

// doTasks does the tasks of one page. The rows of those that worked are deleted.
func (c *collector) doTasks(ctx context.Context, rows []kv.Row) error {
	var (
		failed error
		done   []kv.Row
		doomed []blob.ID
	)
	for _, row := range rows {
		if err := c.wait(ctx); err != nil {
			return err
		}
		_, task, id, err := parseQueueKey(row.Key)
		var drop bool
		if err == nil && task == taskBlob {
			if drop, err = c.unreferenced(ctx, refBlob, id); drop {
				doomed = append(doomed, id)
			}
		} else if err == nil {
			err = c.sweep(ctx, task, id, row)
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("task %x: %w", row.Key, err))
			continue
		}
		done = append(done, row)
	}
	if len(doomed) > 0 {
		if err := c.store.blobs.Delete(ctx, doomed...); err != nil {
			return errors.Join(failed, err) // the tasks of this page stay and are done again
		}
		c.done.Blobs += len(doomed)
	}
	return errors.Join(failed, c.finish(ctx, done))
}

func (c *collector) wait(ctx context.Context) error {
	if c.limit.Limit() == rate.Inf {
		return ctx.Err()
	}
	return c.limit.Wait(ctx)
}

// sweep does a task of many rows. It is idempotent: its row is deleted after it.
func (c *collector) sweep(ctx context.Context, task taskKind, id [16]byte, row kv.Row) error {
	record, err := decodeTask(row.Value)
	if err != nil {
		return err
	}
	switch task {
	case taskManifest:
		free, err := c.unreferenced(ctx, refManifest, id)
		if err != nil || !free {
			return err
		}
		return c.store.sweepManifest(ctx, ManifestID(id))
	case taskUpload:
		return c.store.sweepUpload(ctx, UploadID(id), record)
	case taskBucket:
		return c.store.sweepBucket(ctx, record)
	case taskPrefix:
		return c.store.sweepPrefix(ctx, record.Bucket, id, row.Key, c.now)
	}
	return fmt.Errorf("%w: unknown task %q", errRecord, task)
}

func (c *collector) unreferenced(ctx context.Context, target byte, id [16]byte) (bool, error) {
	prefix := refPrefix(target, id)
	rows, _, err := c.store.kv.Scan(ctx, prefix, tuple.PrefixEnd(prefix), kv.ScanOptions{Rows: 1, KeysOnly: true})
	return len(rows) == 0, err
}

// finish deletes the queue rows that are still as they were read.
func (c *collector) finish(ctx context.Context, done []kv.Row) error {
	if len(done) == 0 {
		return nil
	}
	err := kv.Update(ctx, c.store.kv, func(tx *kv.Tx) error {
		tx.UseReserve()
		for _, row := range done {
			now, err := tx.Get(row.Key)
			if err != nil {
				return err
			}
			if !now[0].Exists() || bytes.Equal(now[0].Version, row.Version) {
				tx.Delete(row.Key)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("finish delete tasks: %w", err)
	}
	c.done.Tasks += len(done)
	return nil
}
