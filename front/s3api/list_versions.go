package s3api

import (
	"strconv"

	"shoal/core/object"
)

// listObjectVersions answers GET ?versions.
func (h *Handler) listObjectVersions(c *call) (*response, error) {
	if text := c.query.get("max-keys"); isNegative(text) { // of which S3 has other words here than for ListObjects
		return nil, invalidArgument("max-keys cannot be negative", "maxKeys", text)
	}
	l, err := c.newListing()
	if err != nil {
		return nil, err
	}
	r, err := c.versionsRequest(&l)
	if err != nil {
		return nil, err
	}
	if l.page, err = h.objects.ListVersions(c.ctx, r); err != nil {
		return nil, err
	}
	x := h.newPage("ListVersionsResult")
	l.head(x)
	x.name("KeyMarker", c.query.get("key-marker"), l.encoded)
	x.text("VersionIdMarker", c.query.get("version-id-marker"))
	if l.page.More {
		l.nextVersion(x)
	}
	for i := range l.page.Entries {
		l.version(x, &l.page.Entries[i])
	}
	l.prefixes(x)
	return h.pageResponse(x), nil
}

func isNegative(text string) bool {
	n, err := strconv.Atoi(text)
	return err == nil && n < 0
}

// versionsRequest reads where the page begins.
func (c *call) versionsRequest(l *listing) (object.ListVersionsRequest, error) {
	marker, id := c.query.get("key-marker"), c.query.get("version-id-marker")
	r := object.ListVersionsRequest{Bucket: l.bucket, Prefix: l.prefix, Delimiter: l.delimiter, After: marker, Max: l.max}
	if id == "" {
		r.AfterPrefix = positionAfter(marker, l.prefix, l.delimiter).prefix
		return r, nil
	}
	if marker == "" {
		return r, invalidArgument("A version-id marker cannot be specified without a key marker.", "version-id-marker", id)
	}
	var err error
	r.AfterVersion, err = parseVersionID("version-id-marker", id)
	return r, err
}

// nextVersion writes the markers of the next page: of a common prefix there is no version.
func (l *listing) nextVersion(x *xmlWriter) {
	last := l.page.Entries[len(l.page.Entries)-1]
	if last.Version == nil {
		x.name("NextKeyMarker", last.Prefix, l.encoded)
		return
	}
	x.name("NextKeyMarker", last.Version.Key, l.encoded)
	x.text("NextVersionIdMarker", last.Version.ClientID())
}

// version writes a version or a delete marker; nothing for a common prefix.
func (l *listing) version(x *xmlWriter, e *object.ListEntry) {
	v := e.Version
	if v == nil {
		return
	}
	name := "Version"
	if v.DeleteMarker {
		name = "DeleteMarker"
	}
	x.open(name)
	x.name("Key", v.Key, l.encoded)
	x.text("VersionId", v.ClientID())
	x.bool("IsLatest", e.Latest)
	if v.DeleteMarker {
		x.time("LastModified", v.Modified)
	} else {
		l.object(x, v)
	}
	x.owner("Owner", l.bucket.OwnerOf(v))
	x.close(name)
}
