package object

import (
	"context"
	"fmt"
	"slices"
	"sort"

	"shoal/core/fault"
)

// maxManifestRow bounds a manifest row, in bytes: below kv.MaxValue by more than one part at its largest.
const maxManifestRow = 48 << 10

// encodeManifest cuts parts into rows and returns the offset of the first byte of each.
func encodeManifest(parts []partRecord) (rows [][]byte, starts []int64) {
	var off int64
	row := []byte(nil)
	for i := range parts {
		m := appendPart(nil, &parts[i])
		if row != nil && len(row)+len(m) > maxManifestRow {
			rows = append(rows, row)
			row = nil
		}
		if row == nil {
			row = newRecord(4096)
			starts = append(starts, off)
		}
		row = appendMessage(row, manifestFieldPart, m)
		off += parts[i].Size
	}
	return append(rows, row), starts
}

// manifestParts reads the rows of v's manifest that cover n bytes from off, and returns their parts with
// the offset of the first. n may be 0 or less for the one row at off.
func (s *Store) manifestParts(ctx context.Context, v *Version, off, n int64) ([]partRecord, int64, error) {
	c := &v.Content
	first := max(sort.Search(c.Chunks, func(i int) bool { return c.ChunkStarts[i] > off })-1, 0)
	last := first
	for last+1 < c.Chunks && c.ChunkStarts[last+1] < off+n {
		last++
	}
	var keys [][]byte
	for i := first; i <= last; i++ {
		keys = append(keys, manifestKey(c.Manifest, uint16(i)))
	}
	rows, err := s.kv.Get(ctx, keys...)
	if err != nil {
		return nil, 0, err
	}
	var parts []partRecord
	for _, row := range rows {
		if !row.Exists() {
			return nil, 0, fault.New("read manifest", v.Key, fault.NoSuchKey, fmt.Errorf("manifest %x is gone", c.Manifest))
		}
		more, err := decodeManifest(row.Value)
		if err != nil {
			return nil, 0, fmt.Errorf("manifest %x: %w", c.Manifest, err)
		}
		parts = append(parts, more...)
	}
	return parts, c.ChunkStarts[first], nil
}

// extents returns the extents of exactly n bytes from off, which lie in v; none for inline content.
func (s *Store) extents(ctx context.Context, v *Version, off, n int64) ([]Extent, error) {
	if v.Content.Inline || n == 0 {
		return nil, nil
	}
	if v.Content.Chunks == 0 {
		return cutExtents(v.Content.Extents, off, n)
	}
	parts, start, err := s.manifestParts(ctx, v, off, n)
	if err != nil {
		return nil, err
	}
	var all []Extent
	for i := range parts {
		all = append(all, parts[i].Extents...)
	}
	return cutExtents(all, off-start, n)
}

// cutExtents returns n bytes from off of the run that extents are.
func cutExtents(extents []Extent, off, n int64) ([]Extent, error) {
	var out []Extent
	for _, e := range extents {
		if n == 0 {
			break
		}
		if off >= e.Length {
			off -= e.Length
			continue
		}
		e.Offset += off
		e.Length = min(e.Length-off, n)
		off, n = 0, n-e.Length
		out = append(out, e)
	}
	if n > 0 {
		return nil, fmt.Errorf("%w: extents end %d bytes early", errRecord, n)
	}
	return slices.Clip(out), nil
}

// PartRange returns where part number of v lies, for GetObject with partNumber: offset and length in
// bytes. A version that was not uploaded in parts has one part. InvalidRange (AWS
// answers 416) when there is no such part.
func (s *Store) PartRange(ctx context.Context, v *Version, number int) (off, n int64, err error) {
	noPart := fault.New("find part", v.Key, fault.InvalidRange, fmt.Errorf("no part %d", number))
	if v.Content.Chunks == 0 {
		if number != 1 {
			return 0, 0, noPart
		}
		return 0, v.Size, nil
	}
	if number < 1 || number > v.PartCount {
		return 0, 0, noPart
	}
	parts, _, err := s.manifestParts(ctx, v, 0, v.Size)
	if err != nil {
		return 0, 0, fail("find part", v.Key, err)
	}
	// Parts of a completed object are counted from 1 whatever numbers they were uploaded under.
	if number > len(parts) {
		return 0, 0, noPart
	}
	for _, p := range parts[:number-1] {
		off += p.Size
	}
	return off, parts[number-1].Size, nil
}

// ObjectParts returns up to limit parts of v with numbers greater than after, counted from 1 as in PartRange; none
// when v was not uploaded in parts.
func (s *Store) ObjectParts(ctx context.Context, v *Version, after, limit int) (PartsPage, error) {
	if v.Content.Chunks == 0 || limit <= 0 {
		return PartsPage{}, nil
	}
	parts, _, err := s.manifestParts(ctx, v, 0, v.Size)
	if err != nil {
		return PartsPage{}, fail("list parts of object", v.Key, err)
	}
	var page PartsPage
	for i := max(after, 0); i < len(parts) && len(page.Parts) < limit; i++ {
		p := parts[i].Part
		p.Number = i + 1
		page.Parts = append(page.Parts, p)
	}
	page.More = max(after, 0)+len(page.Parts) < len(parts)
	return page, nil
}
