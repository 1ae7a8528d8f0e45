package blobtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/iotest"

	"shoal/storage/blob"
)

func testSizes(t *testing.T, s blob.Store) {
	const leaf = blob.LeafSize
	for _, size := range []int{
		0, 1, leaf - 1, leaf, leaf + 1, 2 * leaf, 2*leaf + 1, 3 * leaf, 4*leaf - 1, 4 * leaf, 5 * leaf, 7*leaf + 9,
		64*leaf - 1, 64 * leaf, 64*leaf + 1, 128 * leaf, 300*leaf + 5, 20<<20 + 3,
	} {
		data := content(size)
		wantWhole(t, s, put(t, s, data), data)
	}
	// A reader may give a byte at a time, or its last bytes together with io.EOF.
	data := content(leaf + 100)
	for _, r := range []io.Reader{
		iotest.OneByteReader(bytes.NewReader(data)),
		iotest.HalfReader(bytes.NewReader(data)),
		iotest.DataErrReader(bytes.NewReader(data)),
	} {
		id := blob.NewID()
		if _, err := s.Put(t.Context(), id, r); err != nil {
			t.Fatal(err)
		}
		wantWhole(t, s, id, data)
	}
}

func testRanges(t *testing.T, s blob.Store) {
	const size = 5*blob.LeafSize + 100
	data := content(size)
	id := put(t, s, data)
	for _, c := range []struct {
		off, n int64
		ok     bool
	}{
		{0, 0, true},
		{0, 1, true},
		{1, size - 1, true},
		{size, 0, true},
		{size - 1, 1, true},
		{blob.LeafSize - 1, 2, true},
		{0, size + 1, false},
		{size, 1, false},
		{size + 1, 0, false},
		{-1, 1, false},
		{0, -1, false},
		{1 << 62, 1 << 62, false},
		{1, 1<<63 - 1, false},
	} {
		got, err := read(t, s, id, c.off, c.n)
		if (err == nil) != c.ok {
			t.Errorf("open %d from %d: got %v, want success %v", c.n, c.off, err, c.ok)
		}
		if c.ok && !bytes.Equal(got, data[c.off:c.off+c.n]) {
			t.Errorf("open %d from %d: wrong bytes", c.n, c.off)
		}
	}
	all, err := s.Leaves(t.Context(), id, 0, 6)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		first, n int64
		ok       bool
	}{{0, 6, true}, {2, 3, true}, {6, 0, true}, {5, 1, true}, {5, 2, false}, {-1, 1, false}, {0, -1, false}, {1, 1<<63 - 1, false}} {
		got, err := s.Leaves(t.Context(), id, c.first, c.n)
		if (err == nil) != c.ok || (c.ok && !slices.Equal(got, all[c.first:c.first+c.n])) {
			t.Errorf("leaves %d from %d: got %d, %v, want success %v", c.n, c.first, len(got), err, c.ok)
		}
	}
}

func testGone(t *testing.T, s blob.Store) { wantGone(t, s, blob.NewID()) }

func testReaderFails(t *testing.T, s blob.Store) {
	broken := errors.New("broken")
	for _, size := range []int{0, 10, 3<<20 + 5} {
		id := blob.NewID()
		_, err := s.Put(t.Context(), id, io.MultiReader(bytes.NewReader(content(size)), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) {
			t.Errorf("put whose reader fails after %d bytes: got %v, want its error", size, err)
		}
		wantGone(t, s, id)
	}
	// io.ErrUnexpectedEOF of the reader is an error of a broken upload, not an end.
	for _, size := range []int{10, 3<<20 + 5} {
		id := blob.NewID()
		_, err := s.Put(t.Context(), id, io.MultiReader(bytes.NewReader(content(size)), iotest.ErrReader(io.ErrUnexpectedEOF)))
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("put whose reader is cut off after %d bytes: got %v, want io.ErrUnexpectedEOF", size, err)
		}
		wantGone(t, s, id)
	}
	ctx, cancel := context.WithCancel(t.Context())
	id := blob.NewID()
	_, err := s.Put(ctx, id, io.MultiReader(bytes.NewReader(content(3<<20)), &onRead{cancel}, bytes.NewReader(content(3<<20))))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("put whose context ends: got %v, want context.Canceled", err)
	}
	wantGone(t, s, id)
}

// onRead calls do at its first Read and is empty.
type onRead struct{ do func() }

func (o *onRead) Read([]byte) (int, error) {
	o.do()
	return 0, io.EOF
}

func testUsed(t *testing.T, s blob.Store) {
	data := content(100)
	id := put(t, s, data)
	if _, err := s.Put(t.Context(), id, bytes.NewReader(content(200))); err == nil {
		t.Error("put of a used id: got nil, want an error")
	}
	wantWhole(t, s, id, data)
}

func testDelete(t *testing.T, s blob.Store) {
	a, b, kept := put(t, s, content(10)), put(t, s, content(20)), put(t, s, content(30))
	if err := s.Delete(t.Context(), a, blob.NewID(), b); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), a); err != nil {
		t.Errorf("delete again: %v", err)
	}
	if err := s.Delete(t.Context()); err != nil {
		t.Errorf("delete of none: %v", err)
	}
	wantGone(t, s, a)
	wantGone(t, s, b)
	wantWhole(t, s, kept, content(30))
}

