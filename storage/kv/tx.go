package kv

import (
	"context"
	"fmt"
)

// pendingVersion is the Version of a row that the Tx itself wrote; it never reaches an engine.
const pendingVersion = "pending"

// Tx is one attempt of an Update. It is for one goroutine and ends with f. Rows that it returns are
// shared with later reads of the Tx: their slices must not be changed.
type Tx struct {
	ctx     context.Context // ends with the call of Update that made the Tx
	engine  Engine
	reads   map[string]Row // by Get; each is a check
	order   []string       // keys of reads, in the order of the first Get
	writes  map[string]int // index in list
	list    []Write
	reserve bool
}

// Get returns one Row per key, in the order asked, and makes the commit depend on each being unchanged
// since. A key read before is not read again. A key that this Tx wrote is answered from that write, adds
// no check, and has a Version of no meaning.
//
// When a Get found a row absent and the Tx commits, it must also write that key: an engine on SQL
// cannot lock a row that is not there. Otherwise read with Peek, or Get a guard row.
func (tx *Tx) Get(keys ...[]byte) ([]Row, error) { return tx.read(keys, true) }

// Peek is Get without the check: the row may change before the commit. Use it where that is harmless.
func (tx *Tx) Peek(keys ...[]byte) ([]Row, error) { return tx.read(keys, false) }

// Require makes the commit depend on a row that Peek or Scan returned, and that was there, being unchanged
// since. A row that this Tx wrote or read with Get adds nothing.
func (tx *Tx) Require(row Row) {
	if _, written := tx.writes[string(row.Key)]; !written && row.Exists() {
		tx.record(row)
	}
}

func (tx *Tx) read(keys [][]byte, check bool) ([]Row, error) {
	rows := make([]Row, len(keys))
	var ask [][]byte
	var at []int
	for i, key := range keys {
		if row, ok := tx.known(key); ok {
			rows[i] = row
			continue
		}
		ask = append(ask, key)
		at = append(at, i)
	}
	if len(ask) == 0 {
		return rows, nil
	}
	got, err := tx.engine.Get(tx.ctx, ask...)
	if err != nil {
		return nil, err
	}
	for j, row := range got {
		rows[at[j]] = row
		if check {
			tx.record(row)
		}
	}
	return rows, nil
}

// known answers from the Tx's own writes, then from its checked reads.
func (tx *Tx) known(key []byte) (Row, bool) {
	if i, ok := tx.writes[string(key)]; ok {
		w := tx.list[i]
		if w.Delete {
			return Row{Key: w.Key}, true
		}
		return Row{Key: w.Key, Value: w.Value, Version: Version(pendingVersion)}, true
	}
	row, ok := tx.reads[string(key)]
	return row, ok
}

func (tx *Tx) record(row Row) {
	if tx.reads == nil {
		tx.reads = make(map[string]Row)
	}
	if _, ok := tx.reads[string(row.Key)]; !ok {
		tx.order = append(tx.order, string(row.Key))
		tx.reads[string(row.Key)] = row
	}
}

// Scan is the engine's Scan: it adds no check and does not see the Tx's own writes.
func (tx *Tx) Scan(from, to []byte, o ScanOptions) (rows []Row, more bool, err error) {
	return tx.engine.Scan(tx.ctx, from, to, o)
}

// Put writes value at key. The slices must not be changed until Update returns.
func (tx *Tx) Put(key, value []byte) { tx.write(Write{Key: key, Value: value}) }

// Delete removes key; an absent one is fine. The slice must not be changed until Update returns.
func (tx *Tx) Delete(key []byte) { tx.write(Write{Key: key, Delete: true}) }

// UseReserve lets the commit use the space kept back for deletes; see Commit.Reserve.
func (tx *Tx) UseReserve() { tx.reserve = true }

func (tx *Tx) write(w Write) {
	if i, ok := tx.writes[string(w.Key)]; ok {
		tx.list[i] = w
		return
	}
	if tx.writes == nil {
		tx.writes = make(map[string]int)
	}
	tx.writes[string(w.Key)] = len(tx.list)
	tx.list = append(tx.list, w)
}

// commit returns the Tx as data, under a fresh ID, and holds it against the limits.
func (tx *Tx) commit() (Commit, error) {
	c := Commit{ID: newCommitID(), Writes: tx.list, Reserve: tx.reserve}
	for _, key := range tx.order {
		c.Checks = append(c.Checks, Check{Key: []byte(key), Version: tx.reads[key].Version})
	}
	if n := len(c.Checks) + len(c.Writes); n > MaxUpdateOps {
		return Commit{}, fmt.Errorf("%w: update of %d operations, at most %d", ErrTooLarge, n, MaxUpdateOps)
	}
	return c, c.Validate()
}
