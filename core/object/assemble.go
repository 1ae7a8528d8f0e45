package object

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"shoal/core/fault"
)

// MinPart is the least size of every part but the last, in bytes (AWS).
const MinPart = 5 << 20

// PartError is the cause of InvalidPart and EntityTooSmall: the part that is wrong.
type PartError struct {
	Number int
	ETag   ETag
	Size   int64 // bytes; of EntityTooSmall
}

func (e *PartError) Error() string {
	return fmt.Sprintf("part %d, %q, %d bytes", e.Number, e.ETag, e.Size)
}

// assembly is the object that a list of parts makes.
type assembly struct {
	parts    []partRecord
	size     int64
	extents  int64
	etag     ETag
	checksum Checksum
	content  Content
	rows     [][]byte // manifest rows of the final commit
	firstRow int      // number of rows[0]
}

func checkPartList(op, name string, parts []CompletePart) error {
	if len(parts) == 0 {
		return fault.New(op, name, fault.InvalidRequest, errors.New("you must specify at least one part"))
	}
	last := 0
	for _, p := range parts {
		if err := checkPartNumber(op, name, p.Number); err != nil {
			return err
		}
		if p.Number <= last {
			return fault.New(op, name, fault.InvalidPartOrder, nil)
		}
		last = p.Number
	}
	return nil
}

// assemble holds the client's list against the parts that are there, of which all but the last have minPart bytes.
func assemble(op string, r CompleteRequest, u *uploadRecord, all map[int]partRecord, minPart int64) (*assembly, error) {
	name := resource(r.Bucket, u.Key)
	a := &assembly{parts: make([]partRecord, 0, len(r.Parts))}
	digest := md5.New()
	for i, want := range r.Parts {
		p, ok := all[want.Number]
		if !ok || p.ETag != want.ETag || want.Checksum != "" && want.Checksum != p.Checksum.Value {
			return nil, fault.New(op, name, fault.InvalidPart, &PartError{Number: want.Number, ETag: want.ETag})
		}
		if i < len(r.Parts)-1 && p.Size < minPart {
			return nil, fault.New(op, name, fault.EntityTooSmall, &PartError{Number: p.Number, ETag: p.ETag, Size: p.Size})
		}
		sum, err := hex.DecodeString(string(p.ETag))
		if err != nil {
			return nil, fmt.Errorf("etag of part %d: %w", p.Number, err)
		}
		digest.Write(sum)
		a.parts = append(a.parts, p)
		a.size += p.Size
		a.extents += int64(len(p.Extents))
	}
	if r.Size >= 0 && r.Size != a.size {
		return nil, fault.New(op, name, fault.InvalidRequest,
			fmt.Errorf("the provided 'x-amz-mp-object-size' header value %d does not match what was computed: %d", r.Size, a.size))
	}
	a.etag = ETag(fmt.Sprintf("%x-%d", digest.Sum(nil), len(a.parts)))
	var err error
	if a.checksum, err = combineChecksums(u.Algorithm, u.Type, a.parts); err != nil {
		return nil, err
	}
	if plain, _, _ := strings.Cut(a.checksum.Value, "-"); r.Checksum != "" && r.Checksum != a.checksum.Value && r.Checksum != plain {
		return nil, fault.New(op, name, fault.ChecksumMismatch, errors.New("the declared checksum does not match the parts"))
	}
	return a, nil
}

// combineChecksums makes the checksum of the object from those of its parts, without reading it. An upload that names
// no algorithm gets a CRC64NVME (S3 user guide, checking object integrity), when all of its parts have one.
func combineChecksums(a ChecksumAlgorithm, t ChecksumType, parts []partRecord) (Checksum, error) {
	if a == NoChecksum {
		a, t, parts = CRC64NVME, FullObject, withFallback(parts)
		if parts == nil {
			return Checksum{}, nil
		}
	}
	composite := a.newHash()
	var whole uint64
	for i := range parts {
		sum, err := base64.StdEncoding.DecodeString(parts[i].Checksum.Value)
		if err != nil || parts[i].Checksum.Algorithm != a || len(sum) != composite.Size() {
			return Checksum{}, fmt.Errorf("%w: checksum of part %d", errRecord, parts[i].Number)
		}
		if t == Composite {
			composite.Write(sum)
			continue
		}
		whole = a.combineCRC(whole, beUint(sum), parts[i].Size)
	}
	if t == FullObject {
		return newChecksum(a, t, beBytes(whole, composite.Size())), nil
	}
	c := newChecksum(a, t, composite.Sum(nil))
	c.Value += fmt.Sprintf("-%d", len(parts))
	return c, nil
}

// withFallback returns parts with their fallback for checksum, nil when one has none.
func withFallback(parts []partRecord) []partRecord {
	out := make([]partRecord, len(parts))
	for i, p := range parts {
		if p.Fallback.Algorithm == NoChecksum {
			return nil
		}
		p.Checksum = p.Fallback
		out[i] = p
	}
	return out
}

// beUint reads up to 8 bytes, big endian.
func beUint(b []byte) (v uint64) {
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v
}

func beBytes(v uint64, size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[size-1-i] = byte(v >> (8 * i))
	}
	return b
}
