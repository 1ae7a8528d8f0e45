package s3api

import (
	"net/http"
	"strings"
	"unicode"

	"shoal/core/object"
)

// versionRef reads the versionId parameter.
func (c *call) versionRef() (object.VersionRef, error) {
	if !c.query.has("versionId") {
		return object.VersionRef{}, nil
	}
	return parseVersionID("versionId", c.query.get("versionId"))
}

// parseVersionID reads a version id, the value of argument.
func parseVersionID(argument, text string) (object.VersionRef, error) {
	switch text {
	case object.NullVersion:
		return object.VersionRef{Null: true, Set: true}, nil
	case "":
		return object.VersionRef{}, invalidArgument("Version id cannot be the empty string", argument, text)
	}
	id, err := object.ParseVersionID(text)
	if err != nil && foreignVersionID(text) {
		return object.VersionRef{Set: true}, nil // no version has the zero id
	}
	if err != nil {
		return object.VersionRef{}, invalidArgument("Invalid version id specified", argument, text)
	}
	return object.VersionRef{ID: id, Set: true}, nil
}

// foreignVersionID reports whether another S3 may have given the id to a version: such a version is not here, which is
// not to say that the id is wrong. AWS has 32 characters, others 26 or 36.
func foreignVersionID(text string) bool {
	return len(text) >= minVersionID && len(text) <= maxVersionID && !strings.ContainsFunc(text, func(r rune) bool {
		return r != '.' && r != '_' && r != '-' && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
	})
}

// Bounds of a version id, in bytes. The longest is that of S3 (S3 user guide, "Retaining multiple versions of objects").
const (
	minVersionID = 26
	maxVersionID = 1024
)

// setVersionID names a version in the headers of an answer, as S3 does once a bucket has versioning or when the
// client named one. Of what was made just now a null version goes without saying.
func (c *call) setVersionID(h http.Header, v *object.Version) {
	if v.Null && c.operation.createsObject() {
		return
	}
	// The version may have been made after the bucket was looked up: it says itself that there is versioning.
	if !v.Null || c.bucket.Config.Versioning != object.VersioningOff || c.query.has("versionId") {
		h.Set("X-Amz-Version-Id", v.ClientID())
	}
}
