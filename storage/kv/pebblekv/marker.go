package pebblekv

import (
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/storage/durable"
)

// markerPrefix begins the names of Pebble's marker files, which say what the current MANIFEST and the format version are.
const markerPrefix = "marker."

// markerFS is the disk for Pebble, with every step to a new marker durable before the next.
//
// Pebble 2.1.7 makes MANIFEST-2 and its marker and removes the marker of MANIFEST-1, and syncs the directory once, after
// all three (vfs/atomicfs). POSIX lets a power cut keep any of them without the others: a marker of a MANIFEST that is
// gone, with which Open fails, or no marker, which is a new database to Open. Versions after
// https://github.com/cockroachdb/pebble/pull/5915 exclude the first.
type markerFS struct{ vfs.FS }

// Unwrap implements vfs.FS.
func (m markerFS) Unwrap() vfs.FS { return m.FS }

// Create makes what a marker names durable before the marker.
func (m markerFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if err := m.settle(name); err != nil {
		return nil, err
	}
	return m.FS.Create(name, category)
}

// Remove makes the next marker durable before it removes one.
func (m markerFS) Remove(name string) error {
	if err := m.settle(name); err != nil {
		return err
	}
	return m.FS.Remove(name)
}

// settle syncs the directory of a marker.
func (m markerFS) settle(name string) error {
	if !strings.HasPrefix(m.PathBase(name), markerPrefix) {
		return nil
	}
	return durable.SyncDir(m.FS, m.PathDir(name))
}
