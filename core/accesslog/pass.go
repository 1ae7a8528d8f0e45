package accesslog

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"time"

	"shoal/core/fault"
	"shoal/storage/kv"
)

const (
	scanBytes = 1 << 20 // of a page: what a delivery holds in memory
	// removeRows is how many rows go in one commit, beside that of the plan.
	removeRows = kv.MaxUpdateOps - 1
)

// pass is one delivery.
type pass struct {
	d       *Deliverer
	epoch   Epoch  // of the writer that may still write
	settled uint64 // its first sequence that is left for the next pass

	held    map[string][]rowRange // by bucket: rows of plans that could not be carried out
	failed  map[string]error      // by group: why nothing more of it is tried in this pass
	waiting map[string]int64      // by bucket: bytes that its target refused
	done    Delivered
	oldest  time.Time // of what waits
}

func newPass(d *Deliverer) *pass {
	return &pass{d: d, held: make(map[string][]rowRange), failed: make(map[string]error), waiting: make(map[string]int64)}
}

func (p *pass) deliver(ctx context.Context) error {
	p.epoch, p.settled = p.d.o.Settled()
	// Plans first: whatever a crash left half done keeps its rows from being planned again.
	err := p.eachPage(ctx, kindPlan, func(row kv.Row) error {
		pl, err := decodePlan(row.Key, row.Value)
		if err != nil {
			p.logBad(ctx, row.Key, err)
			return nil
		}
		return p.carryOut(ctx, &pl)
	})
	if err != nil {
		return err
	}
	var next *plan
	err = p.eachPage(ctx, kindRow, func(row kv.Row) error {
		r := p.deliverable(ctx, row)
		if r != nil && next != nil && next.extend(r, p.d.o.MaxObject) {
			return nil
		}
		ready := next
		next = nil
		if r != nil {
			next = planOf(r)
		}
		return p.begin(ctx, ready)
	})
	if err != nil {
		return err
	}
	return p.begin(ctx, next)
}

// eachPage calls f for all rows of a kind, in order of key.
func (p *pass) eachPage(ctx context.Context, kind byte, f func(kv.Row) error) error {
	from, to := []byte{Table, kind}, []byte{Table, kind + 1}
	for more := true; more; {
		var rows []kv.Row
		var err error
		rows, more, err = p.d.engine.Scan(ctx, from, to, kv.ScanOptions{Bytes: scanBytes})
		if err != nil {
			return fmt.Errorf("scan access log rows: %w", err)
		}
		for _, row := range rows {
			if err := f(row); err != nil {
				return err
			}
			from = append(row.Key, 0)
		}
	}
	return nil
}

// deliverable reads a row; nil when it is not settled, is a part of a plan that waits, or does not read.
func (p *pass) deliverable(ctx context.Context, row kv.Row) *Row {
	r, err := ParseRow(row.Key, row.Value)
	if err != nil {
		p.logBad(ctx, row.Key, err)
		return nil
	}
	if r.Epoch == p.epoch && r.Sequence >= p.settled {
		return nil
	}
	for _, h := range p.held[r.Bucket] {
		if h.contains(r.rows()) {
			return nil
		}
	}
	return r
}

// begin makes a plan durable and carries it out; nil is none.
func (p *pass) begin(ctx context.Context, pl *plan) error {
	if pl == nil {
		return nil
	}
	pl.key = objectKey(pl.target, p.d.o.Region, pl.rows, pl.owner, pl.id.unique(), p.d.o.Now())
	err := p.failed[pl.group()]
	if err == nil {
		err = p.d.store.CheckTarget(ctx, pl.object())
	}
	if err != nil {
		return p.keep(ctx, pl, err)
	}
	if err := p.commit(ctx, kv.Write{Key: planKey(pl.id), Value: pl.value()}); err != nil {
		return err
	}
	return p.carryOut(ctx, pl)
}

