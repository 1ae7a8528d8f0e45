package blob

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// OpenAt opens id for random reads, when s can (Reader); otherwise the error is errors.ErrUnsupported.
func OpenAt(ctx context.Context, s Store, id ID) (ReaderAtCloser, error) {
	if r, ok := s.(Reader); ok {
		return r.OpenAt(ctx, id)
	}
	return nil, fmt.Errorf("blob: random access: %w", errors.ErrUnsupported)
}

// Section returns the n bytes of id from off as a part of a file, when s can (FileSection); otherwise the
// error is errors.ErrUnsupported, and Open serves.
func Section(ctx context.Context, s Store, id ID, off, n int64) (*os.File, error) {
	if f, ok := s.(FileSection); ok {
		return f.Section(ctx, id, off, n)
	}
	return nil, fmt.Errorf("blob: file section: %w", errors.ErrUnsupported)
}

// ParseID reads what ID.String wrote, and nothing else.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 2*len(id) {
		return ID{}, fmt.Errorf("blob: id %q is not %d hex digits", s, 2*len(id))
	}
	for i := range len(s) {
		var v byte
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			v = c - '0'
		case 'a' <= c && c <= 'f':
			v = c - 'a' + 10
		default:
			return ID{}, fmt.Errorf("blob: id %q is not lower-case hex", s)
		}
		id[i/2] = id[i/2]<<4 | v
	}
	return id, nil
}
