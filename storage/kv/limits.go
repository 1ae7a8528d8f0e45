package kv

import (
	"bytes"
	"fmt"
)

// Validate holds c against the limits (ErrTooLarge) and against the rules of Check and Write: an absence
// check stands on a written key, a key stands once in Writes. Every engine calls it before it applies c.
func (c Commit) Validate() error {
	if n := len(c.Checks) + len(c.Writes); n > MaxCommitOps {
		return fmt.Errorf("%w: commit of %d operations, at most %d", ErrTooLarge, n, MaxCommitOps)
	}
	size := 0
	for _, k := range c.Checks {
		if err := checkKey(k.Key); err != nil {
			return err
		}
		if k.Version == nil && !c.writes(k.Key) {
			return fmt.Errorf("kv: commit checks that key %q is absent but does not write it", k.Key)
		}
		size += len(k.Key)
	}
	for i, w := range c.Writes {
		if err := checkKey(w.Key); err != nil {
			return err
		}
		if len(w.Value) > MaxValue {
			return fmt.Errorf("%w: value of %d bytes at key %q, at most %d", ErrTooLarge, len(w.Value), w.Key, MaxValue)
		}
		if (Commit{Writes: c.Writes[:i]}).writes(w.Key) {
			return fmt.Errorf("kv: commit writes key %q twice", w.Key)
		}
		size += len(w.Key) + len(w.Value)
	}
	if size > MaxCommitBytes {
		return fmt.Errorf("%w: commit of %d bytes, at most %d", ErrTooLarge, size, MaxCommitBytes)
	}
	return nil
}

// writes compares in pairs: MaxCommitOps bounds it, and a map would cost more at the usual few.
func (c Commit) writes(key []byte) bool {
	for _, w := range c.Writes {
		if bytes.Equal(w.Key, key) {
			return true
		}
	}
	return false
}

func checkKey(key []byte) error {
	if len(key) == 0 {
		return fmt.Errorf("kv: empty key")
	}
	if len(key) > MaxKey {
		return fmt.Errorf("%w: key of %d bytes, at most %d", ErrTooLarge, len(key), MaxKey)
	}
	return nil
}

// OnlyDeletes reports whether c writes nothing but deletes.
func (c Commit) OnlyDeletes() bool {
	for _, w := range c.Writes {
		if !w.Delete {
			return false
		}
	}
	return true
}

// Limits returns the rows and bytes of a page under o, with the zero values and the maxima applied.
func (o ScanOptions) Limits() (rows, bytes int) {
	rows, bytes = o.Rows, o.Bytes
	if rows <= 0 || rows > MaxScanRows {
		rows = MaxScanRows
	}
	if bytes <= 0 || bytes > MaxScanBytes {
		bytes = MaxScanBytes
	}
	return rows, bytes
}
