package pebblekv

import (
	"encoding/binary"
	"fmt"

	"shoal/storage/kv"
)

// A commit number has its epoch in the upper bits and a counter in the lower counterBits: 2^40 commits
// for each of 2^24 starts.
const (
	counterBits = 40
	maxEpoch    = 1<<(64-counterBits) - 1
	stampBytes  = 8 // a value at rest starts with the number of its commit, big endian
)

// nextCommit returns a number greater than any returned before, by this or an earlier Engine on the directory.
func (e *Engine) nextCommit() uint64 { return e.epoch<<counterBits | e.counter.Add(1) }

// dbKey returns the Pebble key of a user's key.
func dbKey(key []byte) []byte {
	b := make([]byte, 0, 1+len(key))
	return append(append(b, userSpace), key...)
}

// bounds returns the Pebble bounds of a scan.
func bounds(from, to []byte) (lower, upper []byte) {
	if len(to) == 0 {
		return dbKey(from), []byte{userSpaceEnd}
	}
	return dbKey(from), dbKey(to)
}

// arena is memory for the rows of a page: an allocation for many of them, which lives as long as one is in use. The
// zero value works.
type arena struct {
	free []byte
	size int // of the last block: they grow from that of one row
}

// maxArenaBlock bounds what a row that is kept holds in memory.
const maxArenaBlock = 64 << 10

// take returns n bytes of capacity.
func (a *arena) take(n int) []byte {
	if n > len(a.free) {
		a.size = max(n, min(2*a.size, maxArenaBlock))
		a.free = make([]byte, a.size)
	}
	b := a.free[:0:n]
	a.free = a.free[n:]
	return b
}

// makeRow copies key and stored, which are Pebble's, into the arena.
func (a *arena) makeRow(key, stored []byte, keysOnly bool) (kv.Row, error) {
	if len(stored) < stampBytes {
		return kv.Row{}, fmt.Errorf("pebblekv: row %q has %d bytes, fewer than its stamp", key, len(stored))
	}
	if keysOnly {
		stored = stored[:stampBytes]
	}
	b := a.take(len(key) + len(stored))
	b = append(append(b, key...), stored...)
	k, v := len(key), len(key)+stampBytes
	row := kv.Row{Key: b[:k:k], Version: kv.Version(b[k:v:v])}
	if !keysOnly {
		row.Value = b[v:len(b):len(b)]
	}
	return row, nil
}

// stamp returns the value at rest.
func stamp(dst []byte, commit uint64, value []byte) {
	binary.BigEndian.PutUint64(dst, commit)
	copy(dst[stampBytes:], value)
}
