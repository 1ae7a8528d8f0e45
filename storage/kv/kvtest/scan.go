package kvtest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"shoal/storage/kv"
)

// keysOf scans [from, to) to its end, page by page, and holds each page against o.
func keysOf(t *testing.T, e kv.Engine, from, to string, o kv.ScanOptions) []string {
	t.Helper()
	var keys []string
	lo, hi := []byte(from), []byte(to)
	for {
		rows, more, err := e.Scan(t.Context(), lo, hi, o)
		if err != nil {
			t.Fatal(err)
		}
		maxRows, _ := o.Limits()
		if len(rows) > maxRows || (more && len(rows) == 0) {
			t.Fatalf("page of %d rows, more %v, under %+v", len(rows), more, o)
		}
		for _, r := range rows {
			keys = append(keys, string(r.Key))
		}
		if !more {
			return keys
		}
		last := rows[len(rows)-1].Key
		if o.Reverse {
			hi = last
		} else {
			lo = append(bytes.Clone(last), 0)
		}
	}
}

func testOrder(t *testing.T, e kv.Engine) {
	want := []string{"\x01", "a", "a\x00", "a\x00b", "a\x01", "aa", "b", "\x7f", "\x80", "é", "\xff", "\xff\xff"}
	slices.Sort(want)
	for _, i := range rand.Perm(len(want)) {
		commit(t, e, put(want[i], want[i]))
	}
	if got := keysOf(t, e, "", "", kv.ScanOptions{}); !slices.Equal(got, want) {
		t.Errorf("order: got %q, want %q", got, want)
	}
	reversed := slices.Clone(want)
	slices.Reverse(reversed)
	if got := keysOf(t, e, "", "", kv.ScanOptions{Reverse: true, Rows: 5}); !slices.Equal(got, reversed) {
		t.Errorf("reverse: got %q, want %q", got, reversed)
	}
	for _, c := range []struct {
		from, to string
		want     []string
	}{
		{"a", "b", []string{"a", "a\x00", "a\x00b", "a\x01", "aa"}}, // from is in, to is not
		{"a\x00a", "a\x01", []string{"a\x00b"}},
		{"\xff\xff", "", []string{"\xff\xff"}},
		{"\xff\xff\x00", "", nil},
		{"b", "b", nil},
		{"b", "a", nil},
	} {
		for _, reverse := range []bool{false, true} {
			got := keysOf(t, e, c.from, c.to, kv.ScanOptions{Reverse: reverse})
			if reverse {
				slices.Reverse(got)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("scan %q to %q, reverse %v: got %q, want %q", c.from, c.to, reverse, got, c.want)
			}
		}
	}
}

func testPages(t *testing.T, e kv.Engine) {
	const rowBytes = 4 + 100
	fill(t, e, 100, 100)
	for _, c := range []struct {
		o    kv.ScanOptions
		rows int
		more bool
	}{
		{kv.ScanOptions{}, 100, false},
		{kv.ScanOptions{Rows: 1 << 30, Bytes: 1 << 40}, 100, false},
		{kv.ScanOptions{Rows: 100}, 100, false},
		{kv.ScanOptions{Rows: 99}, 99, true},
		{kv.ScanOptions{Rows: 1}, 1, true},
		{kv.ScanOptions{Bytes: 1}, 1, true}, // at least one row, whatever its size
		{kv.ScanOptions{Bytes: 10 * rowBytes}, 10, true},
		{kv.ScanOptions{Bytes: 10*rowBytes - 1}, 9, true},
		{kv.ScanOptions{Bytes: 100 * rowBytes}, 100, false},
		{kv.ScanOptions{Rows: 7, Bytes: 10 * rowBytes, Reverse: true}, 7, true},
		{kv.ScanOptions{Bytes: 100, KeysOnly: true}, 25, true}, // four bytes a key
	} {
		rows, more, err := e.Scan(t.Context(), []byte("k"), []byte("l"), c.o)
		if err != nil || len(rows) != c.rows || more != c.more {
			t.Errorf("page under %+v: got %d rows, more %v, %v; want %d, %v", c.o, len(rows), more, err, c.rows, c.more)
		}
	}
	for _, o := range []kv.ScanOptions{{Rows: 7}, {Bytes: 500}, {Rows: 9, Reverse: true}, {Bytes: 9, KeysOnly: true}} {
		if got := len(keysOf(t, e, "", "", o)); got != 100 {
			t.Errorf("all pages under %+v: got %d rows, want 100", o, got)
		}
	}
}

