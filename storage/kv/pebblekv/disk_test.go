package pebblekv_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"shoal/storage/kv"
	"shoal/storage/kv/pebblekv"
)

// slowSync makes every sync of the log take as long as that of a disk, and counts them.
type slowSync struct {
	vfs.FS
	syncs atomic.Int64
	delay time.Duration
}

func (s *slowSync) Unwrap() vfs.FS { return s.FS }

func (s *slowSync) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := s.FS.Create(name, c)
	if err != nil || !strings.HasSuffix(name, ".log") {
		return f, err
	}
	return &slowFile{f, s}, nil
}

func (s *slowSync) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := s.FS.ReuseForWrite(from, to, c)
	if err != nil {
		return nil, err
	}
	return &slowFile{f, s}, nil
}

type slowFile struct {
	vfs.File
	s *slowSync
}

func (f *slowFile) Sync() error {
	f.s.syncs.Add(1)
	time.Sleep(f.s.delay)
	return f.File.Sync()
}

func (f *slowFile) SyncData() error {
	f.s.syncs.Add(1)
	time.Sleep(f.s.delay)
	return f.File.SyncData()
}

// commits runs n commits in each of writers goroutines, on keys of their own.
func commits(t testing.TB, e kv.Engine, writers, n int) {
	t.Helper()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range n {
				err := e.Commit(t.Context(), kv.Commit{Writes: []kv.Write{
					{Key: fmt.Appendf(nil, "w%d/%d", w, i), Value: make([]byte, 200)},
				}})
				if err != nil {
					t.Errorf("commit: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestCommitsShareSyncs(t *testing.T) {
	const writers, each = 16, 20
	disk := &slowSync{FS: vfs.NewMem(), delay: time.Millisecond}
	e := mustOpen(t, "db", pebblekv.Options{FS: disk})
	defer wantClosed(t, e)
	before := disk.syncs.Load()
	commits(t, e, writers, each)
	perCommit := float64(disk.syncs.Load()-before) / (writers * each)
	t.Logf("%.3f syncs per commit", perCommit)
	if perCommit > 0.4 || perCommit == 0 {
		t.Errorf("syncs per commit of %d writers: got %.3f, want a shared few", writers, perCommit)
	}
}

// TestFailedSyncIsNeverAcknowledged also wants every later call to fail.
func TestFailedSyncIsNeverAcknowledged(t *testing.T) {
	var broken atomic.Bool
	disk := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		sync := op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData
		if broken.Load() && sync && strings.HasSuffix(op.Path, ".log") {
			return syscall.EIO
		}
		return nil
	}))
	var fatal atomic.Int64
	e := mustOpen(t, "db", pebblekv.Options{FS: disk, Fatal: func(error) { fatal.Add(1) }})
	write := kv.Commit{Writes: []kv.Write{{Key: []byte("k"), Value: []byte("v")}}}
	broken.Store(true)
	if err := e.Commit(t.Context(), write); err == nil {
		t.Error("commit whose sync failed: got nil, want an error")
	}
	broken.Store(false)
	_, getErr := e.Get(t.Context(), []byte("k"))
	_, _, scanErr := e.Scan(t.Context(), nil, nil, kv.ScanOptions{})
	for what, err := range map[string]error{"get": getErr, "scan": scanErr, "commit": e.Commit(t.Context(), write)} {
		if err == nil {
			t.Errorf("%s after it: got nil, want an error", what)
		}
	}
	if got := fatal.Load(); got != 1 {
		t.Errorf("Fatal: got %d calls, want 1", got)
	}
}

func TestReserveIsForDeletes(t *testing.T) {
	disk := vfs.NewMem()
	usage := func(mib uint64) { disk.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: mib << 20, TotalBytes: 1 << 40}) }
	usage(40)
	e := mustOpen(t, "db", pebblekv.Options{FS: disk, ReserveBytes: 64 << 20})
	defer wantClosed(t, e)
	put := []kv.Write{{Key: []byte("k"), Value: []byte("v")}}
	for _, c := range []struct {
		name   string
		commit kv.Commit
		want   error
	}{
		{"put", kv.Commit{Writes: put}, kv.ErrNoSpace},
		{"put of the reserve", kv.Commit{Writes: put, Reserve: true}, nil},
		{"delete", kv.Commit{Writes: []kv.Write{{Key: []byte("k"), Delete: true}}}, nil},
	} {
		if err := e.Commit(t.Context(), c.commit); !errors.Is(err, c.want) {
			t.Errorf("%s on a full disk: got %v, want %v", c.name, err, c.want)
		}
	}
	usage(200)
	if err := e.Commit(t.Context(), kv.Commit{Writes: put}); err != nil {
		t.Errorf("put after space came back: %v", err)
	}
}

// TestBallastIsGivenUp fills the disk to the last byte behind the engine's back.
func TestBallastIsGivenUp(t *testing.T) {
	disk := vfs.NewMem()
	disk.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1 << 40, TotalBytes: 1 << 40})
	var full atomic.Bool
	e := mustOpen(t, "db", pebblekv.Options{FS: errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if _, err := disk.Stat("db/ballast"); err == nil && full.Load() && op.Kind == errorfs.OpFileWrite {
			return syscall.ENOSPC
		}
		return nil
	}))})
	defer wantClosed(t, e)
	if _, err := disk.Stat("db/ballast"); err != nil {
		t.Fatalf("ballast at start: %v", err)
	}
	disk.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1, TotalBytes: 1 << 40})
	full.Store(true)
	err := e.Commit(t.Context(), kv.Commit{Writes: []kv.Write{{Key: []byte("k"), Delete: true}}})
	if err != nil {
		t.Errorf("delete on a full disk: %v", err)
	}
	if _, err := disk.Stat("db/ballast"); err == nil {
		t.Error("ballast is still there")
	}
}

func BenchmarkCommit(b *testing.B) {
	for _, writers := range []int{1, 16} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			disk := &slowSync{FS: vfs.Default}
			e := mustOpen(b, b.TempDir(), pebblekv.Options{FS: disk})
			defer e.Close()
			before := disk.syncs.Load()
			b.ResetTimer()
			each := max(1, b.N/writers)
			commits(b, e, writers, each)
			b.StopTimer()
			b.ReportMetric(float64(disk.syncs.Load()-before)/float64(each*writers), "syncs/commit")
		})
	}
}
