package object

import (
	"bytes"
	"io"
	"os"
	"sync"
	"testing"

	"shoal/storage/blob/fileblob"
	"shoal/storage/kv/pebblekv"
)

// fileTaker notes whether it was given files.
type fileTaker struct {
	bytes.Buffer
	files int
}

func (f *fileTaker) ReadFrom(r io.Reader) (int64, error) {
	if l, ok := r.(*io.LimitedReader); ok {
		if _, ok := l.R.(*os.File); ok {
			f.files++
		}
	}
	return f.Buffer.ReadFrom(r)
}

// TestWriteToSendsFiles runs on the real disk, where blobs are files.
func TestWriteToSendsFiles(t *testing.T) {
	engine, err := pebblekv.Open(t.TempDir(), pebblekv.Options{ReserveBytes: -1, BallastBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	blobs, err := fileblob.Open(t.TempDir(), fileblob.Options{ReserveBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer blobs.Close()
	store, err := New(engine, blobs, Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := &testStore{Store: store}
	b := s.bucket(t, "bucket")
	u := s.upload(t, b, "key", NoChecksum, FullObject)
	one, two := randomContent(1, MinPart+1), randomContent(2, 1000)
	v, err := s.complete(t, b, u, s.part(t, u, 1, one), s.part(t, u, 2, two))
	if err != nil {
		t.Fatal(err)
	}
	whole := append(one, two...)
	for _, skip := range []int{0, 10} {
		r, err := s.Open(t.Context(), v, 5, v.Size-10)
		if err != nil {
			t.Fatal(err)
		}
		head := make([]byte, skip)
		if _, err := io.ReadFull(r, head); err != nil {
			t.Fatal(err)
		}
		var w fileTaker
		n, err := io.Copy(&w, r)
		if err != nil || n != v.Size-10-int64(skip) || w.files != 2 {
			t.Errorf("copy: got %d bytes from %d files, %v, want 2 files", n, w.files, err)
		}
		if got := append(head, w.Bytes()...); !bytes.Equal(got, whole[5:v.Size-5]) {
			t.Errorf("content differs after a read of %d bytes", skip)
		}
		if err := r.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	checkStore(t, store)
}

// TestReaderAtEvicts reads more blobs than stay open, from several goroutines.
func TestReaderAtEvicts(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	u := s.upload(t, b, "key", NoChecksum, FullObject)
	var list []CompletePart
	var whole []byte
	for n := 1; n <= 2*maxOpenExtents; n++ {
		content := randomContent(uint64(n), 1000+n)
		if n < 2*maxOpenExtents {
			content = bytes.Repeat(content, MinPart/len(content)+1)
		}
		list = append(list, s.part(t, u, n, content))
		whole = append(whole, content...)
	}
	v, err := s.complete(t, b, u, list...)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.OpenAt(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			p := make([]byte, 100_000)
			for i := range 100 {
				off := int64(i*7919*(g+1)*1013) % v.Size
				n, err := r.ReadAt(p, off)
				if want := whole[off:min(v.Size, off+int64(len(p)))]; !bytes.Equal(p[:n], want) || err != nil && err != io.EOF {
					t.Errorf("read at %d: %d bytes, %v", off, n, err)
				}
			}
		})
	}
	wg.Wait()
	if len(r.open.open) > maxOpenExtents {
		t.Errorf("got %d blobs open, want at most %d", len(r.open.open), maxOpenExtents)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := r.ReadAt(make([]byte, 1), 0); err == nil {
		t.Error("a closed reader read")
	}
}
