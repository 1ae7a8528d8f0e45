package object

import (
	"errors"
	"fmt"

	"shoal/core/fault"
	"shoal/storage/kv"
)

// located is a version with the row that holds it. The zero value is none.
type located struct {
	row     kv.Row
	version *Version
	current bool // the newest of its key: the row is the head row
}

// maxMoves bounds how often the null version of a key is looked for again because it was replaced meanwhile.
const maxMoves = 16

// locate finds the version that ref names, if there is one, by get, which reads rows of one moment. In a
// transaction get is Peek, and the caller makes the row a condition (Require).
func locate(get func(keys ...[]byte) ([]kv.Row, error), id BucketID, objectKey string, ref VersionRef) (located, error) {
	keys := objectKeys(id, objectKey, ref)
	for range maxMoves {
		rows, err := get(keys...)
		if err != nil {
			return located{}, err
		}
		at, next, err := pick(id, objectKey, ref, rows)
		if err != nil || next == nil {
			return at, err
		}
		keys = append(objectKeys(id, objectKey, ref), next)
	}
	return located{}, fault.New("find version", objectKey, fault.SlowDown, errors.New("the null version kept changing"))
}

// objectKeys are the rows that tell the version that ref names: the head row; the version's, when ref has an id,
// or where the null version is.
func objectKeys(id BucketID, objectKey string, ref VersionRef) [][]byte {
	keys := [][]byte{headKey(id, objectKey)}
	switch {
	case ref.Null:
		keys = append(keys, nullKey(id, objectKey))
	case ref.Set:
		keys = append(keys, versionKey(id, objectKey, ref.ID))
	}
	return keys
}

// pick finds the version that ref names in the rows of objectKeys, of one moment, which for the null version may
// be followed by the row in which it is thought to be. next is the row to read when it is in another.
func pick(id BucketID, objectKey string, ref VersionRef, rows []kv.Row) (at located, next []byte, err error) {
	head, err := currentOf(id, objectKey, rows[0])
	if err != nil {
		return at, nil, err
	}
	if head != nil && (!ref.Set || ref.names(head)) {
		return located{rows[0], head, true}, nil, nil
	}
	if len(rows) == 1 || !rows[1].Exists() {
		return at, nil, nil
	}
	row := rows[1]
	if ref.Null {
		if len(row.Value) != len(VersionID{}) {
			return at, nil, fmt.Errorf("%w: null version of %q: %x", errRecord, objectKey, row.Value)
		}
		next = versionKey(id, objectKey, VersionID(row.Value))
		if len(rows) < 3 || string(rows[2].Key) != string(next) {
			return at, next, nil
		}
		row = rows[2]
	}
	v, err := currentOf(id, objectKey, row)
	if err != nil || v == nil || !ref.names(v) {
		return at, nil, err
	}
	return located{row, v, false}, nil, nil
}

// names reports whether r, which is Set, is v.
func (r VersionRef) names(v *Version) bool {
	if r.Null {
		return v.Null
	}
	return !v.Null && r.ID == v.ID
}

// versionRow returns the row of a version, head or older, as a condition of tx; NoSuchVersion when it is gone.
func versionRow(tx *kv.Tx, op string, v *Version) (located, error) {
	keys := [][]byte{headKey(v.BucketID, v.Key), versionKey(v.BucketID, v.Key, v.ID)}
	rows, err := tx.Peek(keys...)
	if err != nil {
		return located{}, err
	}
	for i, row := range rows {
		found, err := currentOf(v.BucketID, v.Key, row)
		if err != nil {
			return located{}, err
		}
		if found != nil && found.ID == v.ID {
			tx.Require(row)
			return located{row, found, i == 0}, nil
		}
	}
	return located{}, fault.New(op, v.Key, fault.NoSuchVersion, errors.New("it was deleted or replaced"))
}
