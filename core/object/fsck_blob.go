package object

import (
	"context"
	"errors"

	"shoal/storage/blob"
)

// blobPage is the blobs listed at once.
const blobPage = 1024

// checkBlobs looks for the row that each blob at rest is kept by.
func (c *checker) checkBlobs(ctx context.Context) error {
	var after blob.ID
	for {
		page, err := c.s.blobs.List(ctx, after, blobPage)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return c.recallDamage(ctx)
		}
		for _, e := range page {
			c.report.Blobs++
			c.report.BlobBytes += e.Size
			look := func(ctx context.Context) ([]Finding, error) { return c.checkBlob(ctx, e.ID) }
			if err := c.suspect(ctx, look, look); err != nil {
				return err
			}
			after = e.ID
		}
	}
}

// checkBlob: a blob moves from its intent to references to the delete queue, and then goes. Looking in
// that order, with the queue read anew for each round of suspects, misses it at most once.
func (c *checker) checkBlob(ctx context.Context, id blob.ID) ([]Finding, error) {
	writing, err := c.s.hasIntent(ctx, id)
	if err != nil || writing {
		return nil, err
	}
	referenced, err := c.hasRef(ctx, refPrefix(refBlob, id))
	if err != nil {
		return nil, err
	}
	if !referenced && !c.isQueued(taskBlob, id) {
		_, err := c.s.blobs.Stat(ctx, id)
		switch {
		case errors.Is(err, blob.ErrGone):
			return nil, nil
		case err != nil && !errors.Is(err, blob.ErrCorrupt):
			return nil, err
		}
		return []Finding{{OrphanBlob, blobName(id), "no row refers to it; it only takes room"}}, nil
	}
	if !c.deep {
		return nil, nil
	}
	return c.verify(ctx, id)
}

// verify reads the whole of a blob.
func (c *checker) verify(ctx context.Context, id blob.ID) ([]Finding, error) {
	err := blob.Verify(ctx, c.s.blobs, id, nil)
	switch {
	case err == nil, errors.Is(err, blob.ErrGone):
		return nil, nil
	case errors.Is(err, blob.ErrCorrupt):
		return []Finding{{DamagedBlob, blobName(id), err.Error()}}, nil
	}
	return nil, err
}

// recallDamage adds what the scrubber found since the start, looked at again.
func (c *checker) recallDamage(ctx context.Context) error {
	if c.deep {
		return nil // each blob was read
	}
	for _, d := range c.s.ScrubStatus().Damaged {
		look := func(ctx context.Context) ([]Finding, error) { return c.verify(ctx, d.Blob) }
		if err := c.suspect(ctx, look, look); err != nil {
			return err
		}
	}
	return nil
}