// carryOut puts the log object of a durable plan, unless that was done, and removes its rows and it.
func (p *pass) carryOut(ctx context.Context, pl *plan) error {
	if !pl.delivered {
		if err := p.put(ctx, pl); err != nil {
			return p.keep(ctx, pl, err)
		}
		p.done.Objects++
		p.done.Records += pl.records
		p.done.Bytes += pl.bytes
	}
	return p.remove(ctx, pl)
}

func (p *pass) put(ctx context.Context, pl *plan) error {
	if err := p.failed[pl.group()]; err != nil {
		return err
	}
	o := pl.object()
	o.Body = newBody(ctx, p.d.engine, pl.rows)
	err := p.d.store.PutLog(ctx, o)
	if fault.Is(err, fault.PreconditionFailed) {
		return nil // It was put before a crash: nobody else knows its UniqueString.
	}
	return err
}

// keep lets wait what could not be delivered because of err, and drops it when its target has refused it for too long.
func (p *pass) keep(ctx context.Context, pl *plan, err error) error {
	if ctx.Err() != nil {
		return err
	}
	where := []slog.Attr{
		slog.String("bucket", pl.rows.bucket), slog.String("target_bucket", pl.target.Bucket),
		slog.Int64("records", pl.records), slog.Any("error", err),
	}
	if group := pl.group(); p.failed[group] == nil {
		p.failed[group] = err
		p.d.o.Logger.LogAttrs(ctx, slog.LevelWarn, "access log cannot be delivered; it waits", where...)
	}
	if refused(err) && p.waitedTooLong(pl) {
		p.d.o.Logger.LogAttrs(ctx, slog.LevelError, "access log could not be delivered for too long; records are dropped", where...)
		p.done.Dropped += pl.records
		p.d.waiting[pl.rows.bucket] -= pl.bytes
		return p.remove(ctx, pl)
	}
	if refused(err) {
		p.waiting[pl.rows.bucket] += pl.bytes
	}
	p.held[pl.rows.bucket] = append(p.held[pl.rows.bucket], pl.rows)
	p.done.PendingBytes += pl.bytes
	if written := pl.written(); p.oldest.IsZero() || written.Before(p.oldest) {
		p.oldest = written
	}
	return nil
}

func (p *pass) waitedTooLong(pl *plan) bool {
	return p.d.o.Now().Sub(pl.written()) > maxWait || p.d.waiting[pl.rows.bucket] > maxWaitBytes
}

// remove deletes the rows of a plan, the first of them first, and with the last ones the plan.
func (p *pass) remove(ctx context.Context, pl *plan) error {
	from, to := pl.rows.bounds()
	pl.delivered = true
	for more := true; more; {
		var rows []kv.Row
		var err error
		rows, more, err = p.d.engine.Scan(ctx, from, to, kv.ScanOptions{Rows: removeRows, KeysOnly: true})
		if err != nil {
			return fmt.Errorf("scan delivered access log rows: %w", err)
		}
		// The plan says from the first removal on that it is delivered: what is left of its rows is not put again.
		writes := []kv.Write{{Key: planKey(pl.id), Value: pl.value(), Delete: !more}}
		for _, row := range rows {
			writes = append(writes, kv.Write{Key: row.Key, Delete: true})
			from = append(row.Key[:len(row.Key):len(row.Key)], 0)
		}
		if err := p.commit(ctx, writes...); err != nil {
			return err
		}
	}
	return nil
}

// commit writes blindly: what it writes is harmless when it is written again.
func (p *pass) commit(ctx context.Context, writes ...kv.Write) error {
	c := kv.Commit{Writes: writes, Reserve: len(writes) > 1}
	rand.Read(c.ID[:]) // never fails (crypto/rand)
	if err := p.d.engine.Commit(ctx, c); err != nil {
		return fmt.Errorf("commit %d access log rows: %w", len(writes), err)
	}
	return nil
}

func (p *pass) logBad(ctx context.Context, key []byte, err error) {
	p.d.o.Logger.LogAttrs(ctx, slog.LevelError, "access log row cannot be read", slog.String("row", fmt.Sprintf("%q", key)), slog.Any("error", err))
}
