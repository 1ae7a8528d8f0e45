package lifecycle

import (
	"slices"
	"strings"
	"time"

	"shoal/core/access"
)

// Version is what rules ask of one version of an object. A delete marker has neither size nor tags.
type Version struct {
	Key          string
	Made         time.Time
	Size         int64 // bytes
	Tags         []access.Tag
	DeleteMarker bool
	Only         bool // it is the current version, and there is no other

	Noncurrent time.Time // since when, which is when the next newer was made; zero for the current version
	Newer      int       // noncurrent versions that are newer
}

// Removal is what a rule does to a version.
type Removal uint8

// What becomes of a version.
const (
	Keep          Removal = iota
	ExpireObject          // as a DELETE of the key would: with versioning a delete marker hides it
	RemoveVersion         // the version itself goes
)

// Decide says what becomes of v at now. day is the length of a day.
func (c *Configuration) Decide(v *Version, now time.Time, day time.Duration) Removal {
	for i := range c.Rules {
		r := &c.Rules[i]
		if r.Disabled || !r.Filter.matches(v) {
			continue
		}
		switch {
		case !v.Noncurrent.IsZero():
			if r.NoncurrentDays > 0 && v.Newer >= r.NewerNoncurrent && !now.Before(due(v.Noncurrent, r.NoncurrentDays, day)) {
				return RemoveVersion
			}
		case v.DeleteMarker:
			// Days and Date clean up what is left of an object that they hid, once it is old enough.
			if v.Only && (r.ExpiredMarker || r.expires() && !now.Before(r.expiry(v.Made, day))) {
				return RemoveVersion
			}
		case r.expires() && !now.Before(r.expiry(v.Made, day)):
			return ExpireObject
		}
	}
	return Keep
}

// Expiry returns when a current version expires, and the ID of the rule that says so: the first to come. ok is false
// when none does (x-amz-expiration).
func (c *Configuration) Expiry(v *Version, day time.Duration) (at time.Time, rule string, ok bool) {
	if v.DeleteMarker || !v.Noncurrent.IsZero() {
		return at, "", false
	}
	for i := range c.Rules {
		r := &c.Rules[i]
		if r.Disabled || !r.expires() || !r.Filter.matches(v) {
			continue
		}
		if t := r.expiry(v.Made, day); !ok || t.Before(at) {
			at, rule, ok = t, r.ID, true
		}
	}
	return at, rule, ok
}

// Aborts reports whether an upload of key, initiated at a time, is to be aborted at now.
func (c *Configuration) Aborts(key string, initiated, now time.Time, day time.Duration) bool {
	return slices.ContainsFunc(c.Rules, func(r Rule) bool {
		return !r.Disabled && r.AbortDays > 0 && strings.HasPrefix(key, r.Filter.Prefix) &&
			!now.Before(due(initiated, r.AbortDays, day))
	})
}

// Noncurrent reports whether a rule is about noncurrent versions, so that they have to be looked at.
func (c *Configuration) Noncurrent() bool {
	return slices.ContainsFunc(c.Rules, func(r Rule) bool { return !r.Disabled && r.NoncurrentDays > 0 })
}

// expires reports whether r lets current versions expire.
func (r *Rule) expires() bool { return r.Days > 0 || !r.Date.IsZero() }

// expiry returns when r, which expires, does away with a current version.
func (r *Rule) expiry(made time.Time, day time.Duration) time.Time {
	if !r.Date.IsZero() {
		return r.Date
	}
	return due(made, r.Days, day)
}

// due is so many days after a time, rounded up to the next midnight UTC (S3 user guide, "Lifecycle rules: Based on an
// object's age"). With another length of a day it is rounded to multiples of that.
func due(from time.Time, days int, day time.Duration) time.Time {
	t := from.UTC()
	for ; days > 0 && day > 0; days -= maxStep {
		t = t.Add(time.Duration(min(days, maxStep)) * day)
	}
	if midnight := t.Truncate(day); midnight.Before(t) {
		return midnight.Add(day)
	}
	return t
}

// maxStep is how many days of at most a day fit a time.Duration.
const maxStep = 100_000

// matches reports whether v satisfies all of f. A delete marker satisfies nothing about sizes and tags.
func (f *Filter) matches(v *Version) bool {
	if !strings.HasPrefix(v.Key, f.Prefix) {
		return false
	}
	if v.DeleteMarker {
		return len(f.Tags) == 0 && !f.HasLarger && f.Smaller == 0
	}
	if f.HasLarger && v.Size <= f.Larger || f.Smaller > 0 && v.Size >= f.Smaller {
		return false
	}
	for _, t := range f.Tags {
		if !slices.Contains(v.Tags, t) {
			return false
		}
	}
	return true
}
