package accesslog

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"shoal/storage/kv"
)

var errTest = errors.New("out of order")

// fakeEngine is a kv.Engine in a map, of which one commit can be made to fail.
type fakeEngine struct {
	mu      sync.Mutex
	rows    map[string]string // guarded by mu, as all below
	commits int               // so far
	failAt  int               // the commit that fails, counted from 1; 0 is none
	applied bool              // it is applied all the same
}

func newFake() *fakeEngine { return &fakeEngine{rows: make(map[string]string)} }

func (e *fakeEngine) Get(_ context.Context, keys ...[]byte) (rows []kv.Row, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, k := range keys {
		row := kv.Row{Key: k}
		if v, ok := e.rows[string(k)]; ok {
			row.Value, row.Version = []byte(v), kv.Version("v")
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (e *fakeEngine) Scan(_ context.Context, from, to []byte, o kv.ScanOptions) (rows []kv.Row, more bool, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for k, v := range e.rows {
		if k >= string(from) && k < string(to) {
			rows = append(rows, kv.Row{Key: []byte(k), Value: []byte(v), Version: kv.Version("v")})
		}
	}
	slices.SortFunc(rows, func(a, b kv.Row) int { return bytes.Compare(a.Key, b.Key) })
	limit, size := o.Limits()
	for i, row := range rows {
		if size -= len(row.Key) + len(row.Value); i == limit || i > 0 && size < 0 {
			return rows[:i], true, nil
		}
	}
	return rows, false, nil
}

func (e *fakeEngine) Commit(_ context.Context, c kv.Commit) error {
	if err := c.Validate(); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.commits++
	fails := e.commits == e.failAt
	if fails && !e.applied {
		return errTest
	}
	for _, w := range c.Writes {
		if w.Delete {
			delete(e.rows, string(w.Key))
		} else {
			e.rows[string(w.Key)] = string(w.Value)
		}
	}
	if fails {
		return errTest
	}
	return nil
}

func (e *fakeEngine) Close() error { return nil }

func (e *fakeEngine) put(rows ...*Row) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range rows {
		e.rows[string(r.Key())] = string(r.Value())
	}
}

func (e *fakeEngine) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.rows)
}

// check is the full check of the table.
func (e *fakeEngine) check(t *testing.T) {
	t.Helper()
	rows, _, err := e.Scan(t.Context(), []byte{Table}, []byte{Table + 1}, kv.ScanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if wrong, err := CheckRow(t.Context(), e, row); err != nil || wrong != "" {
			t.Errorf("row %q: %s, error %v", row.Key, wrong, err)
		}
	}
}
