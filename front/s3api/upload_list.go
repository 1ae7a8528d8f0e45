package s3api

import (
	"shoal/core/fault"
	"shoal/core/object"
)

// listParts answers GET ?uploadId.
func (h *Handler) listParts(c *call) (*response, error) {
	limit, err := c.intParameter("max-parts", 0, maxListKeys, maxListKeys)
	if err != nil {
		return nil, err
	}
	after, err := c.intParameter("part-number-marker", 0, maxPartNumber, 0)
	if err != nil {
		return nil, err
	}
	encoded, err := c.encoding()
	if err != nil {
		return nil, err
	}
	page, err := h.objects.ListParts(c.ctx, c.upload, after, limit)
	if err != nil {
		return nil, err
	}
	x := newXML("ListPartsResult")
	x.text("Bucket", c.bucket.Name)
	x.name("Key", c.upload.Key, encoded)
	x.text("UploadId", c.upload.ID.String())
	x.uploadBy(c.upload)
	if c.upload.Algorithm == object.NoChecksum {
		x.text("ChecksumAlgorithm", "null") // (AWS)
		x.text("ChecksumType", "null")
	}
	x.int("PartNumberMarker", int64(after))
	if n := len(page.Parts); n > 0 {
		x.int("NextPartNumberMarker", int64(page.Parts[n-1].Number))
	}
	x.int("MaxParts", int64(limit))
	if encoded {
		x.text("EncodingType", encodingURL)
	}
	x.bool("IsTruncated", page.More)
	for i := range page.Parts {
		x.part(&page.Parts[i])
	}
	return x.response(), nil
}

func (x *xmlWriter) part(p *object.Part) {
	x.open("Part")
	x.int("PartNumber", int64(p.Number))
	x.time("LastModified", p.Modified)
	x.etag(p.ETag)
	x.int("Size", p.Size)
	x.checksum(p.Checksum)
	x.close("Part")
}

// uploadBy writes who began an upload, and what its object will be.
func (x *xmlWriter) uploadBy(u *object.Upload) {
	x.owner("Initiator", u.Owner)
	x.owner("Owner", u.Owner)
	x.storageClass(u.StorageClass)
	if u.Algorithm != object.NoChecksum {
		x.text("ChecksumAlgorithm", algorithmName(u.Algorithm))
		x.text("ChecksumType", checksumTypeName(u.Type))
	}
}

// listMultipartUploads answers GET ?uploads of a bucket.
func (h *Handler) listMultipartUploads(c *call) (*response, error) {
	r, encoded, err := c.uploadsRequest()
	if err != nil {
		return nil, err
	}
	page, err := h.objects.ListUploads(c.ctx, r)
	if err != nil {
		return nil, err
	}
	x := newXML("ListMultipartUploadsResult")
	x.text("Bucket", c.bucket.Name)
	x.name("KeyMarker", r.KeyMarker, encoded)
	x.text("UploadIdMarker", c.query.get("upload-id-marker"))
	if page.More {
		x.name("NextKeyMarker", page.NextKey, encoded)
		if page.NextID != (object.UploadID{}) {
			x.text("NextUploadIdMarker", page.NextID.String())
		}
	}
	x.name("Prefix", r.Prefix, encoded)
	if r.Delimiter != "" {
		x.name("Delimiter", r.Delimiter, encoded)
	}
	if encoded {
		x.text("EncodingType", encodingURL)
	}
	x.int("MaxUploads", int64(r.Max))
	x.bool("IsTruncated", page.More)
	for _, u := range page.Uploads {
		x.open("Upload")
		x.name("Key", u.Key, encoded)
		x.text("UploadId", u.ID.String())
		x.uploadBy(u)
		x.time("Initiated", u.Initiated)
		x.close("Upload")
	}
	for _, p := range page.Prefixes {
		x.commonPrefix(p, encoded)
	}
	return x.response(), nil
}

func (c *call) uploadsRequest() (r object.ListUploadsRequest, encoded bool, err error) {
	r = object.ListUploadsRequest{
		Bucket: c.bucket, Prefix: c.query.get("prefix"), Delimiter: c.query.get("delimiter"), KeyMarker: c.query.get("key-marker"),
	}
	if err := c.checkNames("prefix", "delimiter", "key-marker"); err != nil {
		return r, false, err
	}
	if r.Max, err = c.intParameter("max-uploads", 0, maxListKeys, maxListKeys); err != nil {
		return r, false, err
	}
	// Without a key marker the upload id marker is not looked at (AWS).
	if text := c.query.get("upload-id-marker"); text != "" && r.KeyMarker != "" {
		id, err := object.ParseUploadID(text)
		if fault.Is(err, fault.NoSuchUpload) {
			return r, false, invalidArgument("Invalid uploadId marker", "upload-id-marker", text)
		}
		r.AfterUpload = &id
	}
	encoded, err = c.encoding()
	return r, encoded, err
}
