package kv

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"time"
)

// Bounds of Update.
const (
	// MaxUpdateOps is the checks + writes of one Tx: a commit less the marker row's check and write, on
	// every engine, so that what fits one engine fits all.
	MaxUpdateOps = MaxCommitOps - 2

	// maxAttempts ends an Update on a row that others keep changing. With the backoff below it is reached
	// after about ten seconds.
	maxAttempts = 128
	// firstBackoff is of the order of one embedded commit without its sync; maxBackoff bounds the wait
	// of one attempt to that of a slow disk.
	firstBackoff = 500 * time.Microsecond
	maxBackoff   = 100 * time.Millisecond
)

// Update runs f and commits what it wrote, provided that every row it read with Get is unchanged. On a
// conflict f runs again, so it must have no effect besides the Tx and variables that it sets anew each
// time. An error of f ends Update without a commit and is returned as it is; f may have seen rows of
// different moments then.
//
// An f that wrote nothing has nothing to commit: Update returns nil, and several Gets are then not one
// snapshot. Update returns ErrConflict (wrapped) after a bounded number of attempts, ErrTooLarge before
// any commit over a limit, and ctx's error when it ends between attempts.
func Update(ctx context.Context, e Engine, f func(*Tx) error) error {
	for attempt := 0; ; attempt++ {
		tx := &Tx{ctx: ctx, engine: e}
		if err := f(tx); err != nil {
			return err
		}
		if len(tx.writes) == 0 {
			return nil
		}
		c, err := tx.commit()
		if err != nil {
			return err
		}
		if err = apply(ctx, e, c); err == nil || !errors.Is(err, ErrConflict) {
			return err
		}
		if attempt+1 == maxAttempts {
			return fmt.Errorf("kv: update gave up after %d attempts: %w", maxAttempts, err)
		}
		if err := backoff(ctx, attempt); err != nil {
			return err
		}
	}
}

// apply commits c and settles an unknown outcome: nil, ErrConflict (run again) or a final error.
func apply(ctx context.Context, e Engine, c Commit) error {
	if !ambiguous(e) {
		return e.Commit(ctx, c)
	}
	marked := c.withMarker(markerCommitted)
	err := e.Commit(ctx, marked)
	if !errors.Is(err, ErrMaybe) {
		return err
	}
	return settle(ctx, e, c.ID)
}

func ambiguous(e Engine) bool {
	a, ok := e.(Ambiguous)
	return ok && a.Ambiguous()
}

func newCommitID() CommitID {
	var id CommitID
	rand.Read(id[:]) // never fails (crypto/rand)
	return id
}

// backoff waits a random part of a bound that doubles with each attempt, so that rivals spread out.
func backoff(ctx context.Context, attempt int) error {
	bound := maxBackoff
	if attempt < 8 { // 0.5 ms << 8 is over maxBackoff
		bound = min(firstBackoff<<attempt, maxBackoff)
	}
	timer := time.NewTimer(mathrand.N(bound))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("kv: update: %w", ctx.Err())
	}
}
