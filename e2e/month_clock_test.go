package e2e

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// monthClock is the clock of a stepped server: see e2e/stepped.
type monthClock struct {
	path    string
	seconds []byte // of the file, shared with the server
}

func newMonthClock(t *testing.T) monthClock {
	t.Helper()
	path := filepath.Join(t.TempDir(), "clock")
	if err := os.WriteFile(path, make([]byte, 8), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	seconds, err := unix.Mmap(int(f.Fd()), 0, 8, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Munmap(seconds) })
	return monthClock{path: path, seconds: seconds}
}

// set steps the clock. Nothing is asked of the server meanwhile.
func (c monthClock) set(at time.Time) { binary.LittleEndian.PutUint64(c.seconds, uint64(at.Unix())) }

func (c monthClock) now() time.Time {
	return time.Unix(int64(binary.LittleEndian.Uint64(c.seconds)), 0).UTC()
}
