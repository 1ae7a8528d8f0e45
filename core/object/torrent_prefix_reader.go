package object

import (
	"context"
	"io"

	"shoal/core/fault"
)

// maxOpenFiles bounds the files of a prefix torrent that are open at once; each has a few descriptors of its own.
const maxOpenFiles = 32

// PrefixReaderAt reads the content of a prefix torrent at random: its files, and zeros between them. It is safe for
// concurrent use until Close. A read fails with NoSuchVersion or NoSuchKey when a file is gone.
type PrefixReaderAt struct {
	store *Store
	t     *Torrent
	open  *openSet[int] // by index of the file
}

// OpenPrefixAt returns a random-access reader of t, a prefix torrent. It opens no file until it is read from. The caller
// closes it, after its last ReadAt returned.
func (s *Store) OpenPrefixAt(t *Torrent) *PrefixReaderAt {
	return &PrefixReaderAt{store: s, t: t, open: newOpenSet[int](maxOpenFiles)}
}

// IsPrefix reports whether t is of the objects under a prefix, not of a version.
func (t *Torrent) IsPrefix() bool { return t.prefix != nil }

// ReadAt implements io.ReaderAt.
func (r *PrefixReaderAt) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fault.New("read prefix torrent", r.t.Version.Key, fault.InvalidRange, nil)
	}
	files := r.t.prefix.list
	for i := r.t.prefix.at(off); n < len(p); i++ {
		at := off + int64(n)
		if at >= r.t.Length {
			return n, io.EOF
		}
		f := files[i]
		if within := at - f.offset; within < f.Length {
			want := min(int64(len(p)-n), f.Length-within)
			m, err := r.readFile(i, p[n:n+int(want)], within)
			if n += m; err != nil {
				return n, err
			}
			at += want
		}
		// BEP 47: padding is zeros, and is not stored.
		if i+1 < len(files) && at < files[i+1].offset {
			zeros := min(int64(len(p)-n), files[i+1].offset-at)
			clear(p[n : n+int(zeros)])
			n += int(zeros)
		}
	}
	return n, nil
}

// readFile fills p from within bytes into a file.
func (r *PrefixReaderAt) readFile(i int, p []byte, within int64) (int, error) {
	f, err := r.open.acquire(i, r.openFile)
	if err != nil {
		return 0, fail("read prefix torrent", r.t.prefix.list[i].key, err)
	}
	defer r.open.release(f)
	n, err := f.r.ReadAt(p, within)
	if n == len(p) {
		return n, nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, fail("read prefix torrent", r.t.prefix.list[i].key, err)
}

// openFile opens a file. No request owns a seeder's file, so there is no context to end it.
func (r *PrefixReaderAt) openFile(i int) (io.ReaderAt, io.Closer, error) {
	ctx := context.Background()
	v, err := r.store.versionOf(ctx, r.t, r.t.prefix.list[i])
	if err != nil {
		return nil, nil, err
	}
	f, err := r.store.OpenAt(ctx, v)
	if err != nil {
		return nil, nil, err
	}
	return f, f, nil
}

// Close closes the files.
func (r *PrefixReaderAt) Close() error {
	r.open.close()
	return nil
}
