package object

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

func wantUsage(t testing.TB, s *Store, id BucketID, objects, bytes int64) {
	t.Helper()
	gotBytes, gotObjects, err := s.Usage(context.Background(), id)
	if err != nil || gotBytes != bytes || gotObjects != objects {
		t.Errorf("usage: got %d objects of %d bytes, error %v, want %d of %d", gotObjects, gotBytes, err, objects, bytes)
	}
}

func TestUsage(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	wantUsage(t, s.Store, b.ID, 0, 0)
	s.put(t, b, "abc", make([]byte, 1000))
	if _, err := s.Put(t.Context(), PutRequest{
		Bucket: b, Key: "de", Body: strings.NewReader("12345"), Size: 5, Owner: testOwner,
		Header: Header{Meta: map[string]string{"name": "value"}},
	}); err != nil {
		t.Fatal(err)
	}
	want := int64(3 + 1000 + 2 + 5 + 4 + 5)
	wantUsage(t, s.Store, b.ID, 2, want)
	if err := s.FoldOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(s.rows(t, kindDelta)); n != 0 {
		t.Errorf("got %d deltas after a fold, want none", n)
	}
	wantUsage(t, s.Store, b.ID, 2, want)
	s.put(t, b, "abc", nil)
	wantUsage(t, s.Store, b.ID, 2, want-1000)
	if bytes, objects, err := s.OwnerUsage(t.Context(), b.Owner); err != nil || bytes != want-1000 || objects != 2 {
		t.Errorf("usage of the owner: got %d objects of %d bytes, error %v", objects, bytes, err)
	}
	for _, key := range []string{"abc", "de"} {
		if _, err := s.Delete(t.Context(), DeleteRequest{Bucket: b, Key: key}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.DeleteBucket(t.Context(), b.Name); err != nil {
		t.Fatal(err)
	}
	if err := s.FoldOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(s.rows(t, kindDelta)); n != 0 {
		t.Errorf("a deleted bucket left %d deltas", n)
	}
	wantUsage(t, s.Store, b.ID, 0, 0)
}

// TestFoldRaces folds from two sides while puts go on and Usage reads: nothing is lost or counted twice.
func TestFoldRaces(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	const writers, each = 4, 60
	ctx, cancel := context.WithCancel(t.Context())
	var folders, puts sync.WaitGroup
	for range 2 {
		folders.Go(func() {
			for ctx.Err() == nil {
				if err := s.FoldOnce(t.Context()); err != nil {
					t.Errorf("fold: %v", err)
				}
			}
		})
	}
	for w := range writers {
		puts.Go(func() {
			for i := range each {
				s.put(t, b, string(rune('a'+w))+string(rune('A'+i)), []byte("x"))
				if _, objects, err := s.Usage(t.Context(), b.ID); err != nil || objects > writers*each {
					t.Errorf("usage: got %d objects, error %v", objects, err)
				}
			}
		})
	}
	puts.Wait()
	cancel()
	folders.Wait()
	wantUsage(t, s.Store, b.ID, writers*each, writers*each*3)
}

func TestUsageRowsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := usageRow{at: rapid.Int64Min(0).Draw(t, "at")}
		for c := range want.usage {
			if rapid.Bool().Draw(t, "cell") {
				want.usage[c] = held{rapid.Int64().Draw(t, "objects"), rapid.Int64().Draw(t, "bytes")}
			}
		}
		got, err := decodeUsage(encodeUsage(want))
		if err != nil || got != want {
			t.Fatalf("got %+v, error %v, want %+v", got, err, want)
		}
	})
	for _, b := range [][]byte{
		nil, {0}, {1}, {1, 0}, {1, 0, 0, 0}, {1, 0x80}, {2}, {2, 0x80}, {2, 0, 0}, {2, 0, 0, 2}, {2, 0, byte(numCells), 2, 2}, {2, 0, 1, 2, 2, 1, 2, 2}, {3, 0},
	} {
		if u, err := decodeUsage(b); err == nil {
			t.Errorf("decode %x: got %+v, want an error", b, u)
		}
	}
}

// TestUsageRowFormat1 reads a row as programs before 2026-12 wrote it.
func TestUsageRowFormat1(t *testing.T) {
	got, err := decodeUsage([]byte{1, 6, 0xd0, 0x0f})
	want := usageRow{usage: usage{0: {objects: 3, bytes: 1000}}}
	if err != nil || got != want {
		t.Errorf("got %+v, error %v, want %+v", got, err, want)
	}
}

// TestRunFolds lets the worker run on a clock of its own.
func TestRunFolds(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	s.put(t, b, "key", []byte("x"))
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		folds := 0
		err := s.every(ctx, foldEvery, "test", func(context.Context) error {
			if folds++; folds == 3 {
				cancel()
			}
			return nil
		})
		if err != nil || folds != 3 {
			t.Errorf("got %d turns, error %v, want 3", folds, err)
		}
	})
}
