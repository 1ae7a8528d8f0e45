package object

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"shoal/core/encryption"
	"shoal/core/fault"
	"shoal/storage/blob"
)

// Reader reads a range of a version once, from its start. It is for one goroutine. A read fails with
// NoSuchKey when the content is gone because the object was replaced or deleted: look it up again.
type Reader struct {
	ctx     context.Context // of the request that opened it
	blobs   blob.Store
	name    string          // of the object, in errors
	inline  *bytes.Reader   // nil unless the content is inline
	extents []Extent        // not opened yet
	now     io.ReadCloser   // nil between extents
	key     *encryption.Key // nil unless the content is encrypted
}

// Open returns the n bytes of v from off; InvalidRange when they do not lie in v. The caller closes the
// Reader, and uses it only while ctx lasts.
func (s *Store) Open(ctx context.Context, v *Version, off, n int64) (*Reader, error) {
	const op = "open object"
	if off < 0 || n < 0 || off > v.Size || n > v.Size-off {
		return nil, fault.New(op, v.Key, fault.InvalidRange, nil)
	}
	r := &Reader{ctx: ctx, blobs: s.blobs, name: v.Key}
	if v.Content.Inline {
		content, err := s.inline(ctx, v)
		if err != nil {
			return nil, fail(op, v.Key, err)
		}
		r.inline = bytes.NewReader(content[off : off+n])
		return r, nil
	}
	var err error
	if r.key, err = s.keyOf(ctx, v); err != nil {
		return nil, fail(op, v.Key, err)
	}
	if r.extents, err = s.extents(ctx, v, off, n); err != nil {
		return nil, fail(op, v.Key, err)
	}
	// The first extent is opened now, so that an object that is gone, or damaged where it is encrypted, is known before
	// an answer begins.
	if len(r.extents) > 0 {
		if err := r.next(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// inline returns the content of a version that has it in its body row.
func (s *Store) inline(ctx context.Context, v *Version) ([]byte, error) {
	rest, err := s.inlineBytes(ctx, v)
	if err != nil || v.Encryption.Mode == encryption.None {
		return rest, err
	}
	key, err := s.keyOf(ctx, v)
	if err != nil {
		return nil, err
	}
	return inlineStream(key).Open(rest, v.Size)
}

// inlineBytes returns the body row of a version, as it rests.
func (s *Store) inlineBytes(ctx context.Context, v *Version) ([]byte, error) {
	if v.Size == 0 {
		return nil, nil
	}
	rows, err := s.kv.Get(ctx, bodyKey(v.BucketID, v.Key, v.ID))
	if err != nil {
		return nil, err
	}
	if !rows[0].Exists() {
		return nil, fault.New("read object", v.Key, fault.NoSuchKey, errors.New("the version is gone"))
	}
	if int64(len(rows[0].Value)) != v.inlineRest() {
		return nil, fmt.Errorf("%w: body row of %d bytes, not %d", errRecord, len(rows[0].Value), v.inlineRest())
	}
	return rows[0].Value, nil
}

// next opens the first extent that is left, as a file where the store has files.
func (r *Reader) next() error {
	e := r.extents[0]
	in, err := r.open(e)
	if err != nil {
		return r.fail(err)
	}
	r.now, r.extents = in, r.extents[1:]
	return nil
}

func (r *Reader) open(e Extent) (io.ReadCloser, error) {
	if err := checkSealed(e, r.key); err != nil {
		return nil, err
	}
	if e.Sealed > 0 {
		return r.openSealed(e)
	}
	if files, ok := r.blobs.(blob.FileSection); ok {
		f, err := files.Section(r.ctx, e.Blob, e.Offset, e.Length)
		if err == nil {
			return &section{f, e.Length}, nil
		}
		if !errors.Is(err, errors.ErrUnsupported) {
			return nil, err
		}
	}
	return r.blobs.Open(r.ctx, e.Blob, e.Offset, e.Length)
}

// openSealed opens an extent of an encrypted blob, and reads its beginning.
func (r *Reader) openSealed(e Extent) (io.ReadCloser, error) {
	off, n := encryption.Covering(e.Offset, e.Length, e.Sealed)
	in, err := r.blobs.Open(r.ctx, e.Blob, off, n)
	if err != nil {
		return nil, err
	}
	out := blobStream(r.key, e.Blob).OpenReader(in, e.Offset, e.Length, e.Sealed)
	if err := out.Fill(); err != nil {
		return nil, errors.Join(err, out.Close())
	}
	return out, nil
}

// section is a part of a file that is read from its position.
type section struct {
	*os.File
	left int64 // bytes
}

func (f *section) Read(p []byte) (int, error) {
	if f.left == 0 {
		return 0, io.EOF
	}
	n, err := f.File.Read(p[:min(int64(len(p)), f.left)])
	f.left -= int64(n)
	if err == io.EOF && f.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// WriteTo gives w the file under a limit, which is what net.TCPConn hands to the kernel.
func (f *section) WriteTo(w io.Writer) (int64, error) {
	n, err := io.CopyN(w, f.File, f.left)
	f.left -= n
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (r *Reader) fail(err error) error {
	if errors.Is(err, blob.ErrGone) {
		return fault.New("read object", r.name, fault.NoSuchKey, err)
	}
	return fail("read object", r.name, err)
}

// Read reads across extents.
func (r *Reader) Read(p []byte) (int, error) {
	if r.inline != nil {
		return r.inline.Read(p)
	}
	for {
		if r.now == nil {
			if len(r.extents) == 0 {
				return 0, io.EOF
			}
			if err := r.next(); err != nil {
				return 0, err
			}
		}
		n, err := r.now.Read(p)
		if err == nil || n > 0 && err == io.EOF {
			return n, nil
		}
		if err != io.EOF {
			return n, r.fail(err)
		}
		if err := r.closeNow(); err != nil {
			return 0, err
		}
	}
}

// WriteTo writes what is left to w. Where blobs are files, w is given them as such, so that a socket that
// reads from files (io.ReaderFrom) lets the kernel send them.
func (r *Reader) WriteTo(w io.Writer) (total int64, err error) {
	if r.inline != nil {
		return r.inline.WriteTo(w)
	}
	for r.now != nil || len(r.extents) > 0 {
		if r.now == nil {
			if err := r.next(); err != nil {
				return total, err
			}
		}
		n, err := io.Copy(w, r.now)
		if total += n; err != nil {
			return total, r.fail(err)
		}
		if err := r.closeNow(); err != nil {
			return total, err
		}
	}
	return total, nil
}

func (r *Reader) closeNow() error {
	err := r.now.Close()
	r.now = nil
	if err != nil {
		return r.fail(err)
	}
	return nil
}

// Close ends the reading.
func (r *Reader) Close() error {
	r.extents = nil
	if r.now == nil {
		return nil
	}
	return r.closeNow()
}
