package durable

import (
	"errors"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func TestSpaceKeepsItsReserve(t *testing.T) {
	disk := vfs.NewMem()
	clock := time.Unix(1, 0)
	s := NewSpace(disk, "/", 100)
	s.now = func() time.Time { return clock }
	avail := func(n uint64) { disk.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: n, TotalBytes: 1000}) }

	avail(150)
	for i, c := range []struct {
		take int64
		full bool
	}{{20, false}, {20, false}, {51, true}, {50, false}} {
		if err := s.Take(c.take); errors.Is(err, ErrNoSpace) != c.full {
			t.Errorf("take %d of %d: got %v, want full %v", i, c.take, err, c.full)
		}
	}
	clock = clock.Add(spaceAge)
	avail(90)
	if err := s.Take(0); !IsFull(err) {
		t.Errorf("take below the reserve: got %v, want ErrNoSpace", err)
	}
	avail(500) // a refusal is never answered from memory
	if err := s.Take(100); err != nil {
		t.Errorf("take after space came back: %v", err)
	}
	if got, err := s.Free(); err != nil || got != 400 {
		t.Errorf("Free: got %d, %v, want 400", got, err)
	}
}

func TestSpaceOfADiskThatDoesNotTell(t *testing.T) {
	if err := NewSpace(vfs.NewMem(), "/", 1<<40).Take(1 << 40); err != nil {
		t.Errorf("got %v, want nil", err)
	}
}
