package soapapi

import (
	"shoal/core/object"
)

// listResult is the type ListBucketResult of the schema.
type listResult struct {
	Name           string
	Prefix         string
	Marker         string
	NextMarker     string `xml:",omitempty"`
	MaxKeys        int64
	Delimiter      string `xml:",omitempty"`
	IsTruncated    bool
	Contents       []listEntry
	CommonPrefixes []commonPrefix
}

type listEntry struct {
	Key          string
	LastModified moment
	ETag         quoted
	Size         int64
	Owner        canonicalUser
	StorageClass string
}

type commonPrefix struct{ Prefix string }

// listBucket serves ListBucket.
func (h *Handler) listBucket(c *call) (*answer, error) {
	r := &c.request
	for _, name := range []string{"Prefix", "Marker", "Delimiter"} {
		if len(r.text(name)) > object.MaxKey {
			return nil, errorOf(codeKeyTooLong, "")
		}
	}
	most, err := r.number("MaxKeys", maxListKeys)
	if err != nil {
		return nil, err
	}
	result := listResult{
		Name: c.bucket.Name, Prefix: r.text("Prefix"), Marker: r.text("Marker"), Delimiter: r.text("Delimiter"),
		MaxKeys: min(most, maxListKeys),
	}
	page, err := h.objects.List(c.ctx, object.ListRequest{
		Bucket: c.bucket, Prefix: result.Prefix, Delimiter: result.Delimiter, Max: int(result.MaxKeys),
		After: result.Marker, AfterPrefix: object.IsCommonPrefix(result.Marker, result.Prefix, result.Delimiter),
	})
	if err != nil {
		return nil, err
	}
	result.fill(c.bucket, page)
	return &answer{result: result}, nil
}

// fill writes a page into l. Without a delimiter the client goes on behind the last key.
func (l *listResult) fill(b *object.Bucket, page object.ListPage) {
	l.IsTruncated = page.More
	last := ""
	for _, e := range page.Entries {
		if e.Version == nil {
			l.CommonPrefixes = append(l.CommonPrefixes, commonPrefix{e.Prefix})
			last = e.Prefix
			continue
		}
		v := e.Version
		l.Contents = append(l.Contents, listEntry{
			Key: v.Key, LastModified: moment(v.Modified), ETag: quoted(v.ETag), Size: v.Size,
			Owner: newCanonicalUser(b.OwnerOf(v)), StorageClass: storageClass(v.StorageClass),
		})
		last = v.Key
	}
	if page.More && l.Delimiter != "" {
		l.NextMarker = last
	}
}
