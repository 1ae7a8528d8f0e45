package fileblob_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/storage/blob"
	"shoal/storage/blob/blobtest"
	"shoal/storage/blob/fileblob"
)

func mustOpen(t testing.TB, dir string, o fileblob.Options) *fileblob.Store {
	t.Helper()
	s, err := fileblob.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformanceInMemory(t *testing.T) {
	disk := vfs.NewMem()
	open := func(t *testing.T) blob.Store { return mustOpen(t, "/"+t.Name(), fileblob.Options{FS: disk}) }
	blobtest.Run(t, open, blobtest.Options{})
}

func TestConformanceOnDisk(t *testing.T) {
	dirs := map[blob.Store]string{}
	start := func(t *testing.T, dir string) blob.Store {
		s := mustOpen(t, dir, fileblob.Options{})
		dirs[s] = dir
		return s
	}
	blobtest.Run(t, func(t *testing.T) blob.Store { return start(t, t.TempDir()+"/sub/blobs") }, blobtest.Options{
		Corrupt: func(t *testing.T, s blob.Store, id blob.ID, off int64) {
			flip(t, filepath.Join(dirs[s], id.String()[:2], id.String()), off)
		},
		Reopen: func(t *testing.T, s blob.Store) blob.Store {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return start(t, dirs[s])
		},
	})
}

// flip changes one bit of the byte at off; a negative off counts from the end.
func flip(t *testing.T, name string, off int64) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if off < 0 {
		off += int64(len(data))
	}
	data[off] ^= 4
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefusesAnotherFormat(t *testing.T) {
	dir := t.TempDir()
	mustOpen(t, dir, fileblob.Options{})
	if err := os.WriteFile(filepath.Join(dir, "FORMAT"), []byte("shoal blobs 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := fileblob.Open(dir, fileblob.Options{}); err == nil {
		t.Error("open of a later format: got nil, want an error")
	}
}

func TestListLeavesForeignNamesAlone(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, fileblob.Options{})
	id := blob.ID{0xAB, 1}
	if _, err := s.Put(t.Context(), id, bytes.NewReader([]byte("x"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"lost", ".hidden", "AB01", blob.ID{0xAC}.String()} {
		if err := os.WriteFile(filepath.Join(dir, "ab", name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.List(t.Context(), blob.ID{}, 10)
	if err != nil || len(got) != 1 || got[0].ID != id {
		t.Errorf("list: got %v, %v, want %v alone", got, err, id)
	}
}
