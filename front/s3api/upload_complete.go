package s3api

import (
	"encoding/xml"
	"strconv"
	"strings"

	"shoal/core/object"
)

// completeRequest is the body of CompleteMultipartUpload.
type completeRequest struct {
	Parts []completePart `xml:"Part"`
}

// completePart is one part as the client names it. Its checksum, if any, is in the element of its algorithm.
type completePart struct {
	Number int    `xml:"PartNumber"`
	ETag   string `xml:"ETag"`
	Rest   []struct {
		XMLName xml.Name
		Text    string `xml:",chardata"`
	} `xml:",any"`
}

// completeMultipartUpload answers POST ?uploadId.
func (h *Handler) completeMultipartUpload(c *call) (*response, error) {
	r := object.CompleteRequest{Bucket: c.bucket, Upload: c.upload}
	var doc completeRequest
	if err := c.readXML(maxCompleteXML, "CompleteMultipartUpload", &doc); err != nil {
		return nil, err
	}
	if len(doc.Parts) == 0 || len(doc.Parts) > maxPartNumber {
		return nil, errorOf(codeMalformedXML, "")
	}
	r.Parts = make([]object.CompletePart, len(doc.Parts))
	for i := range doc.Parts {
		r.Parts[i] = doc.Parts[i].named(c.upload.Algorithm)
	}
	var err error
	if r.Checksum, err = c.objectChecksum(); err != nil {
		return nil, err
	}
	if r.Size, err = c.objectSize(); err != nil {
		return nil, err
	}
	if r.Condition, err = c.writeCondition(); err != nil {
		return nil, err
	}
	v, err := h.objects.CompleteUpload(c.ctx, r)
	if err != nil {
		return nil, err
	}
	x := newXML("CompleteMultipartUploadResult")
	x.text("Location", c.location())
	x.text("Bucket", c.bucket.Name)
	x.text("Key", v.Key)
	x.etag(v.ETag)
	if v.Checksum.Algorithm != object.NoChecksum {
		x.checksum(v.Checksum)
		x.text("ChecksumType", checksumTypeName(v.Checksum.Type))
	}
	answer := x.response()
	c.setVersionID(answer.header, v)
	return answer, nil
}

// named is p for the core, with the checksum that it declares of algorithm a.
func (p *completePart) named(a object.ChecksumAlgorithm) object.CompletePart {
	part := object.CompletePart{Number: p.Number, ETag: object.ETag(strings.Trim(strings.TrimSpace(p.ETag), `"`))}
	for _, e := range p.Rest {
		if a != object.NoChecksum && e.XMLName.Local == "Checksum"+algorithmName(a) {
			part.Checksum = strings.TrimSpace(e.Text)
		}
	}
	return part
}

// objectChecksum reads the x-amz-checksum-* header, which in this operation is of the object, not of the body.
func (c *call) objectChecksum() (string, error) {
	header := c.http.Header
	if name := header.Get("x-amz-checksum-type"); name != "" {
		t, ok := checksumTypeOf(name)
		if !ok || c.upload.Algorithm != object.NoChecksum && t != c.upload.Type {
			return "", errorOf(codeInvalidRequest, "The upload was created using the "+checksumTypeName(c.upload.Type)+
				" checksum mode. The complete request must use the same checksum mode.")
		}
	}
	for a := range checksums {
		value := header.Get(checksumHeader(a))
		if value == "" {
			continue
		}
		if c.upload.Algorithm == object.NoChecksum {
			return "", errorOf(codeInvalidRequest, "The upload was created without a checksum algorithm; "+checksumHeader(a)+" cannot be checked.")
		}
		if err := c.checkPartAlgorithm(a); err != nil {
			return "", err
		}
		return value, nil
	}
	return "", nil
}

// objectSize reads x-amz-mp-object-size, -1 without it.
func (c *call) objectSize() (int64, error) {
	text := c.http.Header.Get("x-amz-mp-object-size")
	if text == "" {
		return -1, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, errorOf(codeInvalidRequest, "Value for x-amz-mp-object-size header is invalid.")
	}
	return n, nil
}

// location is the URL of the target as the client reached it.
func (c *call) location() string { return c.locationOf(c.target.key) }

// locationOf is the URL of a key of the bucket as the client reaches it.
func (c *call) locationOf(key string) string {
	scheme := "http"
	if c.http.TLS != nil {
		scheme = "https"
	}
	path := "/" + key
	if !c.target.hosted {
		path = "/" + c.target.bucket + path
	}
	return scheme + "://" + c.http.Host + string(appendPercent(nil, path))
}
