package object

import (
	"context"
	"errors"
	"fmt"
	"io"

	"shoal/core/fault"
	"shoal/storage/blob"
	"shoal/wire/torrent"
)

// MaxLeaves bounds one call of Leaves: twice the largest hash range of the wire, plus the leaves of a piece.
const MaxLeaves = 4 * torrent.MaxHashRange

// Leaves returns n leaves (BEP 52: SHA-256 of 16 KiB blocks) of a file of t from the index first; all must
// exist, and n be at most MaxLeaves, otherwise InvalidRange. Where the content's extents are aligned they
// are those kept at PUT; elsewhere the range is read and hashed.
func (s *Store) Leaves(ctx context.Context, t *Torrent, f File, first, n int64) ([][32]byte, error) {
	const op = "read leaves"
	name := resource(t.Bucket, t.Version.Key)
	if first < 0 || n < 0 || n > MaxLeaves || first > leafCount(f.Length)-n {
		return nil, fault.New(op, name, fault.InvalidRange, fmt.Errorf("%d leaves at %d of %d bytes", n, first, f.Length))
	}
	v, err := s.versionOf(ctx, t, f)
	if err != nil {
		return nil, fail(op, name, err)
	}
	got, err := s.leaves(ctx, v, first, n)
	if err != nil {
		return nil, fail(op, name, gone(err))
	}
	out := make([][32]byte, len(got))
	for i, leaf := range got {
		out[i] = leaf
	}
	return out, nil
}

// gone turns the loss of a blob under a reader into what it means: the version was deleted meanwhile.
func gone(err error) error {
	if errors.Is(err, blob.ErrGone) {
		return fault.New("read content", "", fault.NoSuchVersion, err)
	}
	return err
}

// leaves returns n leaves of v's content from the index first.
func (s *Store) leaves(ctx context.Context, v *Version, first, n int64) ([]torrent.Hash, error) {
	if n == 0 {
		return nil, nil
	}
	off := first * blob.LeafSize
	end := min(off+n*blob.LeafSize, v.Size)
	if v.Content.Inline {
		return s.hashLeaves(ctx, v, off, end)
	}
	extents, err := s.extents(ctx, v, off, end-off)
	if err != nil {
		return nil, err
	}
	aligned, err := s.aligned(ctx, extents)
	if err != nil {
		return nil, err
	}
	if !aligned {
		return s.hashLeaves(ctx, v, off, end)
	}
	out := make([]torrent.Hash, 0, n)
	for _, e := range extents {
		kept, err := s.blobs.Leaves(ctx, e.Blob, e.Offset/blob.LeafSize, leafCount(e.Length))
		if err != nil {
			return nil, err
		}
		for _, leaf := range kept {
			out = append(out, torrent.Hash(leaf))
		}
	}
	return out, nil
}

// leavesKept reports whether every leaf of v was made at PUT.
func (s *Store) leavesKept(ctx context.Context, v *Version) (bool, error) {
	if v.Content.Inline {
		return false, nil
	}
	extents, err := s.extents(ctx, v, 0, v.Size)
	if err != nil {
		return false, err
	}
	return s.aligned(ctx, extents)
}

// aligned reports whether the leaves of a run of bytes, itself aligned in its object, are those of its
// extents' blobs: each extent starts and ends on a block of its blob. The last may end with its blob,
// whose last leaf is over what is left. Of an encrypted blob none is.
func (s *Store) aligned(ctx context.Context, extents []Extent) (bool, error) {
	for i, e := range extents {
		if e.Sealed > 0 { // its leaves are of what rests
			return false, nil
		}
		if e.Offset%blob.LeafSize != 0 {
			return false, nil
		}
		if e.Length%blob.LeafSize == 0 {
			continue
		}
		if i < len(extents)-1 {
			return false, nil
		}
		info, err := s.blobs.Stat(ctx, e.Blob)
		if err != nil {
			return false, err
		}
		if e.Offset+e.Length != info.Size {
			return false, nil
		}
	}
	return true, nil
}

// hashLeaves reads and hashes [off, end) of v, which starts on a block.
func (s *Store) hashLeaves(ctx context.Context, v *Version, off, end int64) ([]torrent.Hash, error) {
	content, err := s.Open(ctx, v, off, end-off)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	out := make([]torrent.Hash, 0, leafCount(end-off))
	block := make([]byte, blob.LeafSize)
	for ; off < end; off += blob.LeafSize {
		b := block[:min(blob.LeafSize, end-off)]
		if _, err := io.ReadFull(content, b); err != nil {
			return nil, fmt.Errorf("read block at %d: %w", off, err)
		}
		out = append(out, torrent.HashLeaf(b))
	}
	return out, nil
}
