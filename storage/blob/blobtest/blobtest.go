package blobtest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"shoal/storage/blob"
)

// Options adapt Run to a store. The zero value works.
type Options struct {
	// Corrupt changes one bit of the byte at off of the data of id, behind the store's back; nil skips the tests
	// of damage.
	Corrupt func(t *testing.T, s blob.Store, id blob.ID, off int64)
	// Reopen closes s and returns a store on the same data; nil skips the test of it.
	Reopen func(t *testing.T, s blob.Store) blob.Store
}

// Run tests the stores that open returns, each fresh and empty. open closes what it opened by t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) blob.Store, o Options) {
	for _, c := range []struct {
		name string
		test func(*testing.T, blob.Store)
	}{
		{"sizes", testSizes},
		{"ranges", testRanges},
		{"gone", testGone},
		{"reader fails", testReaderFails},
		{"id is used", testUsed},
		{"delete", testDelete},
		{"delete while open", testDeleteWhileOpen},
		{"list", testList},
		{"concurrent", testConcurrent},
		{"random access", testRandomAccess},
		{"section", testSection},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
	if o.Corrupt != nil {
		t.Run("damage", func(t *testing.T) { testDamage(t, open(t), o.Corrupt) })
	}
	if o.Reopen != nil {
		t.Run("reopen", func(t *testing.T) { testReopen(t, open(t), o.Reopen) })
	}
}

// content returns size bytes that look random and are the same for the same size.
func content(size int) []byte {
	b := make([]byte, size)
	var seed [32]byte
	copy(seed[:], fmt.Sprint(size))
	rand.NewChaCha8(seed).Read(b) // never fails
	return b
}

// rootOf computes the root top down, unlike blob.Root: of a tree of width leaves, a power of two, over data.
func rootOf(data []byte, width int) blob.Leaf {
	if width == 1 {
		if len(data) == 0 {
			return blob.Leaf{}
		}
		return sha256.Sum256(data)
	}
	half := min(len(data), width/2*blob.LeafSize)
	left, right := rootOf(data[:half], width/2), rootOf(data[half:], width/2)
	return sha256.Sum256(append(left[:], right[:]...))
}

func wantInfo(data []byte) blob.Info {
	width := 1
	for width*blob.LeafSize < len(data) {
		width *= 2
	}
	return blob.Info{Size: int64(len(data)), Root: rootOf(data, width)}
}

func put(t *testing.T, s blob.Store, data []byte) blob.ID {
	t.Helper()
	id := blob.NewID()
	info, err := s.Put(t.Context(), id, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if want := wantInfo(data); info != want {
		t.Fatalf("put of %d bytes: got %+v, want %+v", len(data), info, want)
	}
	return id
}

func read(t *testing.T, s blob.Store, id blob.ID, off, n int64) ([]byte, error) {
	t.Helper()
	r, err := s.Open(t.Context(), id, off, n)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(r)
	return b, errors.Join(err, r.Close())
}

// wantWhole holds everything that the store says of id against data.
func wantWhole(t *testing.T, s blob.Store, id blob.ID, data []byte) {
	t.Helper()
	if info, err := s.Stat(t.Context(), id); err != nil || info != wantInfo(data) {
		t.Errorf("stat of %d bytes: got %+v, %v, want %+v", len(data), info, err, wantInfo(data))
	}
	if got, err := read(t, s, id, 0, int64(len(data))); err != nil || !bytes.Equal(got, data) {
		t.Errorf("read of %d bytes: got %d bytes, %v", len(data), len(got), err)
	}
	leaves, err := s.Leaves(t.Context(), id, 0, blob.LeafCount(int64(len(data))))
	if err != nil {
		t.Errorf("leaves of %d bytes: %v", len(data), err)
	}
	for i, leaf := range leaves {
		if want := sha256.Sum256(data[i*blob.LeafSize : min((i+1)*blob.LeafSize, len(data))]); leaf != want {
			t.Errorf("leaf %d of %d bytes: got %x, want %x", i, len(data), leaf, want)
		}
	}
	if err := blob.Verify(t.Context(), s, id, nil); err != nil {
		t.Errorf("verify of %d bytes: %v", len(data), err)
	}
}

func wantGone(t *testing.T, s blob.Store, id blob.ID) {
	t.Helper()
	ctx := t.Context()
	_, statErr := s.Stat(ctx, id)
	_, openErr := s.Open(ctx, id, 0, 0)
	_, leavesErr := s.Leaves(ctx, id, 0, 0)
	for what, err := range map[string]error{"stat": statErr, "open": openErr, "leaves": leavesErr} {
		if !errors.Is(err, blob.ErrGone) {
			t.Errorf("%s of an absent blob: got %v, want ErrGone", what, err)
		}
	}
	entries, err := s.List(ctx, blob.ID{}, 1000)
	for _, e := range entries {
		if e.ID == id {
			t.Errorf("list has the absent blob %v", id)
		}
	}
	if err != nil {
		t.Error(err)
	}
}
