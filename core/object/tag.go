package object

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"shoal/core/access"
	"shoal/core/fault"
)

// Bounds of tags (S3 user guide, "Categorizing your objects using tags", and AWS Billing, "User-defined tags").
const (
	MaxObjectTags = 10
	MaxBucketTags = 50
	maxTagKey     = 128 // characters
	maxTagValue   = 256 // characters
)

// CheckTags holds tags against what AWS takes: at most limit of them, no key twice, keys and values of allowed
// characters and length, no key of AWS itself. InvalidTag, TooManyTags.
func CheckTags(tags []access.Tag, limit int) error {
	const op = "check tags"
	seen := make(map[string]bool)
	for _, t := range tags {
		var why string
		switch {
		case t.Key == "" || !tagText(t.Key, maxTagKey):
			why = "The TagKey you have provided is invalid"
		case !tagText(t.Value, maxTagValue):
			why = "The TagValue you have provided is invalid"
		case len(t.Key) >= 4 && strings.EqualFold(t.Key[:4], "aws:"):
			why = "System tags cannot be added/updated by requester"
		case seen[t.Key]:
			why = "Cannot provide multiple Tags with the same key"
		}
		if why != "" {
			return fault.New(op, t.Key, fault.InvalidTag, errors.New(why))
		}
		seen[t.Key] = true
	}
	if len(tags) <= limit {
		return nil
	}
	what := "Object tags"
	if limit == MaxBucketTags {
		what = "Bucket tag count"
	}
	return fault.New(op, "", fault.TooManyTags, fmt.Errorf("%s cannot be greater than %d", what, limit))
}

// tagText: letters, digits and spaces of any script, and + - = . _ : / @.
func tagText(s string, limit int) bool {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > limit {
		return false
	}
	for _, r := range s {
		if !unicode.In(r, unicode.L, unicode.N, unicode.Z) && !strings.ContainsRune("+-=._:/@", r) {
			return false
		}
	}
	return true
}

// SetTags replaces the tags of a version in its place: the version id and the time stay; nil takes them away. NoSuchKey,
// NoSuchVersion, and what CheckTags says.
func (s *Store) SetTags(ctx context.Context, b *Bucket, key string, ref VersionRef, tags []access.Tag, by Requester) error {
	if err := CheckTags(tags, MaxObjectTags); err != nil {
		return err
	}
	event := ObjectTaggingPut
	if tags == nil {
		event = ObjectTaggingDelete
	}
	return s.editVersion(ctx, edit{"set tags", b, key, ref, event, by}, func(v *Version) error { v.Tags = tags; return nil })
}
