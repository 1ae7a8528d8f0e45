package object

import (
	"fmt"
	"slices"
)

// storageClasses are the storage classes of objects, as x-amz-storage-class names them. All rest on the same disk; the
// usage report counts each apart. Their places are numbers in rows: new ones go at the end. Never written.
var storageClasses = [...]string{
	"STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR",
}

// StorageClasses returns the storage classes that an object may have; STANDARD, the first, is that of one without.
func StorageClasses() []string { return slices.Clone(storageClasses[:]) }

// cell is a part of the usage of a bucket: the versions of one storage class, or the parts of incomplete uploads of it.
// The number is in rows. Cell 0, the versions of STANDARD, also has what was stored before there were others.
type cell uint8

const numCells = 2 * len(storageClasses)

// versionCell returns the cell of the versions of a class.
func versionCell(class string) cell { return cell(2 * max(slices.Index(storageClasses[:], class), 0)) }

// partCell returns the cell of the parts of uploads of a class.
func partCell(class string) cell { return versionCell(class) + 1 }

func readCell(f field) (cell, error) {
	if f.uint >= uint64(numCells) {
		return 0, fmt.Errorf("%w: cell %d", errRecord, f.uint)
	}
	return cell(f.uint), nil
}

func (c cell) class() string { return storageClasses[c/2] }

func (c cell) parts() bool { return c%2 == 1 }