// testDeleteWhileOpen wants the whole or a clear error, never other bytes.
func testDeleteWhileOpen(t *testing.T, s blob.Store) {
	data := content(3 << 20)
	id := put(t, s, data)
	r, err := s.Open(t.Context(), id, 0, int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	head := make([]byte, 100)
	if _, err := io.ReadFull(r, head); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	wantGone(t, s, id)
	rest, err := io.ReadAll(r)
	if got := append(head, rest...); !bytes.HasPrefix(data, got) || (err == nil && len(got) != len(data)) {
		t.Errorf("read of a deleted blob: got %d bytes, %v, want all %d or an error", len(got), err, len(data))
	}
}

func testList(t *testing.T, s blob.Store) {
	want := map[blob.ID]bool{}
	for i := range 300 {
		want[put(t, s, content(i%3))] = true
	}
	for _, page := range []int{1, 7, 299, 300, 1000} {
		var after blob.ID
		seen := 0
		for {
			entries, err := s.List(t.Context(), after, page)
			if err != nil {
				t.Fatal(err)
			}
			if len(entries) > page {
				t.Fatalf("page of %d entries, asked for %d", len(entries), page)
			}
			for _, e := range entries {
				if bytes.Compare(e.ID[:], after[:]) <= 0 || !want[e.ID] || e.Size < 0 {
					t.Fatalf("entry %v after %v: out of order or unknown", e, after)
				}
				after = e.ID
				seen++
			}
			if len(entries) < page {
				break
			}
		}
		if seen != len(want) {
			t.Errorf("pages of %d: got %d blobs, want %d", page, seen, len(want))
		}
	}
}

func testConcurrent(t *testing.T, s blob.Store) {
	const workers, each = 8, 6
	var wg sync.WaitGroup
	ids := make([][each]blob.ID, workers)
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				id := blob.NewID()
				if i%2 == 0 {
					id[0] = 7 // neighbours share what stores share: a folder, a prefix
				}
				ids[w][i] = id
				if _, err := s.Put(t.Context(), id, bytes.NewReader(content(w*700_000+i))); err != nil {
					t.Errorf("put: %v", err)
				}
			}
		})
	}
	wg.Wait()
	for w := range workers {
		for i, id := range ids[w] {
			wantWhole(t, s, id, content(w*700_000+i))
		}
	}
}

func testRandomAccess(t *testing.T, s blob.Store) {
	data := content(3*blob.LeafSize + 5)
	r, err := blob.OpenAt(t.Context(), s, put(t, s, data))
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("the store has no random access")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Size() != int64(len(data)) {
		t.Errorf("size: got %d, want %d", r.Size(), len(data))
	}
	// The data must look like the whole file: TestReader tries ReadAt at, over and past its end.
	if err := iotest.TestReader(io.NewSectionReader(r, 0, r.Size()), data); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		off  int64
		n    int
		want int
		err  error
	}{{0, len(data), len(data), nil}, {5, 10, 10, nil}, {int64(len(data)) - 3, 10, 3, io.EOF}, {int64(len(data)), 1, 0, io.EOF}, {1 << 40, 1, 0, io.EOF}} {
		n, err := r.ReadAt(make([]byte, c.n), c.off)
		if n != c.want || (err != c.err && !(c.off+int64(c.n) == r.Size() && err == io.EOF)) {
			t.Errorf("read %d at %d: got %d, %v, want %d, %v", c.n, c.off, n, err, c.want, c.err)
		}
	}
	if _, err := blob.OpenAt(t.Context(), s, blob.NewID()); !errors.Is(err, blob.ErrGone) {
		t.Errorf("random access to an absent blob: got %v, want ErrGone", err)
	}
}

func testSection(t *testing.T, s blob.Store) {
	data := content(3 * blob.LeafSize)
	id := put(t, s, data)
	f, err := blob.Section(t.Context(), s, id, 1000, 2000)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("the store has no file sections")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got := make([]byte, 2000)
	if _, err := io.ReadFull(f, got); err != nil || !bytes.Equal(got, data[1000:3000]) {
		t.Errorf("section: %v, right bytes %v", err, bytes.Equal(got, data[1000:3000]))
	}
	if _, err := blob.Section(t.Context(), s, id, 1, int64(len(data))); err == nil {
		t.Error("section over the end: got nil, want an error")
	}
	if _, err := blob.Section(t.Context(), s, blob.NewID(), 0, 0); !errors.Is(err, blob.ErrGone) {
		t.Errorf("section of an absent blob: got %v, want ErrGone", err)
	}
}

func testDamage(t *testing.T, s blob.Store, corrupt func(*testing.T, blob.Store, blob.ID, int64)) {
	const size = 100*blob.LeafSize + 7
	for _, off := range []int64{0, blob.LeafSize, 70*blob.LeafSize + 5, size - 1} {
		id := put(t, s, content(size))
		corrupt(t, s, id, off)
		if err := blob.Verify(t.Context(), s, id, nil); !errors.Is(err, blob.ErrCorrupt) {
			t.Errorf("verify with byte %d damaged: got %v, want ErrCorrupt", off, err)
		}
	}
	tired := errors.New("tired")
	pace := func(context.Context, int) error { return tired }
	if err := blob.Verify(t.Context(), s, put(t, s, content(10)), pace); !errors.Is(err, tired) {
		t.Errorf("verify whose pace fails: got %v, want its error", err)
	}
}

func testReopen(t *testing.T, s blob.Store, reopen func(*testing.T, blob.Store) blob.Store) {
	data := content(2 << 20)
	kept, deleted := put(t, s, data), put(t, s, data)
	if err := s.Delete(t.Context(), deleted); err != nil {
		t.Fatal(err)
	}
	s = reopen(t, s)
	wantWhole(t, s, kept, data)
	wantGone(t, s, deleted)
}
