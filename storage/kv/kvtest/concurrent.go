package kvtest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"shoal/storage/kv"
)

// increment adds one to the number at key.
func increment(key string) func(*kv.Tx) error {
	return func(tx *kv.Tx) error {
		rows, err := tx.Get([]byte(key))
		if err != nil {
			return err
		}
		tx.Put([]byte(key), binary.BigEndian.AppendUint64(nil, number(rows[0])+1))
		return nil
	}
}

func number(r kv.Row) uint64 {
	if !r.Exists() {
		return 0
	}
	return binary.BigEndian.Uint64(r.Value)
}

// race runs f in n goroutines and reports their errors.
func race(t *testing.T, n int, f func(i int) error) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if err := f(i); err != nil {
				t.Errorf("goroutine %d: %v", i, err)
			}
		})
	}
	wg.Wait()
}

func testIncrements(t *testing.T, e kv.Engine) {
	const workers, each = 16, 20
	race(t, workers, func(i int) error {
		for range each {
			own := fmt.Sprint("own", i)
			if err := kv.Update(t.Context(), e, increment("sum")); err != nil {
				return err
			}
			if err := kv.Update(t.Context(), e, increment(own)); err != nil {
				return err
			}
		}
		return nil
	})
	if got := number(get(t, e, "sum")); got != workers*each {
		t.Errorf("sum: got %d, want %d", got, workers*each)
	}
	for i := range workers {
		if got := number(get(t, e, fmt.Sprint("own", i))); got != each {
			t.Errorf("sum of worker %d: got %d, want %d", i, got, each)
		}
	}
}

// testSnapshots moves amounts between rows while readers add them up: the sum never changes.
func testSnapshots(t *testing.T, e kv.Engine) {
	const accounts, total = 4, 400
	var keys [][]byte
	for i := range accounts {
		keys = append(keys, fmt.Appendf(nil, "acct%d", i))
		commit(t, e, kv.Write{Key: keys[i], Value: binary.BigEndian.AppendUint64(nil, total/accounts)})
	}
	ctx, cancel := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	read := func(rows []kv.Row, err error) {
		var sum uint64
		for _, r := range rows {
			sum += number(r)
		}
		if ctx.Err() == nil && (err != nil || sum != total) {
			t.Errorf("sum in one snapshot: got %d, %v, want %d", sum, err, total)
		}
	}
	readers.Go(func() {
		for ctx.Err() == nil {
			read(e.Get(ctx, keys...))
		}
	})
	readers.Go(func() {
		for ctx.Err() == nil {
			rows, _, err := e.Scan(ctx, []byte("acct"), []byte("accu"), kv.ScanOptions{})
			read(rows, err)
		}
	})
	race(t, 4, func(w int) error {
		for i := range 40 {
			from, to := keys[(w+i)%accounts], keys[(w+2*i+1)%accounts]
			if err := kv.Update(t.Context(), e, move(from, to)); err != nil {
				return err
			}
		}
		return nil
	})
	cancel()
	readers.Wait()
}

func move(from, to []byte) func(*kv.Tx) error {
	return func(tx *kv.Tx) error {
		rows, err := tx.Get(from, to)
		if err != nil || string(from) == string(to) || number(rows[0]) == 0 {
			return err
		}
		tx.Put(from, binary.BigEndian.AppendUint64(nil, number(rows[0])-1))
		tx.Put(to, binary.BigEndian.AppendUint64(nil, number(rows[1])+1))
		return nil
	}
}

// testGuards closes a table by bumping its guard while writers check it: nothing is written after the close.
func testGuards(t *testing.T, e kv.Engine) {
	guard := []byte("guard")
	commit(t, e, put("guard", "open"))
	closed := errors.New("closed")
	var rowsAtClose []string
	race(t, 5, func(w int) error {
		if w == 0 {
			err := kv.Update(t.Context(), e, func(tx *kv.Tx) error {
				if _, err := tx.Get(guard); err != nil {
					return err
				}
				tx.Put(guard, []byte("closed"))
				return nil
			})
			rowsAtClose = keysOf(t, e, "row", "rox", kv.ScanOptions{})
			return err
		}
		for i := 0; ; i++ {
			err := kv.Update(t.Context(), e, func(tx *kv.Tx) error {
				rows, err := tx.Get(guard)
				if err != nil {
					return err
				}
				if string(rows[0].Value) != "open" {
					return closed
				}
				tx.Put(fmt.Appendf(nil, "row%d-%d", w, i), []byte(rows[0].Version))
				return nil
			})
			if errors.Is(err, closed) {
				return nil
			}
			if err != nil {
				return err
			}
		}
	})
	if got := len(keysOf(t, e, "row", "rox", kv.ScanOptions{})); got != len(rowsAtClose) {
		t.Errorf("rows after the close: got %d, want %d", got, len(rowsAtClose))
	}
}

// testFaults counts through a bad line: every increment happens exactly once.
func testFaults(t *testing.T, e kv.Engine) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	f := NewFaulty(e, rand.New(rand.NewPCG(seed, 0)))
	const workers, each = 4, 25
	race(t, workers, func(i int) error {
		for range each {
			if err := kv.Update(t.Context(), f, increment("sum")); err != nil {
				return err
			}
		}
		return nil
	})
	if got := number(get(t, e, "sum")); got != workers*each {
		t.Errorf("sum: got %d, want %d", got, workers*each)
	}
	if f.Lost == 0 || f.Unanswered == 0 || f.Late == 0 {
		t.Errorf("faults met: lost %d, unanswered %d, late %d; want some of each", f.Lost, f.Unanswered, f.Late)
	}
}
