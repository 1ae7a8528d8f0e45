package lifecycle

import (
	"time"

	"shoal/core/access"
)

// Configuration is the lifecycle configuration of a bucket.
type Configuration struct {
	Rules []Rule
	// TransitionMinimum is x-amz-transition-default-minimum-object-size as it was put. Nothing is transitioned.
	TransitionMinimum string
}

// Rule is one rule. Of its numbers and dates zero means that it has not that action.
type Rule struct {
	ID       string
	Disabled bool
	Filter   Filter

	Days          int       // Expiration: of a current version, since it was made
	Date          time.Time // Expiration: of all current versions from then on
	ExpiredMarker bool      // ExpiredObjectDeleteMarker

	NoncurrentDays  int // NoncurrentVersionExpiration: since the version became noncurrent
	NewerNoncurrent int // ... and so many newer noncurrent versions are kept besides

	AbortDays int // AbortIncompleteMultipartUpload: since the initiation
}

// Form is how a filter was written, so that it is read back as it was put.
type Form uint8

// The forms of a filter.
const (
	InFilter Form = iota // Filter with at most one predicate
	InAnd                // Filter with And
	InRule               // Prefix of the rule itself, as before there were filters
)

// Filter says which objects a rule is about: those that satisfy all of it.
type Filter struct {
	Form      Form
	HasPrefix bool // one was written, be it an empty one
	Prefix    string
	Tags      []access.Tag
	HasLarger bool
	Larger    int64 // ObjectSizeGreaterThan, in bytes
	Smaller   int64 // ObjectSizeLessThan, in bytes; 0 is none
}
