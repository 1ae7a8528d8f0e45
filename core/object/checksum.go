package object

import "encoding/base64"

// ChecksumAlgorithm is one of the S3 object checksums; the zero value means none.
type ChecksumAlgorithm uint8

// The algorithms of x-amz-checksum-algorithm that are verified, stored and returned.
const (
	NoChecksum ChecksumAlgorithm = iota
	CRC32
	CRC32C
	CRC64NVME
	SHA1
	SHA256
	SHA512
	MD5
	XXHash64
	XXHash3
	XXHash128
)

// lastChecksum is the greatest ChecksumAlgorithm.
const lastChecksum = XXHash128

// ChecksumType says over what a multipart checksum was computed.
type ChecksumType uint8

// FullObject is over all bytes; Composite over the parts' checksums, written as "<value>-<parts>".
const (
	FullObject ChecksumType = iota
	Composite
)

// Checksum is a stored object checksum.
type Checksum struct {
	Algorithm ChecksumAlgorithm
	Type      ChecksumType
	Value     string // base64 as in the x-amz-checksum-* headers
}

func newChecksum(a ChecksumAlgorithm, t ChecksumType, sum []byte) Checksum {
	return Checksum{Algorithm: a, Type: t, Value: base64.StdEncoding.EncodeToString(sum)}
}

// Sum returns the checksum of data, nil for NoChecksum.
func (a ChecksumAlgorithm) Sum(data []byte) []byte {
	h := a.newHash()
	if h == nil {
		return nil
	}
	h.Write(data)
	return h.Sum(nil)
}

// Has reports whether a multipart upload can have the checksum type t of a: a CRC64NVME is of the full object, and
// of all others only CRCs can be combined to that of the full object (S3 user guide, checking object integrity).
func (a ChecksumAlgorithm) Has(t ChecksumType) bool {
	switch a {
	case CRC32, CRC32C:
		return true
	case CRC64NVME:
		return t == FullObject
	}
	return t == Composite
}
