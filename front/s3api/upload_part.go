package s3api

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"shoal/core/object"
)

// uploadPart answers PUT ?uploadId&partNumber.
func (h *Handler) uploadPart(c *call) (*response, error) {
	number, err := c.partNumber()
	if err != nil {
		return nil, err
	}
	size, err := c.uploadSize()
	if err != nil {
		return nil, err
	}
	if err := c.checkPartAlgorithm(c.body.integrity.Algorithm); err != nil {
		return nil, err
	}
	if err := h.unlockUpload(c); err != nil {
		return nil, err
	}
	if err := c.checkLockDigest(c.upload.Lock, "Put Part"); err != nil {
		return nil, err
	}
	done, err := h.admitPart(c, size)
	if err != nil {
		return nil, err
	}
	defer func() { done(err == nil) }()
	p, err := h.objects.PutPart(c.ctx, object.PutPartRequest{
		Upload: c.upload, Number: number, Body: &c.body, Size: size, Integrity: c.body.integrity,
	})
	if err != nil {
		return nil, err
	}
	header := http.Header{"Etag": {quoteETag(p.ETag)}}
	c.setEncryption(header, c.upload.Encryption)
	if p.Checksum.Algorithm != object.NoChecksum {
		header.Set(checksumHeader(p.Checksum.Algorithm), p.Checksum.Value)
	}
	return &response{header: header}, nil
}

// partNumber reads the partNumber parameter.
func (c *call) partNumber() (int, error) {
	text := c.query.get("partNumber")
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxPartNumber {
		return 0, invalidArgument("Part number must be an integer between 1 and 10000, inclusive.", "partNumber", text)
	}
	return n, nil
}

func (c *call) checkPartNumber() error {
	_, err := c.partNumber()
	return err
}

// checkPartCopy refuses a part number or a copy source that cannot be.
func (c *call) checkPartCopy() error {
	if _, _, _, err := parseCopySource(c.http.Header.Get("x-amz-copy-source")); err != nil {
		return err
	}
	return c.checkPartNumber()
}

// checkPartAlgorithm refuses a part with another checksum than the upload was created with.
func (c *call) checkPartAlgorithm(a object.ChecksumAlgorithm) error {
	want := c.upload.Algorithm
	if a == want || want == object.NoChecksum || a == object.NoChecksum && c.upload.Type == object.FullObject {
		return nil
	}
	sent := "null"
	if a != object.NoChecksum {
		sent = algorithmName(a)
	}
	return errorOf(codeInvalidRequest, fmt.Sprintf("Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum Type: %s",
		algorithmName(want), sent))
}

// uploadPartCopy answers PUT ?uploadId&partNumber with x-amz-copy-source.
func (h *Handler) uploadPartCopy(c *call) (*response, error) {
	number, err := c.partNumber()
	if err != nil {
		return nil, err
	}
	if err := h.unlockUpload(c); err != nil {
		return nil, err
	}
	source, err := h.copySource(c)
	if err != nil {
		return nil, err
	}
	off, n, err := copyRange(c.http.Header.Get("x-amz-copy-source-range"), source.version.Size)
	if err != nil {
		return nil, err
	}
	if n > maxSinglePut {
		return nil, errorOf(codeEntityTooLarge, "", element{"MaxSizeAllowed", itoa(maxSinglePut)})
	}
	done, err := h.admitPart(c, n)
	if err != nil {
		return nil, err
	}
	defer func() { done(err == nil) }()
	p, err := keepAlive(h, c, func() (*object.Part, error) {
		return h.objects.CopyPart(c.ctx, object.CopyPartRequest{
			Upload: c.upload, Number: number, Source: source.version, Off: off, N: n,
		})
	})
	if err != nil {
		return nil, err
	}
	x := newXML("CopyPartResult")
	x.time("LastModified", p.Modified)
	x.etag(p.ETag)
	x.checksum(p.Checksum)
	answer := x.response()
	c.setEncryption(answer.header, c.upload.Encryption)
	source.setVersionID(answer.header)
	return answer, nil
}

// copyRange reads x-amz-copy-source-range, which has the one form bytes=first-last; without it the range is
// all of the source.
func copyRange(text string, size int64) (off, n int64, err error) {
	if text == "" {
		return 0, size, nil
	}
	bad := invalidArgument("The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy",
		"x-amz-copy-source-range", text)
	digits, ok := strings.CutPrefix(text, "bytes=")
	from, to, both := strings.Cut(digits, "-")
	first, errFirst := strconv.ParseUint(from, 10, 63)
	last, errLast := strconv.ParseUint(to, 10, 63)
	if !ok || !both || errFirst != nil || errLast != nil || first > last {
		return 0, 0, bad
	}
	if int64(last) >= size {
		return 0, 0, invalidArgument("Range specified is not valid for source object of size: "+itoa(size), "x-amz-copy-source-range", text)
	}
	return int64(first), int64(last-first) + 1, nil
}

// checksum writes a checksum in the element of its algorithm; nothing when there is none.
func (x *xmlWriter) checksum(c object.Checksum) {
	if c.Algorithm != object.NoChecksum {
		x.text("Checksum"+algorithmName(c.Algorithm), c.Value)
	}
}
