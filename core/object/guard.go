package object

import (
	"fmt"

	"shoal/core/fault"
	"shoal/storage/kv"
)

// First bytes of a guard row.
const (
	guardOpen    = 'o' // writers check the row
	guardClosing = 'c' // a delete of the bucket is scanning; its mark follows. Writers open the row again
)

// guardMark is the length of the random mark of a closing guard, in bytes.
const guardMark = 16

// guard is what a guard row tells the writers of a bucket's objects, who check one of them: so a commit is
// made in the versioning state that it saw, however late a change of it comes, and reads no other row for it.
type guard struct {
	mark       string // of the delete of the bucket that scans; "" when open
	versioning Versioning
	locked     bool // the bucket has object lock, and versioning enabled
}

// guardLocked stands for VersioningEnabled in the guard rows of a bucket with object lock.
const guardLocked = byte(VersioningSuspended) + 1

// guardFor returns an open guard of b.
func guardFor(b *Bucket) guard {
	return guard{versioning: b.Config.Versioning, locked: b.Config.ObjectLock.Enabled}
}

func (g guard) encode() []byte {
	b := []byte{guardOpen}
	if g.mark != "" {
		b = append([]byte{guardClosing}, g.mark...)
	}
	switch {
	case g.locked:
		b = append(b, guardLocked)
	case g.versioning != VersioningOff:
		b = append(b, byte(g.versioning))
	}
	return b
}

func decodeGuard(row []byte) (g guard, err error) {
	rest := row
	switch {
	case len(row) > 0 && row[0] == guardOpen:
		rest = row[1:]
	case len(row) > guardMark && row[0] == guardClosing:
		g.mark, rest = string(row[1:1+guardMark]), row[1+guardMark:]
	default:
		return g, fmt.Errorf("%w: guard %x", errRecord, row)
	}
	switch {
	case len(rest) == 0:
		return g, nil
	case len(rest) == 1 && rest[0] == guardLocked:
		g.versioning, g.locked = VersioningEnabled, true
		return g, nil
	case len(rest) == 1 && rest[0] != byte(VersioningOff) && rest[0] < guardLocked:
		g.versioning = Versioning(rest[0])
		return g, nil
	}
	return g, fmt.Errorf("%w: guard %x", errRecord, row)
}

// readGuard returns the guard of a row that tx read; NoSuchBucket when the bucket is gone.
func readGuard(op, resource string, row kv.Row) (guard, error) {
	if !row.Exists() {
		return guard{}, fault.New(op, resource, fault.NoSuchBucket, nil)
	}
	return decodeGuard(row.Value)
}

// checkGuard makes the commit of tx one that no delete of the bucket can miss, and returns the guard, opened.
// NoSuchBucket when the bucket is gone. A scan adds no check, so DeleteBucket closes all guard
// rows, scans, and deletes only if they are still closed: a writer that committed before is seen by the scan,
// one after opened a guard.
func checkGuard(tx *kv.Tx, op, resource string, row kv.Row) (guard, error) {
	g, err := readGuard(op, resource, row)
	if err != nil {
		return g, err
	}
	if g.mark != "" {
		g.mark = ""
		tx.Put(row.Key, g.encode())
	}
	return g, nil
}

// changeGuards changes every guard row of b.
func changeGuards(tx *kv.Tx, op string, b *Bucket, change func(*guard)) error {
	rows, err := tx.Get(guardKeys(b.ID)...)
	if err != nil {
		return err
	}
	for _, row := range rows {
		g, err := readGuard(op, b.Name, row)
		if err != nil {
			return err
		}
		change(&g)
		tx.Put(row.Key, g.encode())
	}
	return nil
}

func guardKeys(id BucketID) [][]byte {
	keys := make([][]byte, guardRows)
	for i := range keys {
		keys[i] = guardKey(id, byte(i))
	}
	return keys
}
