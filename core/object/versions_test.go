package object

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"shoal/core/fault"
	"shoal/storage/kv"
	"shoal/wire/torrent"
)

func (s *testStore) setVersioning(t testing.TB, name string, v Versioning) *Bucket {
	t.Helper()
	if err := s.UpdateBucket(t.Context(), name, func(c *BucketConfig) error { c.Versioning = v; return nil }); err != nil {
		t.Fatalf("set versioning: %v", err)
	}
	b, err := s.Bucket(t.Context(), name)
	if err != nil || b.Config.Versioning != v {
		t.Fatalf("bucket: %+v, %v, want versioning %d", b, err, v)
	}
	return b
}

func (s *testStore) versionedBucket(t testing.TB, name string) *Bucket {
	t.Helper()
	s.bucket(t, name)
	return s.setVersioning(t, name, VersioningEnabled)
}

func (s *testStore) delete(t testing.TB, b *Bucket, key string, ref VersionRef) DeleteResult {
	t.Helper()
	out, err := s.Delete(t.Context(), DeleteRequest{Bucket: b, Key: key, Ref: ref, Owner: testOwner})
	if err != nil {
		t.Fatalf("delete %q %+v: %v", key, ref, err)
	}
	return out
}

// TestVersioningStates: what was enabled cannot be turned off; the guards say what the bucket says, also after a
// delete of the bucket that was refused.
func TestVersioningStates(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	s.setVersioning(t, "bucket", VersioningSuspended)
	s.setVersioning(t, "bucket", VersioningEnabled)
	for _, v := range []Versioning{VersioningOff, VersioningSuspended + 1} {
		err := s.UpdateBucket(t.Context(), "bucket", func(c *BucketConfig) error { c.Versioning = v; return nil })
		wantKind(t, err, fault.BadBucketState)
	}
	v := s.put(t, b, "key", []byte("x"))
	wantKind(t, s.DeleteBucket(t.Context(), "bucket"), fault.BucketNotEmpty)
	marker := s.delete(t, b, "key", VersionRef{})
	s.delete(t, b, "key", VersionRef{ID: v.ID, Set: true})
	wantKind(t, s.DeleteBucket(t.Context(), "bucket"), fault.BucketNotEmpty)
	if again := s.put(t, b, "key", []byte("y")); again.Null {
		t.Error("a refused delete of the bucket took its versioning away")
	} else {
		s.delete(t, b, "key", VersionRef{ID: again.ID, Set: true})
	}
	s.delete(t, b, "key", VersionRef{ID: marker.VersionID, Set: true})
	if err := s.DeleteBucket(t.Context(), "bucket"); err != nil {
		t.Errorf("delete of a bucket without versions: %v", err)
	}
	_, err := s.Delete(t.Context(), DeleteRequest{Bucket: b, Key: "key"})
	wantKind(t, err, fault.NoSuchBucket)
}

// TestVersioningRace: each PUT is made in one state or the other; one that begins after the change was acknowledged
// is made in the new one, with whatever bucket its caller holds.
func TestVersioningRace(t *testing.T) {
	s := newTestStore(t)
	for i := range 20 {
		b := s.bucket(t, fmt.Sprintf("bucket-%d", i))
		var changed atomic.Bool
		var work sync.WaitGroup
		for w := range 4 {
			work.Go(func() {
				for n := range 10 {
					after := changed.Load()
					v, err := s.Put(t.Context(), PutRequest{Bucket: b, Key: fmt.Sprint("key", (w+n)%2), Body: strings.NewReader("x"), Size: 1})
					if err != nil || after && v.Null {
						t.Errorf("put after the change %v: %+v, %v", after, v, err)
					}
				}
			})
		}
		s.setVersioning(t, b.Name, VersioningEnabled)
		changed.Store(true)
		work.Wait()
	}
}

// TestConditionOverMarker: a delete marker is nothing to a condition.
func TestConditionOverMarker(t *testing.T) {
	s := newTestStore(t)
	b := s.versionedBucket(t, "bucket")
	old := s.put(t, b, "key", []byte("old"))
	s.delete(t, b, "key", VersionRef{})
	put := func(c WriteCondition) error {
		_, err := s.Put(t.Context(), PutRequest{Bucket: b, Key: "key", Body: strings.NewReader("x"), Size: 1, Condition: c})
		return err
	}
	wantKind(t, put(WriteCondition{IfMatch: old.ETag}), fault.NoSuchKey)
	if err := put(WriteCondition{IfAbsent: true}); err != nil {
		t.Errorf("put if absent over a delete marker: %v", err)
	}
	wantKind(t, put(WriteCondition{IfAbsent: true}), fault.PreconditionFailed)
	for _, ref := range []VersionRef{{}, {ID: old.ID, Set: true}} {
		_, err := s.Delete(t.Context(), DeleteRequest{Bucket: b, Key: "key", Ref: ref, Condition: WriteCondition{IfMatch: "other"}})
		wantKind(t, err, fault.PreconditionFailed)
	}
	out, err := s.Delete(t.Context(), DeleteRequest{Bucket: b, Key: "key", Ref: VersionRef{ID: old.ID, Set: true}, Condition: WriteCondition{IfMatch: old.ETag}})
	if err != nil || out.VersionID != old.ID {
		t.Errorf("delete of the version that matches: %+v, %v", out, err)
	}
}

