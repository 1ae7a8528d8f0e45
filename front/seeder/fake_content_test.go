package seeder

import (
	"context"
	"errors"
	"sync/atomic"

	"shoal/core/object"
)

// gatedContent reads nothing before gate is closed.
type gatedContent struct {
	content
	gate  chan struct{}
	reads atomic.Int64
}

func (c *gatedContent) open(ctx context.Context, t *object.Torrent) (readAtCloser, error) {
	r, err := c.content.open(ctx, t)
	return &gatedReader{r, c}, err
}

type gatedReader struct {
	readAtCloser
	of *gatedContent
}

func (r *gatedReader) ReadAt(p []byte, off int64) (int, error) {
	r.of.reads.Add(1)
	<-r.of.gate
	return r.readAtCloser.ReadAt(p, off)
}

var errDisk = errors.New("disk fault")

// faultyContent cannot read the byte at bad.
type faultyContent struct {
	content
	bad int64
}

func (c *faultyContent) open(ctx context.Context, t *object.Torrent) (readAtCloser, error) {
	r, err := c.content.open(ctx, t)
	return &faultyReader{r, c.bad}, err
}

type faultyReader struct {
	readAtCloser
	bad int64
}

func (r *faultyReader) ReadAt(p []byte, off int64) (int, error) {
	if off <= r.bad && r.bad < off+int64(len(p)) {
		n, _ := r.readAtCloser.ReadAt(p[:r.bad-off], off)
		return n, errDisk
	}
	return r.readAtCloser.ReadAt(p, off)
}
