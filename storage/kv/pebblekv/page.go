package pebblekv

import (
	"bytes"
	"context"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"shoal/storage/kv"
)

// ctxRows is how often a page looks at its context: a page of 10,000 rows takes milliseconds.
const ctxRows = 256

// page reads one page from an iterator.
type page struct {
	iter *pebble.Iterator
	o    kv.ScanOptions
	skip func(key []byte) []byte
	last []byte // key of the last row taken
	rows arena
}

func (p *page) read(ctx context.Context) (rows []kv.Row, more bool, err error) {
	maxRows, maxBytes := p.o.Limits()
	size := 0
	for ok := p.first(); ok; {
		if len(rows) == maxRows {
			return rows, true, p.iter.Error()
		}
		stored, err := p.iter.ValueAndErr()
		if err != nil {
			return nil, false, err
		}
		row, err := p.rows.makeRow(p.iter.Key()[1:], stored, p.o.KeysOnly)
		if err != nil {
			return nil, false, err
		}
		size += len(row.Key) + len(row.Value)
		if len(rows) > 0 && size > maxBytes {
			return rows, true, nil
		}
		rows = append(rows, row)
		p.last = row.Key
		if len(rows)%ctxRows == 0 && ctx.Err() != nil {
			return nil, false, ctx.Err()
		}
		if ok, err = p.next(row.Key); err != nil {
			return nil, false, err
		}
	}
	return rows, false, p.iter.Error()
}

func (p *page) first() bool {
	if p.o.Reverse {
		return p.iter.Last()
	}
	return p.iter.First()
}

func (p *page) next(key []byte) (bool, error) {
	if p.o.Reverse {
		return p.iter.Prev(), nil
	}
	if p.skip == nil {
		return p.iter.Next(), nil
	}
	to := p.skip(key)
	if to == nil {
		return p.iter.Next(), nil
	}
	if bytes.Compare(to, key) <= 0 {
		return false, fmt.Errorf("skip from %q goes back to %q", key, to)
	}
	return p.iter.SeekGE(dbKey(to)), nil
}

// covers reports whether key lies in the part of [from, to) that the page has looked at.
func (p *page) covers(from, to, key []byte, more bool) bool {
	if bytes.Compare(key, from) < 0 || (len(to) > 0 && bytes.Compare(key, to) >= 0) {
		return false
	}
	if !more || p.last == nil {
		return true
	}
	if p.o.Reverse {
		return bytes.Compare(key, p.last) >= 0
	}
	return bytes.Compare(key, p.last) <= 0
}
