package object

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sort"

	"shoal/core/encryption"
	"shoal/core/fault"
	"shoal/storage/blob"
)

// maxOpenExtents bounds the files that one ReaderAt keeps open: an object of 10,000 parts must not take the
// process's descriptors. A swarm reads in few places at a time.
const maxOpenExtents = 8

// ReaderAt reads a version at random. It is safe for concurrent use until Close. A read fails with
// NoSuchKey when the content is gone.
type ReaderAt struct {
	name    string
	size    int64
	inline  *bytes.Reader
	extents []Extent
	ends    []int64 // offset in the version of the end of each extent
	blobs   blob.Store
	open    *openSet[blob.ID]
	key     *encryption.Key // nil unless the content is encrypted
}

// OpenAt returns a random-access reader of v. It opens no file until it is read from. The caller closes
// it, after its last ReadAt returned.
func (s *Store) OpenAt(ctx context.Context, v *Version) (*ReaderAt, error) {
	r := &ReaderAt{name: v.Key, size: v.Size, blobs: s.blobs, open: newOpenSet[blob.ID](maxOpenExtents)}
	if v.Content.Inline {
		content, err := s.inline(ctx, v)
		if err != nil {
			return nil, fail("open object", v.Key, err)
		}
		r.inline = bytes.NewReader(content)
		return r, nil
	}
	var err error
	if r.key, err = s.keyOf(ctx, v); err != nil {
		return nil, fail("open object", v.Key, err)
	}
	extents, err := s.extents(ctx, v, 0, v.Size)
	if err != nil {
		return nil, fail("open object", v.Key, err)
	}
	r.extents = extents
	var end int64
	for _, e := range extents {
		end += e.Length
		r.ends = append(r.ends, end)
	}
	return r, nil
}

// Size returns the bytes of the version.
func (r *ReaderAt) Size() int64 { return r.size }

// ReadAt implements io.ReaderAt.
func (r *ReaderAt) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fault.New("read object", r.name, fault.InvalidRange, nil)
	}
	if r.inline != nil {
		return r.inline.ReadAt(p, off)
	}
	for i := sort.Search(len(r.ends), func(i int) bool { return r.ends[i] > off }); n < len(p); i++ {
		if i >= len(r.extents) {
			return n, io.EOF
		}
		e := r.extents[i]
		within := off + int64(n) - (r.ends[i] - e.Length)
		want := min(int64(len(p)-n), e.Length-within)
		m, err := r.readExtent(e, p[n:n+int(want)], within)
		if n += m; err != nil {
			return n, err
		}
	}
	return n, nil
}

// readExtent fills p from within bytes into e.
func (r *ReaderAt) readExtent(e Extent, p []byte, within int64) (int, error) {
	b, err := r.open.acquire(e.Blob, func(blob.ID) (io.ReaderAt, io.Closer, error) { return r.openExtent(e) })
	if err != nil {
		return 0, r.fail(err)
	}
	defer r.open.release(b)
	n, err := b.r.ReadAt(p, e.Offset+within)
	if n == len(p) {
		return n, nil // io.EOF is allowed with the last bytes of a blob
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, r.fail(err)
}

func (r *ReaderAt) fail(err error) error {
	if errors.Is(err, blob.ErrGone) {
		return fault.New("read object", r.name, fault.NoSuchKey, err)
	}
	return fail("read object", r.name, err)
}

// openExtent opens the blob of e, decrypted where it is encrypted.
func (r *ReaderAt) openExtent(e Extent) (io.ReaderAt, io.Closer, error) {
	if err := checkSealed(e, r.key); err != nil {
		return nil, nil, err
	}
	in, closer, err := r.openAt(e.Blob)
	if err != nil || e.Sealed == 0 {
		return in, closer, err
	}
	return blobStream(r.key, e.Blob).ReaderAt(in, e.Sealed), closer, nil
}

// openAt opens a blob. No request owns a seeder's file, so there is no context to end it.
func (r *ReaderAt) openAt(id blob.ID) (io.ReaderAt, io.Closer, error) {
	ctx := context.Background()
	if direct, ok := r.blobs.(blob.Reader); ok {
		f, err := direct.OpenAt(ctx, id)
		return f, f, err
	}
	return rangeReader{r.blobs, id}, io.NopCloser(nil), nil
}

// rangeReader reads at random through ranges, for a store that cannot do better.
type rangeReader struct {
	blobs blob.Store
	id    blob.ID
}

func (r rangeReader) ReadAt(p []byte, off int64) (int, error) {
	in, err := r.blobs.Open(context.Background(), r.id, off, int64(len(p)))
	if err != nil {
		return 0, err
	}
	n, err := io.ReadFull(in, p)
	return n, errors.Join(err, in.Close())
}

// Close closes the files.
func (r *ReaderAt) Close() error {
	r.open.close()
	return nil
}
