package s3api

import (
	"encoding/xml"
	"fmt"
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
	Number *int    `xml:"PartNumber"`
	ETag   *string `xml:"ETag"`
	Rest   []struct {
		XMLName xml.Name
		Text    string `xml:",chardata"`
	} `xml:",any"`
}

// completeMultipartUpload answers POST ?uploadId.
func (h *Handler) completeMultipartUpload(c *call) (*response, error) {
	r := object.CompleteRequest{Bucket: c.bucket, Upload: c.upload, By: c.eventBy()}
	var doc completeRequest
	var err error
	if err := c.readXML(maxCompleteXML, "CompleteMultipartUpload", &doc); err != nil {
		return nil, err
	}
	if len(doc.Parts) == 0 || len(doc.Parts) > maxPartNumber {
		return nil, errorOf(codeMalformedXML, "")
	}
	if r.Checksum, err = c.objectChecksum(); err != nil {
		return nil, err
	}
	if r.Parts, err = c.completeParts(doc.Parts); err != nil {
		return nil, err
	}
	if r.Size, err = c.objectSize(); err != nil {
		return nil, err
	}
	if r.Condition, err = c.writeCondition(); err != nil {
		return nil, err
	}
	done, err := h.admitObject(c, 0, &c.upload.Header) // its parts count already
	if err != nil {
		return nil, err
	}
	defer func() { done(err == nil) }()
	v, err := keepAlive(h, c, func() (*object.Version, error) { return h.objects.CompleteUpload(c.ctx, r) })
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
	c.setEncryption(answer.header, v.Encryption)
	c.setVersionID(answer.header, v)
	h.setExpiration(c, answer.header, v)
	return answer, nil
}

// completeParts is the list of a completion for the core, with what each part declares of its checksum.
func (c *call) completeParts(list []completePart) ([]object.CompletePart, error) {
	parts := make([]object.CompletePart, len(list))
	for i := range list {
		p := &list[i]
		if p.Number == nil || p.ETag == nil {
			return nil, errorOf(codeMalformedXML, "")
		}
		if *p.Number < 1 {
			return nil, invalidArgument("PartNumber must be >= 1", "PartNumber", strconv.Itoa(*p.Number))
		}
		sum, err := p.checksum(c.upload)
		if err != nil {
			return nil, err
		}
		parts[i] = object.CompletePart{Number: *p.Number, ETag: bareETag(*p.ETag), Checksum: sum}
	}
	return parts, nil
}

// checksum returns what p declares of the algorithm of u; "" when it declares nothing, which a composite checksum
// does not allow.
func (p *completePart) checksum(u *object.Upload) (string, error) {
	found, value, all := object.NoChecksum, "", ""
	valid := true
	for _, e := range p.Rest {
		name, ok := strings.CutPrefix(e.XMLName.Local, "Checksum")
		a, known := algorithmOf(name)
		if !ok || !known {
			continue
		}
		valid = valid && found == object.NoChecksum && validChecksum(a, strings.TrimSpace(e.Text))
		found, value = a, strings.TrimSpace(e.Text)
		all += name + ":" + value + ";"
	}
	switch {
	case !valid:
		return "", invalidArgument("Invalid Base64 or multiple checksums present in request", "Checksum", all)
	case u.Algorithm == object.NoChecksum:
		return "", nil
	case found == object.NoChecksum && u.Type == object.Composite:
		return "", errorOf(codeInvalidRequest, fmt.Sprintf("The upload was created using a %s checksum. The complete request must include the checksum for each part. It was missing for part %d in the request.",
			strings.ToLower(algorithmName(u.Algorithm)), *p.Number))
	case found != object.NoChecksum && found != u.Algorithm:
		return "", errorOf(codeBadDigest, fmt.Sprintf("The %s you specified for part %d did not match what we received.",
			strings.ToLower(algorithmName(found)), *p.Number))
	}
	return value, nil
}

// objectChecksum reads the x-amz-checksum-* header, which in this operation is of the object, not of the body. That
// of an upload without an algorithm is not looked at.
func (c *call) objectChecksum() (string, error) {
	a, value, err := declaredChecksum(c.http.Header)
	if err != nil {
		return "", err
	}
	u := c.upload
	if name := c.http.Header.Get("x-amz-checksum-type"); name != "" {
		t, ok := checksumTypeOf(name)
		if !ok {
			return "", errorOf(codeInvalidRequest, "Value for x-amz-checksum-type header is invalid.")
		}
		if u.Algorithm != object.NoChecksum && t != u.Type {
			return "", errorOf(codeInvalidRequest, "The upload was created using the "+checksumTypeName(u.Type)+
				" checksum mode. The complete request must use the same checksum mode.")
		}
	}
	if a == object.NoChecksum || u.Algorithm == object.NoChecksum {
		return "", nil
	}
	if err := c.checkPartAlgorithm(a); err != nil {
		return "", err
	}
	plain, count, composite := strings.Cut(value, "-")
	if !validChecksum(a, plain) || composite && (u.Type != object.Composite || !isNumber(count)) {
		return "", errInvalidChecksum(a)
	}
	return value, nil
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// objectSize reads x-amz-mp-object-size, -1 without it.
func (c *call) objectSize() (int64, error) {
	text := c.http.Header.Get("x-amz-mp-object-size")
	if text == "" {
		return -1, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil:
		return 0, errorOf(codeInvalidRequest, "Value for x-amz-mp-object-size header is invalid: '"+text+"'")
	case n < 0:
		return 0, errorOf(codeInvalidRequest, "Value for x-amz-mp-object-size header is less than zero: '"+text+"'")
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
