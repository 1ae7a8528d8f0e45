package kv

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// MarkerPrefix starts the keys of marker rows: MarkerPrefix + CommitID. No other key may start with it.
// The value is one byte of outcome and the time of writing in big-endian Unix seconds. Only an Ambiguous
// engine has such rows; SweepMarkers removes old ones. docs/format/kv.md draws them.
const MarkerPrefix = "\x00tx\x00"

// MarkerLife is the least age at which a marker may be swept: far longer than a commit can be under
// way between a client and its engine. An unknown outcome is settled long before.
const MarkerLife = 24 * time.Hour

const (
	markerCommitted = 'c' // written by the commit itself
	markerFenced    = 'f' // written in its place: that commit can never apply
)

func markerKey(id CommitID) []byte { return append([]byte(MarkerPrefix), id[:]...) }

// withMarker returns c with the marker row for its own ID, checked to be absent.
func (c Commit) withMarker(outcome byte) Commit {
	key := markerKey(c.ID)
	value := binary.BigEndian.AppendUint64([]byte{outcome}, uint64(time.Now().Unix()))
	c.Checks = append(c.Checks[:len(c.Checks):len(c.Checks)], Check{Key: key})
	c.Writes = append(c.Writes[:len(c.Writes):len(c.Writes)], Write{Key: key, Value: value})
	return c
}

// settle learns the outcome of the commit id after ErrMaybe: nil when it applied, ErrConflict when it
// did not. It writes the marker in the commit's place: reading alone would not do, because the commit
// may still be on its way and apply after the read.
func settle(ctx context.Context, e Engine, id CommitID) error {
	for attempt := 0; attempt < maxAttempts; attempt++ {
		err := e.Commit(ctx, Commit{ID: id}.withMarker(markerFenced))
		switch {
		case err == nil:
			return fmt.Errorf("kv: commit %x did not reach the engine: %w", id, ErrConflict)
		case errors.Is(err, ErrConflict):
			return readMarker(ctx, e, id)
		case !errors.Is(err, ErrMaybe):
			return fmt.Errorf("kv: settle commit %x: %w: %w", id, ErrMaybe, err)
		}
		if err := backoff(ctx, attempt); err != nil {
			return fmt.Errorf("%w: %w", ErrMaybe, err)
		}
	}
	return fmt.Errorf("kv: commit %x: %w after %d attempts to settle it", id, ErrMaybe, maxAttempts)
}

func readMarker(ctx context.Context, e Engine, id CommitID) error {
	rows, err := e.Get(ctx, markerKey(id))
	if err != nil {
		return fmt.Errorf("kv: settle commit %x: %w: %w", id, ErrMaybe, err)
	}
	if len(rows) == 1 && len(rows[0].Value) > 0 {
		switch rows[0].Value[0] {
		case markerCommitted:
			return nil
		case markerFenced: // by an earlier attempt of settle, itself of unknown outcome
			return fmt.Errorf("kv: commit %x did not reach the engine: %w", id, ErrConflict)
		}
	}
	return fmt.Errorf("kv: settle commit %x: %w: marker row is missing or damaged", id, ErrMaybe)
}

// SweepMarkers deletes one page of the markers written before now - MarkerLife, and reports whether to call
// again. after is where to go on: nil at first, then the returned key.
func SweepMarkers(ctx context.Context, e Engine, now time.Time, after []byte) (next []byte, more bool, err error) {
	from := append([]byte(MarkerPrefix), after...)
	to := []byte(MarkerPrefix)
	to[len(to)-1]++
	rows, more, err := e.Scan(ctx, from, to, ScanOptions{Rows: MaxUpdateOps})
	if err != nil {
		return nil, false, fmt.Errorf("kv: sweep markers: %w", err)
	}
	before := now.Add(-MarkerLife).Unix()
	c := Commit{ID: newCommitID()}
	for _, row := range rows {
		if len(row.Value) < 9 || int64(binary.BigEndian.Uint64(row.Value[1:])) < before {
			c.Writes = append(c.Writes, Write{Key: row.Key, Delete: true})
		}
	}
	if len(c.Writes) > 0 {
		if err := e.Commit(ctx, c); err != nil {
			return nil, false, fmt.Errorf("kv: sweep markers: %w", err)
		}
	}
	if more {
		next = append(rows[len(rows)-1].Key[len(MarkerPrefix):], 0)
	}
	return next, more, nil
}
