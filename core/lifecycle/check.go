package lifecycle

import (
	"errors"
	"time"

	"shoal/core/fault"
)

// Bounds of a configuration (S3 API reference, PutBucketLifecycleConfiguration).
const (
	MaxRules           = 1000
	maxID              = 255  // bytes
	maxPrefix          = 1024 // bytes
	maxNewerNoncurrent = 100
)

// Check holds a configuration against what S3 takes: InvalidArgument, InvalidRequest. The tags of filters are for the
// caller to check.
func (c *Configuration) Check() error {
	ids := make(map[string]bool)
	for i := range c.Rules {
		r := &c.Rules[i]
		if ids[r.ID] {
			return refuse(r, fault.InvalidArgument, "Rule ID must be unique. Found same ID for more than one rule")
		}
		ids[r.ID] = true
		if r.Filter.Form == InRule != (c.Rules[0].Filter.Form == InRule) {
			return refuse(r, fault.InvalidRequest, "Base level prefix cannot be used in Lifecycle V2, prefixes are only supported in the Filter.")
		}
		if err := r.check(); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rule) check() error {
	switch {
	case len(r.ID) > maxID:
		return refuse(r, fault.InvalidArgument, "ID length should not exceed allowed limit of 255")
	case !r.expires() && !r.ExpiredMarker && r.NoncurrentDays == 0 && r.AbortDays == 0:
		return refuse(r, fault.InvalidRequest, "At least one action needs to be specified in a rule")
	case !r.Date.Equal(r.Date.Truncate(24 * time.Hour)):
		return refuse(r, fault.InvalidArgument, "'Date' must be at midnight GMT")
	case r.NewerNoncurrent > maxNewerNoncurrent:
		return refuse(r, fault.InvalidArgument, "'NewerNoncurrentVersions' for NoncurrentVersionExpiration action must be between 1 and 100")
	}
	return r.checkFilter()
}

func (r *Rule) checkFilter() error {
	f := &r.Filter
	sizes := f.HasLarger || f.Smaller > 0
	seen := make(map[string]bool)
	for _, t := range f.Tags {
		if seen[t.Key] {
			return refuse(r, fault.InvalidRequest, "Duplicate Tag Keys are not allowed.")
		}
		seen[t.Key] = true
	}
	switch {
	case len(f.Prefix) > maxPrefix:
		return refuse(r, fault.InvalidRequest, "The maximum size of a prefix is 1024.")
	case f.HasLarger && f.Smaller > 0 && f.Smaller <= f.Larger:
		return refuse(r, fault.InvalidRequest, "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.")
	case r.AbortDays > 0 && len(f.Tags) > 0:
		return refuse(r, fault.InvalidRequest, "AbortIncompleteMultipartUpload cannot be specified with Tags.")
	case r.AbortDays > 0 && sizes:
		return refuse(r, fault.InvalidRequest, "AbortIncompleteMultipartUpload cannot be specified with Object Size.")
	case r.ExpiredMarker && len(f.Tags) > 0:
		return refuse(r, fault.InvalidRequest, "ExpiredObjectDeleteMarker cannot be specified with Tags.")
	case r.ExpiredMarker && sizes:
		return refuse(r, fault.InvalidRequest, "ExpiredObjectDeleteMarker cannot be specified with Object Size.")
	}
	return nil
}

// refuse is an error about r whose text is shown to the client.
func refuse(r *Rule, kind fault.Kind, why string) error {
	return fault.New("check lifecycle rule", r.ID, kind, errors.New(why))
}
