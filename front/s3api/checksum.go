package s3api

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"shoal/core/object"
)

const checksumPrefix = "x-amz-checksum-"

// checksumRow is one checksum algorithm as S3 spells it.
type checksumRow struct {
	name string // as x-amz-checksum-algorithm has it; in headers in lower case
	size int    // bytes of the value
}

// checksums are the algorithms there are. Never written.
var checksums = map[object.ChecksumAlgorithm]checksumRow{
	object.CRC32:     {"CRC32", 4},
	object.CRC32C:    {"CRC32C", 4},
	object.CRC64NVME: {"CRC64NVME", 8},
	object.SHA1:      {"SHA1", 20},
	object.SHA256:    {"SHA256", 32},
	object.SHA512:    {"SHA512", 64},
	object.MD5:       {"MD5", 16},
	object.XXHash64:  {"XXHASH64", 8},
	object.XXHash3:   {"XXHASH3", 8},
	object.XXHash128: {"XXHASH128", 16},
}

// algorithmOf is the inverse of algorithmName, whatever the case.
func algorithmOf(name string) (object.ChecksumAlgorithm, bool) {
	for a, row := range checksums {
		if strings.EqualFold(row.name, name) {
			return a, true
		}
	}
	return object.NoChecksum, false
}

// algorithmName returns the name in x-amz-checksum-algorithm and ChecksumAlgorithm.
func algorithmName(a object.ChecksumAlgorithm) string { return checksums[a].name }

// checksumHeader returns the header that carries a value of a.
func checksumHeader(a object.ChecksumAlgorithm) string {
	return checksumPrefix + strings.ToLower(checksums[a].name)
}

// checksumTypeName returns the value of x-amz-checksum-type.
func checksumTypeName(t object.ChecksumType) string {
	if t == object.Composite {
		return "COMPOSITE"
	}
	return "FULL_OBJECT"
}

// setChecksum adds a stored checksum to the headers of an answer; nothing when there is none.
func setChecksum(h http.Header, c object.Checksum) {
	if c.Algorithm == object.NoChecksum {
		return
	}
	h.Set(checksumHeader(c.Algorithm), c.Value)
	h.Set("x-amz-checksum-type", checksumTypeName(c.Type))
}

// validChecksum reports whether value is base64 of as many bytes as a has.
func validChecksum(a object.ChecksumAlgorithm, value string) bool {
	b, err := base64.StdEncoding.DecodeString(value)
	return err == nil && len(b) == checksums[a].size
}

// requestedAlgorithm reads x-amz-checksum-algorithm: what CopyObject and CreateMultipartUpload shall compute.
func (c *call) requestedAlgorithm() (object.ChecksumAlgorithm, error) {
	name := c.http.Header.Get("x-amz-checksum-algorithm")
	if name == "" {
		return object.NoChecksum, nil
	}
	a, ok := algorithmOf(name)
	if !ok {
		return 0, errorOf(codeInvalidRequest, "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, MD5, SHA1, SHA256, SHA512, XXHASH128, XXHASH3, XXHASH64]")
	}
	return a, nil
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
