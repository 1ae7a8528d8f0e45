package accesslog

import (
	"fmt"
	"slices"

	"shoal/core/access"
)

// MaxTarget bounds what a Target takes in a row, in bytes: 100 grants with the longest names, and the longest prefix.
const MaxTarget = 24 << 10

// Fields of a target.
const (
	targetFieldBucket = iota + 1
	targetFieldPrefix
	targetFieldFormat
	targetFieldGrant // repeated
)

// Fields of a grant.
const (
	grantFieldID = iota + 1
	grantFieldName
	grantFieldGroup
	grantFieldPermission
)

// Equal reports whether both deliver alike. Neither is nil.
func (t *Target) Equal(o *Target) bool {
	return t == o || t.Bucket == o.Bucket && t.Prefix == o.Prefix && t.Format == o.Format && slices.Equal(t.Grants, o.Grants)
}

// Fits reports whether rows can hold t; a target of S3's bounds does.
func (t *Target) Fits() bool {
	size := len(t.Bucket) + len(t.Prefix) + grantOverhead
	for _, g := range t.Grants {
		size += len(g.Grantee.ID) + len(g.Grantee.DisplayName) + len(g.Grantee.Group) + len(g.Permission) + grantOverhead
	}
	return size <= MaxTarget
}

// grantOverhead is more than the tags and lengths of a grant take.
const grantOverhead = 16

// EncodeTarget returns t as a message: of rows (docs/format/accesslog.md) and, with fields of its own after it, of bucket
// records (docs/format/object.md, logging). FormatPut is not in it.
func EncodeTarget(t *Target) []byte {
	b := appendText([]byte(nil), targetFieldBucket, t.Bucket)
	b = appendText(b, targetFieldPrefix, t.Prefix)
	b = appendUint(b, targetFieldFormat, uint64(t.Format))
	for _, g := range t.Grants {
		m := appendText([]byte(nil), grantFieldID, g.Grantee.ID)
		m = appendText(m, grantFieldName, g.Grantee.DisplayName)
		m = appendText(m, grantFieldGroup, g.Grantee.Group)
		b = appendMessage(b, targetFieldGrant, appendText(m, grantFieldPermission, g.Permission))
	}
	return b
}

// DecodeTarget reads what EncodeTarget wrote, and skips other fields. An error says what is malformed.
func DecodeTarget(b []byte) (*Target, error) {
	t := &Target{}
	err := readFields(b, func(f field) error {
		switch f.num {
		case targetFieldBucket:
			t.Bucket = string(f.data)
		case targetFieldPrefix:
			t.Prefix = string(f.data)
		case targetFieldFormat:
			if f.uint > uint64(PartitionedByDelivery) {
				return fmt.Errorf("%w: key format %d", errMalformed, f.uint)
			}
			t.Format = Format(f.uint)
		case targetFieldGrant:
			g, err := decodeGrant(f.data)
			t.Grants = append(t.Grants, g)
			return err
		}
		return nil
	})
	if err == nil && (t.Bucket == "" || len(t.Grants) > access.MaxGrants) {
		err = fmt.Errorf("%w: target bucket %q, %d grants", errMalformed, t.Bucket, len(t.Grants))
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

func decodeGrant(b []byte) (g access.Grant, err error) {
	err = readFields(b, func(f field) error {
		switch f.num {
		case grantFieldID:
			g.Grantee.ID = access.CanonicalID(f.data)
		case grantFieldName:
			g.Grantee.DisplayName = string(f.data)
		case grantFieldGroup:
			g.Grantee.Group = access.Group(f.data)
		case grantFieldPermission:
			g.Permission = access.Permission(f.data)
		}
		return nil
	})
	return g, err
}