// testRandom compares random commits and scans with a map.
func testRandom(t *testing.T, e kv.Engine) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	model := map[string]string{}
	key := func() string { return fmt.Sprintf("%c%c", 'a'+rng.IntN(6), 'a'+rng.IntN(6)) }
	for step := range 300 {
		writes := map[string]kv.Write{}
		for range 1 + rng.IntN(5) {
			k := key()
			if writes[k] = put(k, fmt.Sprint(step)); rng.IntN(3) == 0 {
				writes[k] = del(k)
			}
		}
		var c kv.Commit
		for k, w := range writes {
			c.Writes = append(c.Writes, w)
			c.Checks = append(c.Checks, kv.Check{Key: w.Key, Version: get(t, e, k).Version})
			if model[k] = string(w.Value); w.Delete {
				delete(model, k)
			}
		}
		if err := e.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		from, to := key(), key()
		var want []string
		for k := range model {
			if from <= k && k < to {
				want = append(want, k)
			}
		}
		slices.Sort(want)
		o := kv.ScanOptions{Rows: 1 + rng.IntN(8), Reverse: rng.IntN(2) == 0}
		if o.Reverse {
			slices.Reverse(want)
		}
		if got := keysOf(t, e, from, to, o); !slices.Equal(got, want) {
			t.Fatalf("step %d: scan %q to %q under %+v: got %q, want %q", step, from, to, o, got, want)
		}
	}
	for k, v := range model {
		wantValue(t, e, k, v)
	}
}

// testSkip lists folders, as a delimiter listing does, by skipping and by looking at every row.
func testSkip(t *testing.T, e kv.Engine) {
	s, ok := e.(kv.PrefixScanner)
	if !ok {
		t.Skip("the engine has no ScanSkip")
	}
	var all []string
	for i := range 120 {
		all = append(all, fmt.Sprintf("%c/%02d", 'a'+i%7, i), fmt.Sprintf("%cfile%02d", 'a'+i%5, i))
	}
	slices.Sort(all)
	for _, k := range all {
		commit(t, e, put(k, "x"))
	}
	skip := func(key []byte) []byte {
		if i := bytes.IndexByte(key, '/'); i >= 0 {
			return append(bytes.Clone(key[:i]), '/'+1)
		}
		return nil
	}
	var want []string
	for _, k := range all {
		if i := strings.IndexByte(k, '/'); i >= 0 && len(want) > 0 && strings.HasPrefix(want[len(want)-1], k[:i+1]) {
			continue
		}
		want = append(want, k)
	}
	for _, size := range []int{1, 3, 1000} {
		var got []string
		from := []byte(nil)
		for more := true; more; {
			var rows []kv.Row
			var err error
			if rows, more, err = s.ScanSkip(t.Context(), from, nil, kv.ScanOptions{Rows: size}, skip); err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				got = append(got, string(r.Key))
			}
			if more {
				last := rows[len(rows)-1].Key
				if from = skip(last); from == nil {
					from = append(bytes.Clone(last), 0)
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("pages of %d: got %q, want %q", size, got, want)
		}
	}
	back := func(key []byte) []byte { return []byte("a") }
	if _, _, err := s.ScanSkip(t.Context(), []byte("b"), nil, kv.ScanOptions{}, back); err == nil {
		t.Error("skip that goes back: got nil, want an error")
	}
}
