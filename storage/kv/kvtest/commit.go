package kvtest

import (
	"bytes"
	"fmt"
	"testing"

	"shoal/storage/kv"
)

func testGet(t *testing.T, e kv.Engine) {
	commit(t, e, put("a", "1"), put("empty", ""), put("\xff\xff", "top"), put("\x01", "low"))
	rows, err := e.Get(t.Context(), []byte("\xff\xff"), []byte("none"), []byte("a"), []byte("a"), []byte("\x01"))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"top", "", "1", "1", "low"} {
		if got := rows[i]; string(got.Value) != want || got.Exists() != (i != 1) {
			t.Errorf("row %d: got %q (exists %v), want %q", i, got.Value, got.Exists(), want)
		}
	}
	if row := get(t, e, "empty"); !row.Exists() || len(row.Value) != 0 {
		t.Errorf("empty value: got %v, want a row without bytes", row)
	}
	if rows, err := e.Get(t.Context()); err != nil || len(rows) != 0 {
		t.Errorf("get of nothing: got %v, %v", rows, err)
	}
	// What a Get returned belongs to the caller, who may change it.
	row := get(t, e, "a")
	copy(row.Value, "9")
	copy(row.Key, "z")
	wantValue(t, e, "a", "1")
}

func testAtomicity(t *testing.T, e kv.Engine) {
	commit(t, e, put("a", "1"), put("b", "1"))
	stale := get(t, e, "b").Version
	commit(t, e, put("b", "2"))
	err := e.Commit(t.Context(), kv.Commit{
		Checks: []kv.Check{{Key: []byte("a"), Version: get(t, e, "a").Version}, {Key: []byte("b"), Version: stale}},
		Writes: []kv.Write{put("a", "9"), del("b"), put("c", "9")},
	})
	wantErr(t, "commit with one stale check", err, kv.ErrConflict)
	wantValue(t, e, "a", "1")
	wantValue(t, e, "b", "2")
	wantAbsent(t, e, "c")

	// The engine keeps no slice of a commit.
	key, value := []byte("mine"), []byte("before")
	commit(t, e, kv.Write{Key: key, Value: value})
	copy(key, "xxxx")
	copy(value, "xxxxxx")
	wantValue(t, e, "mine", "before")
}

func testChecks(t *testing.T, e kv.Engine) {
	commit(t, e, put("there", "1"), put("guard", "1"))
	there, guard := get(t, e, "there").Version, get(t, e, "guard").Version
	commit(t, e, put("old", "1"))
	old := get(t, e, "old").Version
	commit(t, e, put("old", "2"))
	gone := get(t, e, "old").Version
	commit(t, e, del("old"))

	check := func(key string, v kv.Version) []kv.Check { return []kv.Check{{Key: []byte(key), Version: v}} }
	for _, c := range []struct {
		name   string
		commit kv.Commit
		want   error
	}{
		{"absent, and it is", kv.Commit{Checks: check("new", nil), Writes: []kv.Write{put("new", "1")}}, nil},
		{"absent, and it is no longer", kv.Commit{Checks: check("new", nil), Writes: []kv.Write{put("new", "2")}}, kv.ErrConflict},
		{"absent, deleting", kv.Commit{Checks: check("new", nil), Writes: []kv.Write{del("new")}}, kv.ErrConflict},
		{"guard unchanged", kv.Commit{Checks: check("guard", guard), Writes: []kv.Write{put("x", "1")}}, nil},
		{"guard unchanged, nothing written", kv.Commit{Checks: check("guard", guard)}, nil},
		{"another row's version", kv.Commit{Checks: check("guard", old), Writes: []kv.Write{put("x", "2")}}, kv.ErrConflict},
		{"another row's version, nothing written", kv.Commit{Checks: check("guard", old)}, kv.ErrConflict},
		{"stale, row gone", kv.Commit{Checks: check("old", old), Writes: []kv.Write{put("x", "2")}}, kv.ErrConflict},
		{"last, row gone", kv.Commit{Checks: check("old", gone), Writes: []kv.Write{put("x", "2")}}, kv.ErrConflict},
		{"replace", kv.Commit{Checks: check("there", there), Writes: []kv.Write{put("there", "2")}}, nil},
		{"replace again", kv.Commit{Checks: check("there", there), Writes: []kv.Write{put("there", "3")}}, kv.ErrConflict},
		{"delete of nothing", kv.Commit{Writes: []kv.Write{del("nothing")}}, nil},
		{"nothing at all", kv.Commit{}, nil},
	} {
		wantErr(t, c.name, e.Commit(t.Context(), c.commit), c.want)
	}
	wantValue(t, e, "new", "1")
	wantValue(t, e, "there", "2")
	wantValue(t, e, "x", "1")
}

