package object

import (
	"slices"
	"time"
)

// ReadCondition is what a read, or a copy, asks of the version that it finds. The zero value asks nothing.
type ReadCondition struct {
	IfMatch     []ETag // one of them; nil = no condition, AnyETag is every version
	IfNoneMatch []ETag // none of them; nil = no condition

	IfModifiedSince   time.Time // zero = no condition
	IfUnmodifiedSince time.Time // zero = no condition
}

// AnyETag stands for the tag of every version.
const AnyETag ETag = "*"

// Verdict is what a ReadCondition comes to.
type Verdict uint8

const (
	Proceed Verdict = iota
	NotModified
	ConditionFailed
)

// Check holds c against v, in the order of RFC 9110, 13.2.2: an entity tag counts more than a date. header is the
// condition that decided, by the name that it has in HTTP.
func (c *ReadCondition) Check(v *Version) (result Verdict, header string) {
	if c.IfMatch != nil {
		if !lists(c.IfMatch, v.ETag) {
			return ConditionFailed, "If-Match"
		}
	} else if !c.IfUnmodifiedSince.IsZero() && modifiedSecond(v).After(c.IfUnmodifiedSince) {
		return ConditionFailed, "If-Unmodified-Since"
	}
	if c.IfNoneMatch != nil {
		if lists(c.IfNoneMatch, v.ETag) {
			return NotModified, "If-None-Match"
		}
	} else if !c.IfModifiedSince.IsZero() && !modifiedSecond(v).After(c.IfModifiedSince) {
		return NotModified, "If-Modified-Since"
	}
	return Proceed, ""
}

// modifiedSecond is the time of v as headers say it.
func modifiedSecond(v *Version) time.Time { return v.Modified.Truncate(time.Second) }

func lists(tags []ETag, tag ETag) bool {
	return slices.Contains(tags, tag) || slices.Contains(tags, AnyETag)
}
