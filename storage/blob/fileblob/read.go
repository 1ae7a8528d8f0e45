package fileblob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/storage/blob"
)

// openFile is an open blob with its trailer.
type openFile struct {
	f vfs.File
	trailer
}

// open opens the file of id and checks its trailer.
func (s *Store) open(ctx context.Context, id blob.ID) (openFile, error) {
	if err := ctx.Err(); err != nil {
		return openFile{}, err
	}
	f, err := s.fs.Open(s.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return openFile{}, blob.ErrGone
	}
	if err != nil {
		return openFile{}, err
	}
	t, err := readTrailer(f)
	if err != nil {
		return openFile{}, errors.Join(err, f.Close())
	}
	return openFile{f, t}, nil
}

func readTrailer(f vfs.File) (trailer, error) {
	stat, err := f.Stat()
	if err != nil {
		return trailer{}, err
	}
	var buf [trailerBytes]byte
	if stat.Size() < trailerBytes {
		return trailer{}, fmt.Errorf("%w: file of %d bytes has no trailer", blob.ErrCorrupt, stat.Size())
	}
	if _, err := f.ReadAt(buf[:], stat.Size()-trailerBytes); err != nil && err != io.EOF {
		return trailer{}, err
	}
	t, err := parseTrailer(buf[:], stat.Size())
	if err != nil {
		return trailer{}, fmt.Errorf("%w: %w", blob.ErrCorrupt, err)
	}
	return t, nil
}

// inRange holds [off, off+n) against size.
func inRange(off, n, size int64) error {
	if off < 0 || n < 0 || off > size || n > size-off {
		return fmt.Errorf("range of %d from %d is not in %d", n, off, size)
	}
	return nil
}

// Stat reads the trailer.
func (s *Store) Stat(ctx context.Context, id blob.ID) (blob.Info, error) {
	o, err := s.open(ctx, id)
	if err == nil {
		err = o.f.Close()
	}
	if err != nil {
		return blob.Info{}, fmt.Errorf("fileblob: stat %v: %w", id, err)
	}
	return o.info, nil
}

// Open reads a range.
func (s *Store) Open(ctx context.Context, id blob.ID, off, n int64) (io.ReadCloser, error) {
	o, err := s.open(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("fileblob: open %v: %w", id, err)
	}
	if err := inRange(off, n, o.info.Size); err != nil {
		return nil, fmt.Errorf("fileblob: open %v: %w", id, errors.Join(err, o.f.Close()))
	}
	return &rangeReader{f: o.f, off: off, left: n}, nil
}

// rangeReader reads left bytes of f from off.
type rangeReader struct {
	f    vfs.File
	off  int64
	left int64
}

func (r *rangeReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n, err := r.f.ReadAt(p[:min(int64(len(p)), r.left)], r.off)
	r.off += int64(n)
	r.left -= int64(n)
	switch {
	case err == io.EOF && r.left > 0 && n == 0:
		return n, io.ErrUnexpectedEOF // the file was cut short since it was opened
	case err == io.EOF:
		err = nil
	}
	return n, err
}

func (r *rangeReader) Close() error { return r.f.Close() }

// OpenAt opens a blob for random reads.
func (s *Store) OpenAt(ctx context.Context, id blob.ID) (blob.ReaderAtCloser, error) {
	o, err := s.open(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("fileblob: open %v: %w", id, err)
	}
	return &readerAt{o.f, o.info.Size}, nil
}

// readerAt shows the data of a file as if it were the whole.
type readerAt struct {
	f    vfs.File
	size int64
}

func (r *readerAt) Size() int64  { return r.size }
func (r *readerAt) Close() error { return r.f.Close() }

func (r *readerAt) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("fileblob: read at %d", off)
	}
	if off >= r.size {
		return 0, io.EOF
	}
	if int64(len(p)) <= r.size-off {
		n, err := r.f.ReadAt(p, off)
		if n == len(p) {
			err = nil
		}
		return n, err
	}
	n, err := r.f.ReadAt(p[:r.size-off], off)
	if err == nil {
		err = io.EOF
	}
	return n, err
}

// Section opens the file itself. It is errors.ErrUnsupported on a file system that is not the real disk.
func (s *Store) Section(ctx context.Context, id blob.ID, off, n int64) (*os.File, error) {
	if !s.onDisk {
		return nil, fmt.Errorf("fileblob: file section: %w", errors.ErrUnsupported)
	}
	o, err := s.open(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("fileblob: open %v: %w", id, err)
	}
	if err := errors.Join(inRange(off, n, o.info.Size), o.f.Close()); err != nil {
		return nil, fmt.Errorf("fileblob: open %v: %w", id, err)
	}
	f, err := os.Open(s.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		err = blob.ErrGone
	}
	if err != nil {
		return nil, fmt.Errorf("fileblob: open %v: %w", id, err)
	}
	if _, err := f.Seek(off, io.SeekStart); err != nil {
		return nil, fmt.Errorf("fileblob: open %v: %w", id, errors.Join(err, f.Close()))
	}
	return f, nil
}

// Leaves reads leaves. When all of them are asked for, they are held against their checksum.
func (s *Store) Leaves(ctx context.Context, id blob.ID, first, n int64) ([]blob.Leaf, error) {
	o, err := s.open(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("fileblob: leaves of %v: %w", id, err)
	}
	leaves, err := o.leaves(first, n)
	if err = errors.Join(err, o.f.Close()); err != nil {
		return nil, fmt.Errorf("fileblob: leaves of %v: %w", id, err)
	}
	return leaves, nil
}

func (o openFile) leaves(first, n int64) ([]blob.Leaf, error) {
	const leafBytes = int64(len(blob.Leaf{}))
	count := blob.LeafCount(o.info.Size)
	if err := inRange(first, n, count); err != nil {
		return nil, err
	}
	raw := make([]byte, n*leafBytes)
	if _, err := o.f.ReadAt(raw, o.info.Size+first*leafBytes); err != nil && err != io.EOF {
		return nil, err
	}
	if n == count && crc(raw) != o.leavesCRC {
		return nil, fmt.Errorf("%w: leaves do not match their checksum", blob.ErrCorrupt)
	}
	leaves := make([]blob.Leaf, n)
	for i := range leaves {
		copy(leaves[i][:], raw[int64(i)*leafBytes:])
	}
	return leaves, nil
}
