package object

import "fmt"

// Integrity is what the body must hash to. Zero fields are not checked.
type Integrity struct {
	MD5       []byte // Content-MD5, 16 bytes
	SHA256    []byte // x-amz-content-sha256, 32 bytes
	Algorithm ChecksumAlgorithm
	// Fallback has a CRC64NVME computed beside Algorithm: that of a part whose upload names no algorithm.
	Fallback bool
	// Value is the declared base64 checksum, "" to compute and store only. Trailer, when set, is called after
	// the body's EOF and gives the declared value that came behind it.
	Value   string
	Trailer func() (string, error)
}

// DigestMismatch is the cause of BadDigest, ContentSHA256Mismatch and ChecksumMismatch of a body.
type DigestMismatch struct {
	Declared, Computed []byte
}

func (m *DigestMismatch) Error() string {
	return fmt.Sprintf("%x was declared, %x computed", m.Declared, m.Computed)
}
