package s3api

// listObjectVersions answers GET ?versions. Without versioning every object has one version, the null one.
func (h *Handler) listObjectVersions(c *call) (*response, error) {
	l, err := c.newListing()
	if err != nil {
		return nil, err
	}
	marker, versionMarker := c.query.get("key-marker"), c.query.get("version-id-marker")
	switch {
	case versionMarker != "" && marker == "":
		return nil, invalidArgument("A version-id marker cannot be specified without a key marker.", "version-id-marker", versionMarker)
	case versionMarker != "" && versionMarker != nullVersion:
		return nil, invalidArgument("Invalid version id specified", "version-id-marker", versionMarker)
	}
	if err := l.read(h, c, positionAfter(marker, l.prefix, l.delimiter)); err != nil {
		return nil, err
	}
	x := newXML("ListVersionsResult")
	l.head(x)
	x.name("KeyMarker", marker, l.encoded)
	x.text("VersionIdMarker", versionMarker)
	if next := l.next(); next.after != "" {
		x.name("NextKeyMarker", next.after, l.encoded)
		if !next.prefix {
			x.text("NextVersionIdMarker", nullVersion)
		}
	}
	for i := range l.page.Entries {
		v := l.page.Entries[i].Version
		if v == nil {
			continue
		}
		x.open("Version")
		x.name("Key", v.Key, l.encoded)
		x.text("VersionId", nullVersion)
		x.bool("IsLatest", true)
		l.object(x, v)
		x.owner("Owner", l.owner(v))
		x.close("Version")
	}
	l.prefixes(x)
	return x.response(), nil
}
