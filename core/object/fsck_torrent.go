package object

import (
	"context"
	"fmt"
	"slices"

	"shoal/storage/blob"
	"shoal/storage/kv"
	"shoal/wire/torrent"
)

func (c *checker) checkTorrent(ctx context.Context, row kv.Row) ([]Finding, error) {
	id, version, err := parseTorrentKey(row.Key)
	if err != nil {
		return bad(row.Key, err), nil
	}
	rec, err := decodeTorrent(row.Value)
	if err != nil {
		return bad(row.Key, err), nil
	}
	name := "torrent " + rec.kinds[torrent.V1].infoHash.String() + " of " + versionName(id, rec.key, version)
	wanted, err := c.torrentWanted(ctx, id, version, rec)
	if err != nil {
		return nil, err
	}
	if !wanted {
		return []Finding{{OrphanTorrent, name, rowName(row.Key)}}, nil
	}
	findings, err := c.checkTorrentBytes(ctx, name, id, version, rec)
	if err != nil {
		return nil, err
	}
	var keys [][]byte
	for _, n := range rec.names() {
		keys = append(keys, infohashKey(n.hash, id, version))
	}
	rows, err := c.s.kv.Get(ctx, keys...)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if !row.Exists() {
			findings = append(findings, Finding{MissingInfohash, name, rowName(row.Key) + " is not there"})
		}
	}
	return findings, nil
}

// checkTorrentBytes looks for the piece hashes and the piece layer.
func (c *checker) checkTorrentBytes(ctx context.Context, name string, id BucketID, version VersionID, rec torrentRecord) ([]Finding, error) {
	size := rec.dataSize()
	if rec.blob == (blob.ID{}) {
		rows, err := c.s.kv.Get(ctx, torrentDataKey(id, version))
		if err != nil || int64(len(rows[0].Value)) == size {
			return nil, err
		}
		return []Finding{{MissingTorrent, name, fmt.Sprintf("data of %d bytes, want %d", len(rows[0].Value), size)}}, nil
	}
	findings, err := c.checkExtents(ctx, name, []Extent{{Blob: rec.blob, Length: size}})
	if err != nil {
		return nil, err
	}
	rows, err := c.s.kv.Get(ctx, torrentRefKey(rec.blob, version))
	if err != nil {
		return nil, err
	}
	if !rows[0].Exists() {
		findings = append(findings, Finding{MissingReference, name, rowName(rows[0].Key) + " is not there"})
	}
	return findings, nil
}

func (c *checker) checkTorrentData(ctx context.Context, row kv.Row) ([]Finding, error) {
	id, version, err := parseTorrentKey(row.Key)
	if err != nil {
		return bad(row.Key, err), nil
	}
	rec, ok, err := c.s.torrentRecord(ctx, id, version)
	if err != nil {
		return nil, err
	}
	if !ok || rec.blob != (blob.ID{}) || rec.dataSize() == 0 {
		return []Finding{{OrphanTorrent, rowName(row.Key), "no torrent keeps its data there"}}, nil
	}
	return nil, nil
}

func (c *checker) checkInfohash(ctx context.Context, row kv.Row) ([]Finding, error) {
	h, id, version, err := parseInfohashKey(row.Key)
	if err != nil {
		return bad(row.Key, err), nil
	}
	found, err := decodeInfohash(row.Value)
	if err != nil {
		return bad(row.Key, err), nil
	}
	rec, ok, err := c.s.torrentRecord(ctx, id, version)
	if err != nil {
		return nil, err
	}
	if !ok || rec.key != found.key || rec.isPrefix() != found.prefix || !slices.Contains(rec.names(), torrentName{h, found.torrentForm}) {
		return []Finding{{OrphanInfohash, "infohash " + h.String(), "no torrent of " + versionName(id, found.key, version)}}, nil
	}
	return nil, nil
}

// torrentWanted reports whether a torrent has a version, or, one of a prefix, its place among those of its bucket and
// somebody who will look after it.
func (c *checker) torrentWanted(ctx context.Context, id BucketID, version VersionID, rec torrentRecord) (bool, error) {
	if rec.isPrefix() {
		rows, err := c.s.kv.Get(ctx, prefixKey(id, version))
		return err == nil && rows[0].Exists() && c.isQueued(taskPrefix, version), err
	}
	v, _, err := c.s.findVersion(ctx, id, rec.key, version)
	return v != nil && v.HasTorrent, err
}

func (c *checker) checkPrefix(ctx context.Context, row kv.Row) ([]Finding, error) {
	id, version, err := parseTorrentKey(row.Key)
	if err != nil {
		return bad(row.Key, err), nil
	}
	rec, ok, err := c.s.torrentRecord(ctx, id, version)
	if err != nil {
		return nil, err
	}
	if !ok || !rec.isPrefix() {
		return []Finding{{OrphanTorrent, rowName(row.Key), "no torrent of a prefix"}}, nil
	}
	return nil, nil
}
