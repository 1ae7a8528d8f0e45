package blob

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// verifyLeaves is how many leaves Verify reads at a time at most: 1 MiB of data.
const verifyLeaves = 64

// Verify reads the whole of a blob and returns ErrCorrupt, with the offset, when the data does not match
// its leaves, or the leaves not the root. pace, if not nil, is asked before each read of n bytes and may wait
// (rate.Limiter.WaitN); an error of it ends Verify.
func Verify(ctx context.Context, s Store, id ID, pace func(ctx context.Context, n int) error) error {
	info, err := s.Stat(ctx, id)
	if err != nil {
		return err
	}
	leaves, err := s.Leaves(ctx, id, 0, LeafCount(info.Size))
	if err != nil {
		return err
	}
	if Root(leaves) != info.Root {
		return fmt.Errorf("%w: blob %v: leaves do not give the root", ErrCorrupt, id)
	}
	r, err := s.Open(ctx, id, 0, info.Size)
	if err != nil {
		return err
	}
	err = compare(ctx, id, r, info.Size, leaves, pace)
	return errors.Join(err, r.Close())
}

func compare(ctx context.Context, id ID, r io.Reader, size int64, leaves []Leaf, pace func(context.Context, int) error) error {
	buf := make([]byte, min(verifyLeaves*LeafSize, size))
	for off := int64(0); off < size; {
		part := buf[:min(int64(len(buf)), size-off)]
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("verify blob %v: %w", id, err)
		}
		if pace != nil {
			if err := pace(ctx, len(part)); err != nil {
				return fmt.Errorf("verify blob %v: %w", id, err)
			}
		}
		if _, err := io.ReadFull(r, part); err != nil {
			return fmt.Errorf("verify blob %v at %d: %w", id, off, err)
		}
		for len(part) > 0 {
			block := part[:min(LeafSize, len(part))]
			if sha256.Sum256(block) != leaves[off/LeafSize] {
				return fmt.Errorf("%w: blob %v: data at offset %d does not match its leaf", ErrCorrupt, id, off)
			}
			off += int64(len(block))
			part = part[len(block):]
		}
	}
	return nil
}
