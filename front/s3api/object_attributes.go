package s3api

import (
	"net/http"
	"slices"
	"strings"

	"shoal/core/access"
	"shoal/core/object"
)

// attributeNames are what x-amz-object-attributes may ask for. Never written.
var attributeNames = []string{"ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"}

// attributes reads x-amz-object-attributes.
func (c *call) attributes() ([]string, error) {
	var names []string
	for _, line := range c.http.Header.Values("x-amz-object-attributes") {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.TrimSpace(name); name == "" {
				continue
			}
			if !slices.Contains(attributeNames, name) {
				return nil, invalidArgument("Invalid attribute name specified.", "x-amz-object-attributes", name)
			}
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, errorOf(codeInvalidRequest, "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty")
	}
	return names, nil
}

func (c *call) checkAttributes() error {
	_, err := c.attributes()
	return err
}

// getObjectAttributes answers GET ?attributes of an object.
func (h *Handler) getObjectAttributes(c *call) (*response, error) {
	v := c.version
	if v.DeleteMarker {
		return nil, c.markerError()
	}
	// S3 API reference, GetObjectAttributes: it takes leave to read the object, too.
	read := access.GetObject
	if c.query.has("versionId") {
		read = access.GetObjectVersion
	}
	if err := h.decide(c, read, c.target.key, v); err != nil {
		return nil, err
	}
	if err := h.unlock(c); err != nil {
		return nil, err
	}
	if err := c.checkRead(); err != nil {
		return nil, err
	}
	names, err := c.attributes()
	if err != nil {
		return nil, err
	}
	x := newXML("GetObjectAttributesResponse")
	if slices.Contains(names, "ETag") {
		x.text("ETag", string(v.ETag))
	}
	if slices.Contains(names, "Checksum") && v.Checksum.Algorithm != object.NoChecksum {
		x.open("Checksum")
		x.checksum(v.Checksum)
		x.text("ChecksumType", checksumTypeName(v.Checksum.Type))
		x.close("Checksum")
	}
	if slices.Contains(names, "ObjectParts") && v.PartCount > 0 {
		if err := h.objectParts(c, x); err != nil {
			return nil, err
		}
	}
	if slices.Contains(names, "StorageClass") {
		x.storageClass(v.StorageClass)
	}
	if slices.Contains(names, "ObjectSize") {
		x.int("ObjectSize", v.Size)
	}
	answer := x.response()
	answer.header.Set("Last-Modified", v.Modified.UTC().Format(http.TimeFormat))
	c.setVersionID(answer.header, v)
	return answer, nil
}

// objectParts writes a page of the parts of an object, each with its checksum of the object's algorithm. Of an object
// without a checksum AWS tells the count alone.
func (h *Handler) objectParts(c *call, x *xmlWriter) error {
	limit, err := c.intHeader("x-amz-max-parts", maxListKeys, maxListKeys)
	if err != nil {
		return err
	}
	after, err := c.intHeader("x-amz-part-number-marker", maxPartNumber, 0)
	if err != nil {
		return err
	}
	x.open("ObjectParts")
	x.int("PartsCount", int64(c.version.PartCount))
	if c.version.Checksum.Algorithm != object.NoChecksum {
		page, err := h.objects.ObjectParts(c.ctx, c.version, after, limit)
		if err != nil {
			return err
		}
		x.int("PartNumberMarker", int64(after))
		if n := len(page.Parts); n > 0 {
			x.int("NextPartNumberMarker", int64(page.Parts[n-1].Number))
		}
		x.int("MaxParts", int64(limit))
		x.bool("IsTruncated", page.More)
		for _, p := range page.Parts {
			x.open("Part")
			x.int("PartNumber", int64(p.Number))
			x.int("Size", p.Size)
			if p.Checksum.Algorithm == c.version.Checksum.Algorithm {
				x.checksum(p.Checksum)
			}
			x.close("Part")
		}
	}
	x.close("ObjectParts")
	return nil
}
