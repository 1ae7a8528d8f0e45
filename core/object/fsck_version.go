package object

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"shoal/core/encryption"
	"shoal/core/fault"
	"shoal/storage/blob"
	"shoal/storage/kv"
)

func (c *checker) checkBucket(ctx context.Context, row kv.Row) ([]Finding, error) {
	name := string(row.Key[1:])
	b, err := decodeBucket(name, row.Value)
	if err != nil {
		return bad(row.Key, err), nil
	}
	rows, err := c.s.kv.Get(ctx, append(guardKeys(b.ID), bucketIDKey(b.ID))...)
	if err != nil {
		return nil, err
	}
	var findings []Finding
	for _, row := range rows[:guardRows] {
		if g, err := decodeGuard(row.Value); err != nil || g.versioning != b.Config.Versioning || g.locked != b.Config.ObjectLock.Enabled {
			findings = append(findings, Finding{WrongGuard, "bucket " + name, fmt.Sprintf("%s is %x", rowName(row.Key), row.Value)})
		}
	}
	if id := rows[guardRows]; string(id.Value) != name {
		findings = append(findings, Finding{NoBucketRow, "bucket " + name, fmt.Sprintf("its id row says %q", id.Value)})
	}
	return findings, nil
}

func (c *checker) checkBucketID(ctx context.Context, row kv.Row) ([]Finding, error) {
	b, err := c.s.Bucket(ctx, string(row.Value))
	if err != nil && !fault.Is(err, fault.NoSuchBucket) {
		return nil, err
	}
	if err != nil || !bytes.Equal(b.ID[:], row.Key[1:]) {
		return []Finding{{NoBucketRow, rowName(row.Key), fmt.Sprintf("bucket %q has another id or is gone", row.Value)}}, nil
	}
	return nil, nil
}

func (c *checker) checkHead(ctx context.Context, row kv.Row) ([]Finding, error) {
	id, objectKey, err := parseHeadKey(row.Key)
	if err != nil {
		return bad(row.Key, err), nil
	}
	v, err := decodeVersion(id, objectKey, row.Value)
	if err != nil {
		return bad(row.Key, err), nil
	}
	findings, err := c.checkVersion(ctx, v)
	if err != nil || !v.Null {
		return findings, err
	}
	rows, err := c.s.kv.Get(ctx, nullKey(id, objectKey))
	if err == nil && rows[0].Exists() {
		findings = append(findings, Finding{WrongNull, rowName(rows[0].Key), "the head is the null version"})
	}
	return findings, err
}

func (c *checker) checkOlder(ctx context.Context, row kv.Row) ([]Finding, error) {
	id, objectKey, version, err := parseKeyedRow(row.Key)
	if err != nil {
		return bad(row.Key, err), nil
	}
	v, err := decodeVersion(id, objectKey, row.Value)
	if err != nil {
		return bad(row.Key, err), nil
	}
	findings, err := c.checkVersion(ctx, v)
	if err != nil {
		return nil, err
	}
	if v.ID != version {
		findings = append(findings, Finding{BadRow, rowName(row.Key), fmt.Sprintf("its record has id %x", v.ID)})
	}
	rows, err := c.s.kv.Get(ctx, headKey(id, objectKey), nullKey(id, objectKey))
	if err != nil {
		return nil, err
	}
	if v.Null != bytes.Equal(rows[1].Value, v.ID[:]) {
		findings = append(findings, Finding{WrongNull, versionName(id, objectKey, v.ID), fmt.Sprintf("%s is %x", rowName(rows[1].Key), rows[1].Value)})
	}
	head, err := currentOf(id, objectKey, rows[0])
	// Ids of newer versions sort first.
	if err != nil || head == nil || bytes.Compare(head.ID[:], v.ID[:]) >= 0 {
		findings = append(findings, Finding{NotNewest, versionName(id, objectKey, v.ID), "its key's head is older or not there"})
	}
	return findings, nil
}

// checkNull looks for the older version that a null row names; checkOlder holds it against the row.
func (c *checker) checkNull(ctx context.Context, row kv.Row) ([]Finding, error) {
	id, objectKey, err := parseNullKey(row.Key)
	if err != nil || len(row.Value) != len(VersionID{}) {
		return bad(row.Key, fmt.Errorf("%w: null version", errRecord)), nil
	}
	rows, err := c.s.kv.Get(ctx, versionKey(id, objectKey, VersionID(row.Value)))
	if err != nil || rows[0].Exists() {
		return nil, err
	}
	return []Finding{{WrongNull, rowName(row.Key), "no older version has that id"}}, nil
}

