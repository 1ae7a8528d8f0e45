package s3api

import (
	"net/http"

	"shoal/core/object"
)

// nullVersion is the id of a version made while the bucket had no versioning.
const nullVersion = "null"

// versionRef reads the versionId parameter.
func (c *call) versionRef() (object.VersionRef, error) {
	if !c.query.has("versionId") {
		return object.VersionRef{}, nil
	}
	return parseVersionID(c.query.get("versionId"))
}

// parseVersionID reads a version id. While versioning cannot be enabled every version is the null version,
// and no other id was ever given out.
func parseVersionID(id string) (object.VersionRef, error) {
	switch id {
	case nullVersion:
		return object.VersionRef{Null: true, Set: true}, nil
	case "":
		return object.VersionRef{}, invalidArgument("Version id cannot be the empty string", "versionId", id)
	}
	return object.VersionRef{}, invalidArgument("Invalid version id specified", "versionId", id)
}

// setVersionID names a version in the headers of an answer, as S3 does once a bucket has versioning or when the
// client named one.
func (c *call) setVersionID(h http.Header, v *object.Version) {
	if c.bucket.Config.Versioning != object.VersioningOff || c.query.has("versionId") {
		if v.Null {
			h.Set("x-amz-version-id", nullVersion)
		}
	}
}
