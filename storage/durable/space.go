package durable

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// ErrNoSpace says that the disk is full, or so near it that the rest is kept back. It is wrapped.
var ErrNoSpace = errors.New("no space on the disk")

// An answer of the disk is believed for this long, and for this part of the reserve in bytes taken, so
// that a hot path does not ask at every write and an error of the estimate stays well inside the reserve.
const (
	spaceAge      = 100 * time.Millisecond
	spaceFraction = 4
)

// Space keeps a reserve of free bytes on the disk under a directory. All methods are safe for
// concurrent use.
type Space struct {
	fs      vfs.FS
	dir     string
	reserve uint64
	now     func() time.Time

	mu    sync.Mutex // guards the fields below
	asked time.Time
	avail uint64
	taken uint64 // since asked
}

// NewSpace returns a Space that refuses to let the free bytes under dir fall below reserve.
func NewSpace(fsys vfs.FS, dir string, reserve int64) *Space {
	return &Space{fs: fsys, dir: dir, reserve: uint64(max(reserve, 0)), now: time.Now}
}

// Take asks for n more bytes. It returns ErrNoSpace when they would touch the reserve. A disk that does
// not tell its usage is never full.
func (s *Space) Take(n int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh := s.now().Sub(s.asked) < spaceAge && s.taken <= s.reserve/spaceFraction
	if !fresh || !s.fits(n) {
		if err := s.ask(); err != nil {
			return err
		}
	}
	if !s.fits(n) {
		return fmt.Errorf("%w: %d bytes free under %s, %d kept back", ErrNoSpace, s.avail, s.dir, s.reserve)
	}
	s.taken += uint64(n)
	return nil
}

// Free returns the bytes free under the directory, at most a moment old.
func (s *Space) Free() (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now().Sub(s.asked) >= spaceAge {
		if err := s.ask(); err != nil {
			return 0, err
		}
	}
	return s.avail - min(s.taken, s.avail), nil
}

func (s *Space) fits(n int64) bool { return s.avail >= s.reserve+s.taken+uint64(n) }

func (s *Space) ask() error {
	usage, err := s.fs.GetDiskUsage(s.dir)
	switch {
	case errors.Is(err, vfs.ErrUnsupported):
		usage.AvailBytes = 1 << 62
	case err != nil:
		return fmt.Errorf("ask for free space under %s: %w", s.dir, err)
	}
	s.asked, s.avail, s.taken = s.now(), usage.AvailBytes, 0
	return nil
}

// IsFull reports whether err of a file operation says that the disk or the quota is used up.
func IsFull(err error) bool {
	return errors.Is(err, ErrNoSpace) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
