package s3api

import (
	"shoal/core/object"
)

// listing is what the three listings of objects have in common.
type listing struct {
	bucket    *object.Bucket
	prefix    string
	delimiter string
	max       int
	encoded   bool // encoding-type=url
	page      object.ListPage
}

func (c *call) newListing() (listing, error) {
	l := listing{bucket: c.bucket, prefix: c.query.get("prefix"), delimiter: c.query.get("delimiter")}
	err := c.checkNames("prefix", "delimiter", "marker", "start-after", "key-marker")
	if err != nil {
		return l, err
	}
	if l.encoded, err = c.encoding(); err != nil {
		return l, err
	}
	l.max, err = c.intParameter("max-keys", 0, maxListKeys, maxListKeys)
	return l, err
}

// read fills the page with what is behind from.
func (l *listing) read(h *Handler, c *call, from position) (err error) {
	l.page, err = h.objects.List(c.ctx, object.ListRequest{
		Bucket: l.bucket, Prefix: l.prefix, Delimiter: l.delimiter,
		After: from.after, AfterPrefix: from.prefix, Max: l.max,
	})
	return err
}

// next is the position behind the page, the start when there is no more.
func (l *listing) next() position {
	if !l.page.More || len(l.page.Entries) == 0 {
		return position{}
	}
	last := l.page.Entries[len(l.page.Entries)-1]
	if last.Version == nil {
		return position{after: last.Prefix, prefix: true}
	}
	return position{after: last.Version.Key}
}

// listObjects answers GET of a bucket, version 1.
func (h *Handler) listObjects(c *call) (*response, error) {
	l, err := c.newListing()
	if err != nil {
		return nil, err
	}
	marker := c.query.get("marker")
	if err := l.read(h, c, positionAfter(marker, l.prefix, l.delimiter)); err != nil {
		return nil, err
	}
	x := h.newPage("ListBucketResult")
	l.head(x)
	x.name("Marker", marker, l.encoded)
	// Without a delimiter the client goes on behind the last key.
	if next := l.next(); next.after != "" && l.delimiter != "" {
		x.name("NextMarker", next.after, l.encoded)
	}
	l.body(x, true)
	return h.pageResponse(x), nil
}

// listObjectsV2 answers GET ?list-type=2 of a bucket.
func (h *Handler) listObjectsV2(c *call) (*response, error) {
	if t := c.query.get("list-type"); t != "2" {
		return nil, invalidArgument("Invalid List Type specified in Request", "list-type", t)
	}
	l, err := c.newListing()
	if err != nil {
		return nil, err
	}
	startAfter, token := c.query.get("start-after"), c.query.get("continuation-token")
	from, err := parseToken(token)
	if err != nil {
		return nil, err
	}
	if token == "" {
		from = positionAfter(startAfter, l.prefix, l.delimiter)
	}
	if err := l.read(h, c, from); err != nil {
		return nil, err
	}
	x := h.newPage("ListBucketResult")
	l.head(x)
	if startAfter != "" {
		x.name("StartAfter", startAfter, l.encoded)
	}
	if c.query.has("continuation-token") {
		x.text("ContinuationToken", token)
	}
	x.textIf("NextContinuationToken", l.next().token())
	x.int("KeyCount", int64(len(l.page.Entries)))
	l.body(x, c.query.get("fetch-owner") == "true")
	return h.pageResponse(x), nil
}

// head writes what echoes the request.
func (l *listing) head(x *xmlWriter) {
	x.text("Name", l.bucket.Name)
	x.name("Prefix", l.prefix, l.encoded)
	if l.delimiter != "" {
		x.name("Delimiter", l.delimiter, l.encoded)
	}
	x.int("MaxKeys", int64(l.max))
	if l.encoded {
		x.text("EncodingType", encodingURL)
	}
	x.bool("IsTruncated", l.page.More)
}

// body writes the entries of ListBucketResult.
func (l *listing) body(x *xmlWriter, owners bool) {
	for i := range l.page.Entries {
		if v := l.page.Entries[i].Version; v != nil {
			x.open("Contents")
			x.name("Key", v.Key, l.encoded)
			l.object(x, v)
			if owners {
				x.owner("Owner", l.bucket.OwnerOf(v))
			}
			x.close("Contents")
		}
	}
	l.prefixes(x)
}

// object writes what all listings say about a version.
func (l *listing) object(x *xmlWriter, v *object.Version) {
	x.time("LastModified", v.Modified)
	x.etag(v.ETag)
	if v.Checksum.Algorithm != object.NoChecksum {
		x.text("ChecksumAlgorithm", algorithmName(v.Checksum.Algorithm))
		x.text("ChecksumType", checksumTypeName(v.Checksum.Type))
	}
	x.int("Size", v.Size)
	x.storageClass(v.StorageClass)
}

func (l *listing) prefixes(x *xmlWriter) {
	for i := range l.page.Entries {
		if e := &l.page.Entries[i]; e.Version == nil {
			x.commonPrefix(e.Prefix, l.encoded)
		}
	}
}

// name writes an element that holds a key or a part of one.
func (x *xmlWriter) name(element, name string, encoded bool) {
	x.buf = appendClose(appendName(appendOpen(x.buf, element), name, encoded), element)
}

func (x *xmlWriter) commonPrefix(prefix string, encoded bool) {
	x.open("CommonPrefixes")
	x.name("Prefix", prefix, encoded)
	x.close("CommonPrefixes")
}

// etag writes an ETag with its quotes.
func (x *xmlWriter) etag(e object.ETag) {
	b := append(x.buf, "<ETag>&quot;"...)
	b = append(b, e...)
	x.buf = append(b, "&quot;</ETag>"...)
}

// storageClass writes the class of an object or upload, which is STANDARD when empty.
func (x *xmlWriter) storageClass(class string) {
	if class == "" {
		class = "STANDARD"
	}
	x.text("StorageClass", class)
}
