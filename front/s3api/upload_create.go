package s3api

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"shoal/core/object"
)

// createMultipartUpload answers POST ?uploads of a key.
func (h *Handler) createMultipartUpload(c *call) (*response, error) {
	n, err := h.newObject(c)
	if err != nil {
		return nil, err
	}
	algorithm, kind, err := c.uploadChecksum()
	if err != nil {
		return nil, err
	}
	u, err := h.objects.CreateUpload(c.ctx, object.NewUpload{
		Bucket: c.bucket, Key: c.target.key, Owner: n.owner, ACL: n.acl, Header: n.header, Tags: n.tags, Lock: n.lock,
		StorageClass: n.storageClass, Algorithm: algorithm, Type: kind, Encryption: n.encryption,
	})
	if err != nil {
		return nil, err
	}
	x := newXML("InitiateMultipartUploadResult")
	x.text("Bucket", c.bucket.Name)
	x.text("Key", u.Key)
	x.text("UploadId", u.ID.String())
	answer := x.response()
	c.setMade(answer.header, u.Encryption)
	if u.Algorithm != object.NoChecksum {
		answer.header.Set("x-amz-checksum-algorithm", algorithmName(u.Algorithm))
		answer.header.Set("x-amz-checksum-type", checksumTypeName(u.Type))
	}
	return answer, nil
}

// uploadChecksum reads which checksum the parts and the object of an upload have.
func (c *call) uploadChecksum() (object.ChecksumAlgorithm, object.ChecksumType, error) {
	a, err := c.requestedAlgorithm()
	if err != nil {
		return 0, 0, err
	}
	name := c.http.Header.Get("x-amz-checksum-type")
	t, ok := checksumTypeOf(name)
	switch {
	case !ok:
		return 0, 0, errorOf(codeInvalidRequest, "Value for x-amz-checksum-type header is invalid.")
	case a == object.NoChecksum && name != "":
		return 0, 0, errorOf(codeInvalidRequest, "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
	case name == "" && a != object.CRC64NVME:
		t = object.Composite // the default of all others (AWS)
	case !a.Has(t):
		return 0, 0, errorOf(codeInvalidRequest, fmt.Sprintf("The %s checksum type cannot be used with the %s checksum algorithm.",
			checksumTypeName(t), strings.ToLower(algorithmName(a))))
	}
	return a, t, nil
}

// checksumTypeOf is the inverse of checksumTypeName; an empty name is FullObject.
func checksumTypeOf(name string) (object.ChecksumType, bool) {
	for _, t := range []object.ChecksumType{object.FullObject, object.Composite} {
		if strings.EqualFold(name, checksumTypeName(t)) {
			return t, true
		}
	}
	return object.FullObject, name == ""
}

// abortMultipartUpload answers DELETE ?uploadId.
func (h *Handler) abortMultipartUpload(c *call) (*response, error) {
	var w object.WriteCondition
	const header = "x-amz-if-match-initiated-time"
	if err := wantedTime(&w, header, c.http.Header.Get(header)); err != nil {
		return nil, err
	}
	initiated := w.IfModified
	if initiated.After(h.o.Now()) {
		initiated = time.Time{} // S3 passes over what is still to come
	}
	if err := h.objects.AbortUpload(c.ctx, c.upload, initiated); err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}
