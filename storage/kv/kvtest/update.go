package kvtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"shoal/storage/kv"
)

// testUpdate tests kv.Update over the engine.
func testUpdate(t *testing.T, e kv.Engine) {
	t.Run("reads its own writes", func(t *testing.T) { testOwnWrites(t, e) })
	t.Run("runs again on a conflict", func(t *testing.T) { testConflict(t, e) })
	t.Run("peek adds no check", func(t *testing.T) { testPeek(t, e) })
	t.Run("require adds one", func(t *testing.T) { testRequire(t, e) })
	t.Run("refusals", func(t *testing.T) { testRefusals(t, e) })
	t.Run("marker sweep", func(t *testing.T) { testSweep(t, e) })
}

func testOwnWrites(t *testing.T, e kv.Engine) {
	commit(t, e, put("u", "old"))
	err := kv.Update(t.Context(), e, func(tx *kv.Tx) error {
		for _, c := range []struct {
			do   func()
			want string
		}{
			{func() {}, "old"},
			{func() { tx.Put([]byte("u"), []byte("new")) }, "new"},
			{func() { tx.Delete([]byte("u")) }, ""},
			{func() { tx.Put([]byte("u"), []byte("newest")) }, "newest"},
		} {
			c.do()
			for _, read := range []func(...[]byte) ([]kv.Row, error){tx.Get, tx.Peek} {
				rows, err := read([]byte("u"), []byte("u"))
				if err != nil {
					return err
				}
				for _, r := range rows {
					if string(r.Value) != c.want || r.Exists() != (c.want != "") {
						t.Errorf("in the update: got %q (exists %v), want %q", r.Value, r.Exists(), c.want)
					}
				}
			}
		}
		rows, _, err := tx.Scan([]byte("u"), []byte("v"), kv.ScanOptions{})
		if err == nil && (len(rows) != 1 || string(rows[0].Value) != "old") {
			t.Errorf("scan in the update: got %v, want the committed row", rows)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	wantValue(t, e, "u", "newest")
}

func testConflict(t *testing.T, e kv.Engine) {
	commit(t, e, put("c", "0"))
	runs := 0
	err := kv.Update(t.Context(), e, func(tx *kv.Tx) error {
		runs++
		if _, err := tx.Get([]byte("c")); err != nil {
			return err
		}
		if runs < 3 {
			commit(t, e, put("c", fmt.Sprint("rival", runs)))
		}
		tx.Put([]byte("c"), fmt.Appendf(nil, "mine after %d", runs))
		return nil
	})
	if err != nil || runs != 3 {
		t.Errorf("got %v after %d runs, want nil after 3", err, runs)
	}
	wantValue(t, e, "c", "mine after 3")

	ctx, cancel := context.WithCancel(t.Context())
	err = kv.Update(ctx, e, func(tx *kv.Tx) error {
		if _, err := tx.Get([]byte("c")); err != nil {
			return err
		}
		commit(t, e, put("c", "rival for ever"))
		tx.Put([]byte("c"), nil)
		cancel()
		return nil
	})
	wantErr(t, "update whose context ends", err, context.Canceled)
}

func testPeek(t *testing.T, e kv.Engine) {
	commit(t, e, put("p", "0"))
	runs := 0
	err := kv.Update(t.Context(), e, func(tx *kv.Tx) error {
		runs++
		if _, err := tx.Peek([]byte("p"), []byte("p-absent")); err != nil {
			return err
		}
		commit(t, e, put("p", "rival"), put("p-absent", "rival"))
		tx.Put([]byte("p2"), nil)
		return nil
	})
	if err != nil || runs != 1 {
		t.Errorf("got %v after %d runs, want nil after 1", err, runs)
	}
}

// testRequire makes rows of a Peek and of a Scan conditions: each conflict runs the function again.
func testRequire(t *testing.T, e kv.Engine) {
	commit(t, e, put("q1", "0"), put("q2", "0"))
	runs := 0
	err := kv.Update(t.Context(), e, func(tx *kv.Tx) error {
		runs++
		peeked, err := tx.Peek([]byte("q1"), []byte("q-absent"))
		if err != nil {
			return err
		}
		scanned, _, err := tx.Scan([]byte("q2"), []byte("q3"), kv.ScanOptions{})
		if err != nil {
			return err
		}
		for _, row := range append(peeked, scanned...) {
			tx.Require(row) // the absent one adds nothing
		}
		if runs <= 2 {
			commit(t, e, put(fmt.Sprint("q", runs), "rival"))
		}
		tx.Put([]byte("q4"), nil)
		return nil
	})
	if err != nil || runs != 3 {
		t.Errorf("got %v after %d runs, want nil after 3", err, runs)
	}
}

func testRefusals(t *testing.T, e kv.Engine) {
	own := errors.New("own")
	err := kv.Update(t.Context(), e, func(tx *kv.Tx) error {
		tx.Put([]byte("r"), nil)
		return own
	})
	if err != own {
		t.Errorf("error of the function: got %v, want it as it is", err)
	}
	err = kv.Update(t.Context(), e, func(tx *kv.Tx) error {
		if _, err := tx.Get([]byte("r-absent")); err != nil {
			return err
		}
		tx.Put([]byte("r"), nil)
		return nil
	})
	if err == nil || errors.Is(err, kv.ErrConflict) {
		t.Errorf("absence check on a key not written: got %v, want a plain error", err)
	}
	err = kv.Update(t.Context(), e, func(tx *kv.Tx) error {
		for i := range kv.MaxUpdateOps + 1 {
			tx.Put(fmt.Appendf(nil, "r%d", i), nil)
		}
		return nil
	})
	wantErr(t, "too many writes", err, kv.ErrTooLarge)
	err = kv.Update(t.Context(), e, func(tx *kv.Tx) error {
		_, err := tx.Get([]byte("r-absent"))
		return err
	})
	wantErr(t, "read only", err, nil)
	wantAbsent(t, e, "r")
}

func testSweep(t *testing.T, e kv.Engine) {
	f := &markedOnly{e}
	const n = 2*kv.MaxUpdateOps + 5
	for i := range n {
		err := kv.Update(t.Context(), f, func(tx *kv.Tx) error {
			tx.Put([]byte("s"), fmt.Append(nil, i))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	sweep := func(now time.Time) int {
		var after []byte
		for more := true; more; {
			var err error
			if after, more, err = kv.SweepMarkers(t.Context(), e, now, after); err != nil {
				t.Fatal(err)
			}
		}
		return len(keysOf(t, e, kv.MarkerPrefix, kv.MarkerPrefix+"\xff\xff", kv.ScanOptions{}))
	}
	if got := sweep(time.Now()); got != n {
		t.Errorf("markers after a sweep too early: got %d, want %d", got, n)
	}
	if got := sweep(time.Now().Add(kv.MarkerLife + time.Hour)); got != 0 {
		t.Errorf("markers after a sweep: got %d, want 0", got)
	}
}

// markedOnly makes Update write markers, without faults.
type markedOnly struct{ kv.Engine }

func (markedOnly) Ambiguous() bool { return true }
