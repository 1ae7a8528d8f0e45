package seeder

import (
	"context"
	"io"

	"shoal/core/object"
)

// content is where the seeder reads from.
type content interface {
	// open returns a reader of the torrent's bytes that many goroutines use until it is closed.
	open(ctx context.Context, t *object.Torrent) (readAtCloser, error)
	Info(ctx context.Context, t *object.Torrent) ([]byte, error)
	FileLayer(ctx context.Context, t *object.Torrent, f object.File) ([]byte, error)
	Leaves(ctx context.Context, t *object.Torrent, f object.File, first, n int64) ([][32]byte, error)
}

type readAtCloser interface {
	io.ReaderAt
	io.Closer
}

// stored is the content of an object.Store.
type stored struct{ *object.Store }

func (s stored) open(ctx context.Context, t *object.Torrent) (readAtCloser, error) {
	if t.IsPrefix() {
		return s.OpenPrefixAt(t), nil
	}
	r, err := s.OpenAt(ctx, t.Version)
	if err != nil {
		return nil, err
	}
	return r, nil
}