// checkVersion examines what hangs on the row of a version.
func (c *checker) checkVersion(ctx context.Context, v *Version) ([]Finding, error) {
	name := versionName(v.BucketID, v.Key, v.ID)
	want := []struct {
		key  []byte
		kind FindingKind
	}{{bucketIDKey(v.BucketID), NoBucketRow}}
	for _, ref := range versionRefs(v) {
		want = append(want, struct {
			key  []byte
			kind FindingKind
		}{ref, MissingReference})
	}
	if v.HasTorrent {
		want = append(want, struct {
			key  []byte
			kind FindingKind
		}{torrentKey(v.BucketID, v.ID), MissingTorrent})
	}
	keys := make([][]byte, len(want))
	for i := range want {
		keys[i] = want[i].key
	}
	rows, err := c.s.kv.Get(ctx, keys...)
	if err != nil {
		return nil, err
	}
	var findings []Finding
	for i, row := range rows {
		if !row.Exists() {
			findings = append(findings, Finding{want[i].kind, name, rowName(row.Key) + " is not there"})
		}
	}
	lock, err := c.checkLock(ctx, name, v)
	if err != nil {
		return nil, err
	}
	content, err := c.checkContent(ctx, name, v)
	return append(append(findings, lock...), content...), err
}

// checkLock: what has a lock is an object in a bucket with object lock.
func (c *checker) checkLock(ctx context.Context, name string, v *Version) ([]Finding, error) {
	if v.Lock == (Lock{}) {
		return nil, nil
	}
	b, err := c.s.bucketByID(ctx, v.BucketID)
	switch {
	case fault.Is(err, fault.NoSuchBucket):
		return nil, nil // checkVersion tells
	case err != nil:
		return nil, err
	case v.DeleteMarker || !b.Config.ObjectLock.Enabled:
		return []Finding{{WrongLock, name, fmt.Sprintf("%+v", v.Lock)}}, nil
	}
	return nil, nil
}

// checkContent holds the content against the size of the version. The blobs of a manifest are examined
// with its rows.
func (c *checker) checkContent(ctx context.Context, name string, v *Version) ([]Finding, error) {
	var total int64
	mixed := false
	switch {
	case v.Content.Inline && v.Size > 0:
		rows, err := c.s.kv.Get(ctx, bodyKey(v.BucketID, v.Key, v.ID))
		if err != nil {
			return nil, err
		}
		if n := int64(len(rows[0].Value)); n != v.inlineRest() {
			return []Finding{{MissingBody, name, fmt.Sprintf("body of %d bytes, not %d", n, v.inlineRest())}}, nil
		}
		return nil, nil
	case v.Content.Chunks > 0:
		parts, _, err := c.s.manifestParts(ctx, v, 0, v.Size)
		if fault.Is(err, fault.NoSuchKey) || errors.Is(err, errRecord) {
			return []Finding{{WrongContent, name, err.Error()}}, nil
		}
		if err != nil {
			return nil, err
		}
		for i := range parts {
			total += parts[i].Size
			mixed = mixed || v.differs(parts[i].Extents)
		}
	default:
		for _, e := range v.Content.Extents {
			total += e.Length
		}
		mixed = v.differs(v.Content.Extents)
	}
	findings, err := c.checkExtents(ctx, name, v.Content.Extents)
	if mixed {
		findings = append(findings, Finding{WrongContent, name, "the object and its content differ on encryption"})
	}
	if total != v.Size {
		findings = append(findings, Finding{WrongContent, name, fmt.Sprintf("content of %d bytes, size %d", total, v.Size)})
	}
	return findings, err
}

// differs reports whether some of v's content is encrypted and v is not, or the other way round.
func (v *Version) differs(content []Extent) bool {
	return slices.ContainsFunc(content, func(e Extent) bool { return (e.Sealed > 0) != (v.Encryption.Mode != encryption.None) })
}

// checkExtents holds extents against the blobs they are runs of.
func (c *checker) checkExtents(ctx context.Context, name string, extents []Extent) ([]Finding, error) {
	var findings []Finding
	for _, e := range extents {
		info, err := c.s.blobs.Stat(ctx, e.Blob)
		switch {
		case errors.Is(err, blob.ErrGone):
			findings = append(findings, Finding{MissingBlob, name, blobName(e.Blob)})
		case errors.Is(err, blob.ErrCorrupt):
			findings = append(findings, Finding{DamagedBlob, name, err.Error()})
		case err != nil:
			return nil, err
		case e.Sealed > 0 && encryption.SealedSize(e.Sealed) != info.Size:
			findings = append(findings, Finding{
				ShortBlob, name,
				fmt.Sprintf("%s has %d bytes, %d when encrypted make %d", blobName(e.Blob), info.Size, e.Sealed, encryption.SealedSize(e.Sealed)),
			})
		case e.Sealed == 0 && e.Offset+e.Length > info.Size:
			findings = append(findings, Finding{
				ShortBlob, name,
				fmt.Sprintf("%s has %d bytes, the extent ends at %d", blobName(e.Blob), info.Size, e.Offset+e.Length),
			})
		}
	}
	return findings, nil
}

func (c *checker) checkBody(ctx context.Context, row kv.Row) ([]Finding, error) {
	id, objectKey, version, err := parseKeyedRow(row.Key)
	if err != nil {
		return bad(row.Key, err), nil
	}
	v, _, err := c.s.findVersion(ctx, id, objectKey, version)
	if err != nil {
		return nil, err
	}
	if v == nil || !v.Content.Inline {
		return []Finding{{OrphanBody, versionName(id, objectKey, version), rowName(row.Key)}}, nil
	}
	return nil, nil
}
