package pebblekv

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"shoal/storage/kv"
)

// Get reads keys in one snapshot.
func (e *Engine) Get(ctx context.Context, keys ...[]byte) ([]kv.Row, error) {
	if err := errors.Join(ctx.Err(), e.usable()); err != nil {
		return nil, fmt.Errorf("pebblekv: get: %w", err)
	}
	rows, err := e.getAll(keys)
	if err != nil {
		return nil, err
	}
	err = e.pending.wait(ctx, func(written []byte) bool {
		for _, key := range keys {
			if bytes.Equal(key, written) {
				return true
			}
		}
		return false
	})
	return rows, errors.Join(err, e.usable())
}

func (e *Engine) getAll(keys [][]byte) ([]kv.Row, error) {
	rows := make([]kv.Row, len(keys))
	var reader pebble.Reader = e.db
	if len(keys) > 1 { // one Get is a snapshot by itself
		snapshot := e.db.NewSnapshot()
		defer snapshot.Close()
		reader = snapshot
	}
	var room arena
	for i, key := range keys {
		row, err := getRow(&room, reader, key)
		if err != nil {
			return nil, err
		}
		rows[i] = row
	}
	return rows, nil
}

func getRow(a *arena, r pebble.Reader, key []byte) (kv.Row, error) {
	stored, closer, err := r.Get(dbKey(key))
	if errors.Is(err, pebble.ErrNotFound) {
		return kv.Row{Key: bytes.Clone(key)}, nil
	}
	if err != nil {
		return kv.Row{}, fmt.Errorf("pebblekv: get row %q: %w", key, err)
	}
	defer closer.Close()
	return a.makeRow(key, stored, false)
}

// Scan returns one page.
func (e *Engine) Scan(ctx context.Context, from, to []byte, o kv.ScanOptions) ([]kv.Row, bool, error) {
	return e.scan(ctx, from, to, o, nil)
}

// ScanSkip returns one page, seeking where skip says so. It does not go in reverse.
func (e *Engine) ScanSkip(ctx context.Context, from, to []byte, o kv.ScanOptions, skip func(key []byte) []byte) ([]kv.Row, bool, error) {
	if o.Reverse {
		return nil, false, errors.New("pebblekv: a skipping scan does not go in reverse")
	}
	return e.scan(ctx, from, to, o, skip)
}

func (e *Engine) scan(ctx context.Context, from, to []byte, o kv.ScanOptions, skip func(key []byte) []byte) ([]kv.Row, bool, error) {
	if err := errors.Join(ctx.Err(), e.usable()); err != nil {
		return nil, false, fmt.Errorf("pebblekv: scan: %w", err)
	}
	if len(to) > 0 && bytes.Compare(from, to) >= 0 {
		return nil, false, nil
	}
	lower, upper := bounds(from, to)
	iter, err := e.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return nil, false, fmt.Errorf("pebblekv: scan: %w", err)
	}
	p := page{iter: iter, o: o, skip: skip}
	rows, more, err := p.read(ctx)
	if err = errors.Join(err, iter.Close()); err != nil {
		return nil, false, fmt.Errorf("pebblekv: scan: %w", err)
	}
	err = e.pending.wait(ctx, func(key []byte) bool { return p.covers(from, to, key, more) })
	return rows, more, errors.Join(err, e.usable())
}
