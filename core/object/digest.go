package object

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"hash"
	"hash/crc32"
	"io"

	"github.com/cespare/xxhash/v2"
	"github.com/minio/crc64nvme"
	"github.com/zeebo/xxh3"

	"shoal/core/fault"
)

// newHash returns the hash of an algorithm, nil for NoChecksum.
func (a ChecksumAlgorithm) newHash() hash.Hash {
	switch a {
	case CRC32:
		return crc32.NewIEEE()
	case CRC32C:
		return crc32.New(crc32.MakeTable(crc32.Castagnoli))
	case CRC64NVME:
		return crc64nvme.New()
	case SHA1:
		return sha1.New()
	case SHA256:
		return sha256.New()
	case SHA512:
		return sha512.New()
	case MD5:
		return md5.New()
	case XXHash64:
		return xxhash.New()
	case XXHash3:
		return xxh3.New()
	case XXHash128:
		return xxh3.New128()
	}
	return nil
}

// digests are the hashes of one body: MD5 for the ETag and what Integrity asks for.
type digests struct {
	want   Integrity
	md5    hash.Hash
	sha256 hash.Hash // nil unless asked for
	sum    hash.Hash // nil without an algorithm; may be md5 or sha256

	fallback hash.Hash // CRC64NVME; nil unless asked for; may be sum
}

func newDigests(want Integrity) (*digests, error) {
	if want.MD5 != nil && len(want.MD5) != md5.Size {
		return nil, fault.New("read body", "Content-MD5", fault.InvalidDigest, nil)
	}
	d := &digests{want: want, md5: md5.New(), sum: want.Algorithm.newHash()}
	if want.SHA256 != nil {
		d.sha256 = sha256.New()
	}
	switch {
	case want.Algorithm == MD5:
		d.sum = d.md5
	case want.Algorithm == SHA256 && d.sha256 != nil:
		d.sum = d.sha256
	}
	switch {
	case want.Fallback && want.Algorithm == CRC64NVME:
		d.fallback = d.sum
	case want.Fallback:
		d.fallback = crc64nvme.New()
	}
	return d, nil
}

// all returns each hash once.
func (d *digests) all() []hash.Hash {
	hashes := []hash.Hash{d.md5}
	if d.sha256 != nil {
		hashes = append(hashes, d.sha256)
	}
	if d.sum != nil && d.sum != d.sha256 && d.sum != d.md5 {
		hashes = append(hashes, d.sum)
	}
	if d.fallback != nil && d.fallback != d.sum {
		hashes = append(hashes, d.fallback)
	}
	return hashes
}

func (d *digests) write(p []byte) {
	for _, h := range d.all() {
		h.Write(p)
	}
}

// readAll writes all of r.
func (d *digests) readAll(r io.Reader) error {
	buf := make([]byte, digestBuffer)
	for {
		n, err := r.Read(buf)
		d.write(buf[:n])
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// digestBuffer is the bytes hashed at a time.
const digestBuffer = 128 << 10

// verify compares the whole body with what it must hash to; call it after EOF.
func (d *digests) verify() (ETag, Checksum, error) {
	const op = "verify body"
	sum := d.md5.Sum(nil)
	if d.want.MD5 != nil && !bytes.Equal(sum, d.want.MD5) {
		return "", Checksum{}, fault.New(op, "Content-MD5", fault.BadDigest, &DigestMismatch{d.want.MD5, sum})
	}
	if d.sha256 != nil {
		if got := d.sha256.Sum(nil); !bytes.Equal(got, d.want.SHA256) {
			return "", Checksum{}, fault.New(op, "x-amz-content-sha256", fault.ContentSHA256Mismatch, &DigestMismatch{d.want.SHA256, got})
		}
	}
	c := Checksum{}
	if d.sum != nil {
		c = newChecksum(d.want.Algorithm, FullObject, d.sum.Sum(nil))
	}
	declared := []string{d.want.Value}
	if d.want.Trailer != nil {
		value, err := d.want.Trailer()
		if err != nil {
			return "", Checksum{}, err
		}
		declared = append(declared, value)
	}
	for _, value := range declared {
		if value != "" && value != c.Value {
			return "", Checksum{}, fault.New(op, "checksum", fault.ChecksumMismatch,
				errors.New("the declared checksum does not match the content"))
		}
	}
	return ETag(hex.EncodeToString(sum)), c, nil
}

// fallbackSum returns the CRC64NVME of the whole body, if it was asked for.
func (d *digests) fallbackSum() Checksum {
	if d.fallback == nil {
		return Checksum{}
	}
	return newChecksum(CRC64NVME, FullObject, d.fallback.Sum(nil))
}
