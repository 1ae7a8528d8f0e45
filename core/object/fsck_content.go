package object

import (
	"context"
	"fmt"
	"slices"

	"shoal/storage/blob"
	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

func (c *checker) checkIntent(_ context.Context, row kv.Row) ([]Finding, error) {
	_, err := parseIntentKey(row.Key)
	if err == nil {
		_, err = decodeIntent(row.Value)
	}
	if err != nil {
		return bad(row.Key, err), nil
	}
	return nil, nil
}

func (c *checker) checkTask(_ context.Context, row kv.Row) ([]Finding, error) {
	_, _, _, err := parseQueueKey(row.Key)
	if err == nil {
		_, err = decodeTask(row.Value)
	}
	if err != nil {
		return bad(row.Key, err), nil
	}
	return nil, nil
}

func (c *checker) checkPart(ctx context.Context, row kv.Row) ([]Finding, error) {
	u, number, err := parsePartKey(row.Key)
	if err != nil {
		return bad(row.Key, err), nil
	}
	p, err := decodePart(row.Value)
	if err != nil {
		return bad(row.Key, err), nil
	}
	name := fmt.Sprintf("part %d of upload %s", number, u)
	findings, owner, err := c.checkPartRefs(ctx, name, u, number, p.Extents)
	if err != nil || owner == nil || c.isQueued(taskUpload, u) {
		return findings, err
	}
	rows, err := c.s.kv.Get(ctx, owner)
	if err != nil {
		return nil, err
	}
	if !rows[0].Exists() {
		findings = append(findings, Finding{OrphanPart, name, rowName(owner) + " is not there"})
	}
	return findings, nil
}

func (c *checker) checkManifest(ctx context.Context, row kv.Row) ([]Finding, error) {
	d := tuple.NewDecoder(row.Key)
	d.Byte()
	m := ManifestID(d.ID16())
	d.Uint16()
	parts, err := decodeManifest(row.Value)
	if err != nil || d.Done() != nil {
		return bad(row.Key, fmt.Errorf("manifest %x: %w", m, errRecord)), nil
	}
	var findings []Finding
	var owner []byte
	for i := range parts {
		name := fmt.Sprintf("part %d of manifest %x", parts[i].Number, m)
		found, upload, err := c.checkPartRefs(ctx, name, UploadID(m), parts[i].Number, parts[i].Extents)
		if err != nil {
			return nil, err
		}
		findings = append(findings, found...)
		if upload != nil {
			owner = upload
		}
	}
	referenced, err := c.hasRef(ctx, refPrefix(refManifest, m))
	if err != nil {
		return nil, err
	}
	if referenced || c.isQueued(taskManifest, m) || c.isQueued(taskUpload, m) {
		return findings, nil
	}
	// A completion under way, or one that a crash ended: the upload still owns the rows.
	if owner != nil {
		rows, err := c.s.kv.Get(ctx, owner)
		if err != nil || rows[0].Exists() {
			return findings, err
		}
	}
	return append(findings, Finding{OrphanManifest, rowName(row.Key), "no version refers to it"}), nil
}

// checkPartRefs examines the blobs of a part and its reference rows, and returns the row key of the upload
// that those name; nil when there are none.
func (c *checker) checkPartRefs(ctx context.Context, name string, u UploadID, number int, extents []Extent) (findings []Finding, owner []byte, err error) {
	if findings, err = c.checkExtents(ctx, name, extents); err != nil || len(extents) == 0 {
		return findings, nil, err
	}
	var keys [][]byte
	for _, id := range blobsOf(extents) {
		keys = append(keys, partRefKey(id, u, number))
	}
	rows, err := c.s.kv.Get(ctx, keys...)
	if err != nil {
		return nil, nil, err
	}
	for _, row := range rows {
		if !row.Exists() {
			findings = append(findings, Finding{MissingReference, name, rowName(row.Key) + " is not there"})
			continue
		}
		bucket, objectKey, err := decodeRef(row.Value)
		if err != nil {
			return append(findings, bad(row.Key, err)...), nil, nil
		}
		owner = uploadKey(bucket, objectKey, u)
	}
	return findings, owner, nil
}

// hasRef reports whether a row starts with prefix.
func (c *checker) hasRef(ctx context.Context, prefix []byte) (bool, error) {
	rows, _, err := c.s.kv.Scan(ctx, prefix, tuple.PrefixEnd(prefix), kv.ScanOptions{Rows: 1, KeysOnly: true})
	return len(rows) > 0, err
}

// checkRef looks for the referrer of a reference row.
func (c *checker) checkRef(ctx context.Context, row kv.Row) ([]Finding, error) {
	r, err := parseRefKey(row.Key)
	if err != nil {
		return bad(row.Key, err), nil
	}
	bucket, objectKey, err := decodeRef(row.Value)
	if err != nil {
		return bad(row.Key, err), nil
	}
	alive := false
	switch r.By {
	case byVersion:
		alive, err = c.versionRefers(ctx, bucket, objectKey, r)
	case byPart:
		alive, err = c.partRefers(ctx, r)
	case byTorrent:
		var rec torrentRecord
		rec, alive, err = c.s.torrentRecord(ctx, bucket, r.Referrer)
		alive = alive && rec.blob == blob.ID(r.ID)
	}
	if err != nil || alive {
		return nil, err
	}
	return []Finding{{DanglingReference, rowName(row.Key), fmt.Sprintf("for %q in bucket id %x", objectKey, bucket)}}, nil
}

func (c *checker) versionRefers(ctx context.Context, bucket BucketID, objectKey string, r refRow) (bool, error) {
	v, _, err := c.s.findVersion(ctx, bucket, objectKey, r.Referrer)
	if v == nil || err != nil {
		return false, err
	}
	if r.Target == refManifest {
		return v.Content.Chunks > 0 && v.Content.Manifest == ManifestID(r.ID), nil
	}
	return slices.Contains(blobsOf(v.Content.Extents), blob.ID(r.ID)), nil
}

// partRefers: the part is a row of its upload, or stands in the manifest that the upload became.
func (c *checker) partRefers(ctx context.Context, r refRow) (bool, error) {
	rows, err := c.s.kv.Get(ctx, partKey(UploadID(r.Referrer), r.Number))
	if err != nil {
		return false, err
	}
	if rows[0].Exists() {
		p, err := decodePart(rows[0].Value)
		if err != nil || slices.Contains(blobsOf(p.Extents), blob.ID(r.ID)) {
			return err == nil, nil
		}
	}
	parts, err := c.manifests.get(ctx, c.s, ManifestID(r.Referrer))
	if err != nil {
		return false, err
	}
	return slices.Contains(parts[r.Number], blob.ID(r.ID)), nil
}

// manifestCache keeps the blobs of the parts of a few manifests: the references to them come in no order.
type manifestCache struct {
	byID map[ManifestID]map[int][]blob.ID
}

// maxCachedManifests bounds it to some 50 MB when all are of 10,000 parts.
const maxCachedManifests = 64

func (m *manifestCache) clear() { m.byID = nil }

func (m *manifestCache) get(ctx context.Context, s *Store, id ManifestID) (map[int][]blob.ID, error) {
	if parts, ok := m.byID[id]; ok {
		return parts, nil
	}
	parts := make(map[int][]blob.ID)
	prefix := manifestPrefix(id)
	err := s.eachRow(ctx, prefix, tuple.PrefixEnd(prefix), false, func(row kv.Row) error {
		list, err := decodeManifest(row.Value)
		if err != nil {
			return nil // checkManifest reports it
		}
		for i := range list {
			parts[list[i].Number] = blobsOf(list[i].Extents)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for victim := range m.byID {
		if len(m.byID) < maxCachedManifests {
			break
		}
		delete(m.byID, victim)
	}
	if m.byID == nil {
		m.byID = make(map[ManifestID]map[int][]blob.ID)
	}
	m.byID[id] = parts
	return parts, nil
}