// TestVersionsMoveInTorrents: a torrent stays with its version when that is no longer current, and goes with it.
func TestVersionsMoveInTorrents(t *testing.T) {
	s := newTestStore(t)
	s.publicBucket(t, "bucket")
	b := s.setVersioning(t, "bucket", VersioningEnabled)
	old := s.put(t, b, "key", randomContent(1, 100_000))
	tor, err := s.Torrent(t.Context(), b, old, torrent.V1, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.put(t, b, "key", []byte("new"))
	s.delete(t, b, "key", VersionRef{})
	again, err := s.Reload(t.Context(), tor)
	if err != nil || again.Current || again.Version.ID != old.ID {
		t.Fatalf("reload of an older version: %+v, %v", again, err)
	}
	s.delete(t, b, "key", VersionRef{ID: old.ID, Set: true})
	_, err = s.Reload(t.Context(), tor)
	wantKind(t, err, fault.NoTorrent)
	if rows := s.rows(t, kindInfohash); len(rows) > 0 {
		t.Errorf("%d infohash rows of a version that is gone", len(rows))
	}
	if c := s.collect(t); c.Blobs == 0 {
		t.Error("the content of a version that is gone was not collected")
	}
}

// movingEngine calls move before each scan of older versions.
type movingEngine struct {
	kv.Engine
	move func()
}

func (e *movingEngine) Scan(ctx context.Context, from, to []byte, o kv.ScanOptions) ([]kv.Row, bool, error) {
	if move := e.move; move != nil && from[0] == kindVersion && o.Rows != 1 { // 1 is for a promotion
		e.move = nil
		move()
	}
	return e.Engine.Scan(ctx, from, to, o)
}

// TestListVersionsOfMoves moves a version between its two kinds of rows in the middle of a listing: a version that was
// there all the while is listed, once.
func TestListVersionsOfMoves(t *testing.T) {
	s := newTestStore(t)
	b := s.versionedBucket(t, "bucket")
	stays := s.put(t, b, "key", []byte("stays"))
	newer := s.put(t, b, "key", []byte("newer"))
	e := &movingEngine{Engine: s.kv}
	s.kv = e
	for _, moves := range []struct {
		name string
		move func()
	}{
		{"to the head", func() { s.delete(t, b, "key", VersionRef{ID: newer.ID, Set: true}) }},
		{"from the head", func() { s.put(t, b, "key", []byte("newest")) }},
	} {
		name := moves.name
		e.move = moves.move
		page, err := s.ListVersions(t.Context(), ListVersionsRequest{Bucket: b, Max: MaxList})
		if err != nil {
			t.Fatal(err)
		}
		listed := 0
		for i, entry := range page.Entries {
			if entry.Latest != (i == 0) {
				t.Errorf("%s: entry %d is the latest %v", name, i, entry.Latest)
			}
			if entry.Version.ID == stays.ID {
				listed++
			}
		}
		if listed != 1 {
			t.Errorf("%s: the version is listed %d times", name, listed)
		}
		if e.move != nil {
			t.Errorf("%s: nothing moved", name)
		}
	}
}

// TestListPastMarkers: where an object is hidden, its folder is listed only for the sake of others.
func TestListPastMarkers(t *testing.T) {
	for _, plain := range []bool{false, true} {
		s := newTestStore(t)
		if plain {
			s.kv = plainEngine{s.kv}
		}
		b := s.versionedBucket(t, "bucket")
		for i := range 30 {
			for _, dir := range []string{"all/", "first/", "last/", ""} {
				key := fmt.Sprintf("%skey%02d", dir, i)
				if s.put(t, b, key, nil); dir != "first/" || i < 20 {
					s.delete(t, b, key, VersionRef{})
				}
			}
		}
		s.put(t, b, "last/z", nil)
		for _, limit := range []int{1, 2, 1000} {
			var got []string
			r := ListRequest{Bucket: b, Delimiter: "/", Max: limit}
			for more := true; more; {
				page, err := s.List(t.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, shownEntries(page)...)
				if more = page.More; more {
					r.After, r.AfterPrefix = got[len(got)-1], true
				}
			}
			if want := []string{"first/", "last/"}; !slices.Equal(got, want) {
				t.Errorf("plain %v, pages of %d: got %q, want %q", plain, limit, got, want)
			}
		}
	}
}

// countingEngine counts what commits cost.
type countingEngine struct {
	kv.Engine
	gets, rows, checks, writes, scans int
}

func (e *countingEngine) Get(ctx context.Context, keys ...[]byte) ([]kv.Row, error) {
	e.gets++
	e.rows += len(keys)
	return e.Engine.Get(ctx, keys...)
}

func (e *countingEngine) Scan(ctx context.Context, from, to []byte, o kv.ScanOptions) ([]kv.Row, bool, error) {
	e.scans++
	return e.Engine.Scan(ctx, from, to, o)
}

func (e *countingEngine) Commit(ctx context.Context, c kv.Commit) error {
	e.checks += len(c.Checks)
	e.writes += len(c.Writes)
	return e.Engine.Commit(ctx, c)
}

// TestRowsOfPut: versioning costs a bucket without it nothing, and one with it a row that is moved.
func TestRowsOfPut(t *testing.T) {
	type cost struct{ gets, rows, scans, checks, writes int }
	const guard, head, body, usage, moved, null = 1, 1, 1, 1, 1, 1
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	e := &countingEngine{Engine: s.kv}
	s.kv = e
	costOf := func(f func()) cost {
		*e = countingEngine{Engine: e.Engine}
		f()
		return cost{e.gets, e.rows, e.scans, e.checks, e.writes}
	}
	put := func() { s.put(t, b, "key", []byte("x")) }
	steps := []struct {
		name string
		do   func()
		want cost
	}{
		{"new", put, cost{1, guard + head, 0, guard + head, head + body + usage}},
		// The same size: no usage row. The old body row is deleted.
		{"over another", put, cost{1, guard + head, 0, guard + head, head + body + body}},
		{"enable", func() { s.setVersioning(t, "bucket", VersioningEnabled) }, cost{3, 1 + guardRows + 1, 0, 1 + guardRows, 1 + guardRows}},
		{"over the null version", put, cost{1, guard + head, 0, guard + head, head + body + usage + moved + null}},
		{"over a version", put, cost{1, guard + head, 0, guard + head, head + body + usage + moved}},
		{"delete marker", func() { s.delete(t, b, "key", VersionRef{}) }, cost{1, guard + head, 0, guard + head, head + usage + moved}},
	}
	for _, step := range steps {
		if got := costOf(step.do); got != step.want {
			t.Errorf("%s: got %+v, want %+v", step.name, got, step.want)
		}
	}
}

func TestGuard(t *testing.T) {
	mark := string(bytes.Repeat([]byte{7}, guardMark))
	for _, g := range []guard{
		{},
		{versioning: VersioningEnabled},
		{versioning: VersioningSuspended},
		{mark: mark},
		{versioning: VersioningEnabled, locked: true},
		{mark: mark, versioning: VersioningEnabled},
		{mark: mark, versioning: VersioningSuspended},
		{mark: mark, versioning: VersioningEnabled, locked: true},
	} {
		if got, err := decodeGuard(g.encode()); err != nil || got != g {
			t.Errorf("got %+v, %v, want %+v", got, err, g)
		}
	}
	// As before there was versioning.
	for row, want := range map[string]guard{"o": {}, "c" + mark: {mark: mark}} {
		if got, err := decodeGuard([]byte(row)); err != nil || got != want || string(want.encode()) != row {
			t.Errorf("row %q: got %+v, %v, want %+v", row, got, err, want)
		}
	}
}

func FuzzGuard(f *testing.F) {
	f.Add([]byte("o"))
	f.Add([]byte("o\x01"))
	f.Add([]byte("o\x03"))
	f.Add([]byte("c0123456789abcdef\x02"))
	f.Fuzz(func(t *testing.T, row []byte) {
		if g, err := decodeGuard(row); err == nil && !bytes.Equal(g.encode(), row) {
			t.Errorf("%q is written as %q", row, g.encode())
		}
	})
}

func FuzzParseVersionID(f *testing.F) {
	f.Add(VersionID{1, 2, 3}.String())
	f.Add("null")
	f.Fuzz(func(t *testing.T, text string) {
		if id, err := ParseVersionID(text); err == nil && id.String() != text {
			t.Errorf("%q is written as %q", text, id.String())
		}
	})
}
