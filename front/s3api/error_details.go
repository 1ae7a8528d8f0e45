package s3api

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"

	"shoal/core/fault"
	"shoal/core/object"
)

// describeMismatch says of a body that does not hash to what was declared both hashes, as S3 does.
func (c *call) describeMismatch(e *apiError) {
	kind := fault.KindOf(e.err)
	if kind == fault.ChecksumMismatch {
		a := c.body.integrity.Algorithm
		if c.upload != nil && c.operation.sumsObject() {
			a = c.upload.Algorithm
		}
		e.message = "The " + algorithmName(a) + " you specified did not match the calculated checksum."
		return
	}
	var m *object.DigestMismatch
	if !errors.As(e.err, &m) {
		return
	}
	if kind == fault.BadDigest {
		e.extra = append(e.extra, element{"CalculatedDigest", base64.StdEncoding.EncodeToString(m.Computed)},
			element{"ExpectedDigest", hex.EncodeToString(m.Declared)})
		return
	}
	e.extra = append(e.extra, c.hashElements(m.Computed)...)
}

// describePart names the part that CompleteMultipartUpload stumbled over.
func (c *call) describePart(e *apiError) {
	var p *object.PartError
	if !errors.As(e.err, &p) {
		return
	}
	if fault.KindOf(e.err) == fault.EntityTooSmall {
		e.extra = append(e.extra, element{"ProposedSize", itoa(p.Size)}, element{"MinSizeAllowed", itoa(object.MinPart)})
	} else {
		e.extra = append(e.extra, element{"UploadId", c.query.get("uploadId")})
	}
	e.extra = append(e.extra, element{"PartNumber", strconv.Itoa(p.Number)}, element{"ETag", string(p.ETag)})
}
