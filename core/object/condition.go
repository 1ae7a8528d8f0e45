package object

import (
	"time"

	"shoal/core/fault"
)

// VersionRef names a version of a key: the zero value is the current one.
type VersionRef struct {
	ID   VersionID
	Null bool // the null version
	Set  bool // ID or Null counts
}

// WriteCondition is checked in the commit that makes a version visible or deletes it.
type WriteCondition struct {
	IfMatch  ETag // "" = no condition; "*" = must exist
	IfAbsent bool // If-None-Match: *

	// Of DeleteObject, about an object that is there: its time in whole seconds, and its bytes.
	IfModified time.Time // zero = no condition
	IfSize     *int64    // nil = no condition
}

// check holds c against the current version, nil when there is none: NoSuchKey or PreconditionFailed.
func (c WriteCondition) check(op, resource string, current *Version) error {
	exists := current != nil && !current.DeleteMarker
	switch {
	case c.IfAbsent && exists:
		return fault.New(op, resource, fault.PreconditionFailed, nil)
	case c.IfMatch != "" && !exists:
		return fault.New(op, resource, fault.NoSuchKey, nil)
	case c.IfMatch != "" && c.IfMatch != "*" && c.IfMatch != current.ETag:
		return fault.New(op, resource, fault.PreconditionFailed, nil)
	case exists && !c.IfModified.IsZero() && !c.IfModified.Equal(current.Modified.Truncate(time.Second)),
		exists && c.IfSize != nil && *c.IfSize != current.Size:
		return fault.New(op, resource, fault.PreconditionFailed, nil)
	}
	return nil
}