func testVersions(t *testing.T, e kv.Engine) {
	seen := map[string]bool{}
	for i := range 10 {
		if i == 5 {
			commit(t, e, del("k"))
		}
		commit(t, e, put("k", "the same"))
		v := get(t, e, "k").Version
		if seen[string(v)] {
			t.Fatalf("write %d has version %x, which was there before", i, v)
		}
		seen[string(v)] = true
		commit(t, e, put("other", "x"))
		if again := get(t, e, "k").Version; !bytes.Equal(again, v) {
			t.Fatalf("version changed without a write: got %x, want %x", again, v)
		}
		rows, _, err := e.Scan(t.Context(), []byte("k"), []byte("l"), kv.ScanOptions{KeysOnly: true})
		if err != nil || len(rows) != 1 || !bytes.Equal(rows[0].Version, v) || rows[0].Value != nil {
			t.Fatalf("scan of keys: got %v, %v, want version %x without a value", rows, err, v)
		}
	}
}

func testLimits(t *testing.T, e kv.Engine) {
	many := func(n, size int) []kv.Write {
		var w []kv.Write
		for i := range n {
			w = append(w, kv.Write{Key: fmt.Appendf(nil, "many%04d", i), Value: make([]byte, size)})
		}
		return w
	}
	key := func(n int) []byte { return bytes.Repeat([]byte("k"), n) }
	for _, c := range []struct {
		name   string
		writes []kv.Write
		want   error
	}{
		{"largest key", []kv.Write{{Key: key(kv.MaxKey)}}, nil},
		{"key too long", []kv.Write{{Key: key(kv.MaxKey + 1)}}, kv.ErrTooLarge},
		{"largest value", []kv.Write{{Key: []byte("v"), Value: make([]byte, kv.MaxValue)}}, nil},
		{"value too long", []kv.Write{{Key: []byte("v"), Value: make([]byte, kv.MaxValue+1)}}, kv.ErrTooLarge},
		{"most operations", many(kv.MaxCommitOps, 1), nil},
		{"too many operations", many(kv.MaxCommitOps+1, 1), kv.ErrTooLarge},
		{"too many bytes", many(kv.MaxCommitBytes/kv.MaxValue+1, kv.MaxValue), kv.ErrTooLarge},
	} {
		wantErr(t, c.name, e.Commit(t.Context(), kv.Commit{Writes: c.writes}), c.want)
	}
	for name, c := range map[string]kv.Commit{
		"absence check without a write": {Checks: []kv.Check{{Key: []byte("q")}}, Writes: []kv.Write{put("other", "")}},
		"key written twice":             {Writes: []kv.Write{put("q", "1"), put("q", "2")}},
		"empty key":                     {Writes: []kv.Write{put("", "1")}},
	} {
		if err := e.Commit(t.Context(), c); err == nil {
			t.Errorf("%s: got nil, want an error", name)
		}
	}
	wantAbsent(t, e, "q")
}

func testReopen(t *testing.T, e kv.Engine, reopen func(*testing.T, kv.Engine) kv.Engine) {
	seen := map[string]bool{}
	for round := range 4 {
		commit(t, e, put("k", "same"), put(fmt.Sprint("round", round), "x"), put("victim", "x"))
		commit(t, e, del("victim"))
		v := get(t, e, "k").Version
		if seen[string(v)] {
			t.Fatalf("round %d: version %x was used before the reopen", round, v)
		}
		seen[string(v)] = true
		e = reopen(t, e)
		if got := get(t, e, "k").Version; !bytes.Equal(got, v) {
			t.Errorf("version after reopen: got %x, want %x", got, v)
		}
		for r := range round + 1 {
			wantValue(t, e, fmt.Sprint("round", r), "x")
		}
		wantAbsent(t, e, "victim")
	}
}
