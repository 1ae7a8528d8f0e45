package kvtest

import (
	"errors"
	"fmt"
	"testing"

	"shoal/storage/kv"
)

// Options adapt Run to an engine. The zero value works.
type Options struct {
	// Reopen closes e and returns an engine on the same data; nil skips the tests of durability.
	Reopen func(t *testing.T, e kv.Engine) kv.Engine
}

// Run tests the engines that open returns, each fresh and empty. open closes what it opened by t.Cleanup,
// unless Reopen did.
func Run(t *testing.T, open func(t *testing.T) kv.Engine, o Options) {
	for _, c := range []struct {
		name string
		test func(*testing.T, kv.Engine)
	}{
		{"get", testGet},
		{"atomicity", testAtomicity},
		{"checks", testChecks},
		{"versions", testVersions},
		{"limits", testLimits},
		{"order", testOrder},
		{"pages", testPages},
		{"random", testRandom},
		{"skip", testSkip},
		{"increments", testIncrements},
		{"snapshots", testSnapshots},
		{"guards", testGuards},
		{"update", testUpdate},
		{"faults", testFaults},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
	if o.Reopen != nil {
		t.Run("reopen", func(t *testing.T) { testReopen(t, open(t), o.Reopen) })
	}
}

func put(key, value string) kv.Write { return kv.Write{Key: []byte(key), Value: []byte(value)} }

func del(key string) kv.Write { return kv.Write{Key: []byte(key), Delete: true} }

func commit(t *testing.T, e kv.Engine, writes ...kv.Write) {
	t.Helper()
	if err := e.Commit(t.Context(), kv.Commit{Writes: writes}); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, e kv.Engine, key string) kv.Row {
	t.Helper()
	rows, err := e.Get(t.Context(), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1 || string(rows[0].Key) != key {
		t.Fatalf("get %q: got %d rows: %v", key, len(rows), rows)
	}
	return rows[0]
}

func wantValue(t *testing.T, e kv.Engine, key, want string) {
	t.Helper()
	if row := get(t, e, key); !row.Exists() || string(row.Value) != want {
		t.Errorf("row %q: got %q (exists %v), want %q", key, row.Value, row.Exists(), want)
	}
}

func wantAbsent(t *testing.T, e kv.Engine, key string) {
	t.Helper()
	if row := get(t, e, key); row.Exists() || row.Value != nil {
		t.Errorf("row %q: got %q, want it absent", key, row.Value)
	}
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// fill writes n rows k000, k001, ... with values of size bytes.
func fill(t *testing.T, e kv.Engine, n, size int) {
	t.Helper()
	for i := 0; i < n; i += 50 {
		var writes []kv.Write
		for j := i; j < min(i+50, n); j++ {
			writes = append(writes, kv.Write{Key: fmt.Appendf(nil, "k%03d", j), Value: make([]byte, size)})
		}
		commit(t, e, writes...)
	}
}
