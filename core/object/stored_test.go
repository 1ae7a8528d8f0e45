package object

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shoal/core/access"
	"shoal/storage/kv"
)

// storedLines returns what EachStored tells of q, by bucket, class and time: "bucket class from-to bytes+byteSeconds objects+objectSeconds",
// times in seconds from begin.
func (s *testStore) storedLines(t *testing.T, q StoredQuery, begin time.Time) string {
	t.Helper()
	var all []Stored
	if err := s.EachStored(t.Context(), q, func(h *Stored) error { all = append(all, *h); return nil }); err != nil {
		t.Fatalf("stored: %v", err)
	}
	slices.SortFunc(all, func(a, b Stored) int {
		return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Class, b.Class), a.From.Compare(b.From), a.To.Compare(b.To))
	})
	var b strings.Builder
	for _, h := range all {
		class := h.Class
		if h.Parts {
			class += "(parts)"
		}
		fmt.Fprintf(&b, "%s %s %d-%d %d+%d %d+%d\n", h.Bucket, class, h.From.Unix()-begin.Unix(), h.To.Unix()-begin.Unix(),
			h.Bytes, h.ByteSeconds, h.Objects, h.ObjectSeconds)
	}
	return b.String()
}

func (s *testStore) checkStored(t *testing.T, q StoredQuery, begin time.Time, want string) {
	t.Helper()
	want = strings.ReplaceAll(strings.TrimLeft(want, "\n"), "\t", "")
	if got := s.storedLines(t, q, begin); got != want {
		t.Errorf("stored:\n%swant:\n%s", got, want)
	}
	if err := s.FoldOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.storedLines(t, q, begin); got != want {
		t.Errorf("stored, after a fold:\n%swant:\n%s", got, want)
	}
}

// hourStore is a store that was made, with a bucket, at the start of an hour.
func hourStore(t *testing.T) (s *testStore, b *Bucket, begin time.Time) {
	t.Helper()
	s = newTestStore(t)
	s.clock = s.clock.Truncate(time.Hour).Add(time.Hour)
	return s, s.bucket(t, "bucket"), s.clock
}

// wait lets time pass.
func (s *testStore) wait(d time.Duration) { s.clock = s.clock.Add(d) }

func (s *testStore) remove(t *testing.T, b *Bucket, key string) {
	t.Helper()
	if _, err := s.Delete(t.Context(), DeleteRequest{Bucket: b, Key: key}); err != nil {
		t.Fatalf("delete %q: %v", key, err)
	}
}

// An object that lived for 90 minutes counts for one and a half hours.
func TestStoredForNinetyMinutes(t *testing.T) {
	s, b, begin := hourStore(t)
	s.wait(45 * time.Minute)
	s.put(t, b, "k", make([]byte, 999)) // 1,000 bytes with the key
	s.wait(90 * time.Minute)
	s.remove(t, b, "k")
	s.wait(12 * time.Hour)
	s.checkStored(t, StoredQuery{From: begin, To: begin.Add(10 * time.Hour)}, begin, `
		bucket STANDARD 0-3600 250+0 0+900
		bucket STANDARD 3600-7200 1000+0 1+0
		bucket STANDARD 7200-10800 250+0 0+900
	`)
	// A later question does not see it; one for its second hour sees that alone.
	s.checkStored(t, StoredQuery{From: begin.Add(3 * time.Hour), To: begin.Add(10 * time.Hour)}, begin, "")
	s.checkStored(t, StoredQuery{From: begin.Add(time.Hour), To: begin.Add(2 * time.Hour)}, begin, `
		bucket STANDARD 3600-7200 1000+0 1+0
	`)
}

// The hour that is not over counts until now, and hours without a change are told of in one.
func TestStoredUntilNow(t *testing.T) {
	s, b, begin := hourStore(t)
	s.put(t, b, "k", make([]byte, 7))
	s.wait(5*time.Hour + 30*time.Minute)
	q := StoredQuery{From: begin, To: begin.Add(24 * time.Hour)}
	s.checkStored(t, q, begin, `
		bucket STANDARD 0-3600 8+0 1+0
		bucket STANDARD 3600-19800 8+0 1+0
	`)
	s.wait(time.Second)
	s.put(t, b, "l", make([]byte, 1))
	s.wait(10 * time.Second)
	s.checkStored(t, q, begin, `
		bucket STANDARD 0-3600 8+0 1+0
		bucket STANDARD 3600-18000 8+0 1+0
		bucket STANDARD 18000-19811 8+20 1+10
	`)
}

// Each storage class counts apart, and a replaced object in its own until then; metadata and delete markers count as on AWS.
func TestStoredByClass(t *testing.T) {
	s, b, begin := hourStore(t)
	put := func(class string, meta map[string]string) {
		t.Helper()
		_, err := s.Put(t.Context(), PutRequest{
			Bucket: b, Key: "key", Body: strings.NewReader("12345"), Size: 5, Owner: testOwner, StorageClass: class, Header: Header{Meta: meta},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	put("STANDARD_IA", nil)
	s.wait(time.Hour)
	put("GLACIER_IR", map[string]string{"a": "b"})
	s.wait(time.Hour)
	err := s.UpdateBucket(t.Context(), b.Name, func(c *BucketConfig) error { c.Versioning = VersioningEnabled; return nil })
	if err != nil {
		t.Fatal(err)
	}
	s.remove(t, b, "key")
	s.wait(time.Hour)
	s.checkStored(t, StoredQuery{From: begin, To: s.clock}, begin, `
		bucket GLACIER_IR 3600-7200 10+0 1+0
		bucket GLACIER_IR 7200-10800 10+0 1+0
		bucket STANDARD 7200-10800 3+0 0+0
		bucket STANDARD_IA 0-3600 8+0 1+0
	`)
}

// Parts count until their upload ends, however late the collector comes.
func TestStoredParts(t *testing.T) {
	s, b, begin := hourStore(t)
	upload := func(key, class string, n int) (*Upload, *Part) {
		t.Helper()
		u, err := s.CreateUpload(t.Context(), NewUpload{Bucket: b, Key: key, Owner: testOwner, StorageClass: class})
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.PutPart(t.Context(), PutPartRequest{Upload: u, Number: 1, Body: bytes.NewReader(make([]byte, n)), Size: int64(n)})
		if err != nil {
			t.Fatal(err)
		}
		return u, p
	}
	aborted, _ := upload("a", "", 10_000)
	done, part := upload("d", "STANDARD_IA", 20_000)
	_, _ = upload("left", "ONEZONE_IA", 30_000)
	s.wait(time.Hour)
	if err := s.AbortUpload(t.Context(), aborted, time.Time{}); err != nil {
		t.Fatal(err)
	}
	_, err := s.CompleteUpload(t.Context(), CompleteRequest{Bucket: b, Upload: done, Parts: []CompletePart{{Number: 1, ETag: part.ETag}}, Size: -1})
	if err != nil {
		t.Fatal(err)
	}
	s.wait(time.Hour)
	s.remove(t, b, "d")
	if err := s.DeleteBucket(t.Context(), b.Name); err != nil {
		t.Fatal(err)
	}
	s.wait(time.Hour)
	for range 3 {
		s.collect(t)
	}
	s.checkStored(t, StoredQuery{From: begin, To: s.clock}, begin, `
		bucket ONEZONE_IA(parts) 0-3600 30000+0 0+0
		bucket ONEZONE_IA(parts) 3600-7200 30000+0 0+0
		bucket STANDARD(parts) 0-3600 10000+0 0+0
		bucket STANDARD_IA(parts) 0-3600 20000+0 0+0
		bucket STANDARD_IA 3600-7200 20001+0 1+0
	`)
}

// A bucket that lived for half an hour is on the bill, beside the one that was made again under its name.
func TestStoredInDeletedBuckets(t *testing.T) {
	s, b, begin := hourStore(t)
	s.put(t, b, "k", make([]byte, 99))
	s.wait(30 * time.Minute)
	s.remove(t, b, "k")
	if err := s.DeleteBucket(t.Context(), b.Name); err != nil {
		t.Fatal(err)
	}
	b, err := s.CreateBucket(t.Context(), NewBucket{Name: b.Name, Owner: access.Owner{ID: "another"}, Ownership: access.ObjectWriter})
	if err != nil {
		t.Fatal(err)
	}
	s.put(t, b, "k", make([]byte, 199))
	s.wait(45 * time.Minute)
	q := StoredQuery{From: begin, To: begin.Add(24 * time.Hour), Bucket: "bucket"}
	s.checkStored(t, q, begin, `
		bucket STANDARD 0-1800 100+0 1+0
		bucket STANDARD 0-3600 100+0 0+1800
		bucket STANDARD 3600-4500 200+0 1+0
	`)
	q.Owner = string(testOwner.ID)
	s.checkStored(t, q, begin, `
		bucket STANDARD 0-1800 100+0 1+0
	`)
	q.Owner, q.Bucket = "", "other"
	s.checkStored(t, q, begin, "")
}

// A clock that is set back makes no negative usage.
func TestStoredWithAClockSetBack(t *testing.T) {
	s, b, begin := hourStore(t)
	s.wait(30 * time.Minute)
	s.put(t, b, "k", make([]byte, 99))
	s.wait(-20 * time.Minute)
	s.remove(t, b, "k")
	s.wait(3 * time.Hour)
	s.checkStored(t, StoredQuery{From: begin, To: begin.Add(2 * time.Hour)}, begin, "")
}

// TestUpgradeOfUsage opens a store whose usage was written by a program without histories: what it held counts from then on, as
// an object of STANDARD until it goes.
func TestUpgradeOfUsage(t *testing.T) {
	s, b, begin := hourStore(t)
	_, err := s.Put(t.Context(), PutRequest{
		Bucket: b, Key: "old", Body: strings.NewReader("1234567"), Size: 7, Owner: testOwner, StorageClass: "STANDARD_IA",
	})
	if err != nil {
		t.Fatal(err)
	}
	s.makeOld(t, b, "old")
	s.wait(90*time.Minute - time.Second)
	fresh, err := New(s.kv, s.blobs, s.o)
	if err != nil {
		t.Fatal(err)
	}
	s.since = fresh.since
	q := StoredQuery{From: begin, To: begin.Add(24 * time.Hour)}
	s.checkStored(t, q, begin, "") // the second that both programs may have had a part in is the earlier's
	s.wait(90*time.Minute + time.Second)
	s.remove(t, b, "old")
	s.wait(time.Hour)
	s.checkStored(t, q, begin, `
		bucket STANDARD 5400-10800 10+0 1+0
	`)
}

// makeOld writes the rows of the version of a key, the only one of a bucket, as programs before histories did.
func (s *testStore) makeOld(t *testing.T, b *Bucket, objectKey string) {
	t.Helper()
	v := *s.lookup(t, b, objectKey)
	total := v.usage().total()
	v.cell = 0
	writes := []kv.Write{
		{Key: headKey(b.ID, objectKey), Value: encodeVersion(&v)},
		{Key: historyStartKey(), Delete: true},
	}
	for _, row := range s.rows(t, kindDelta) {
		writes = append(writes, kv.Write{Key: row.Key, Value: appendHeld([]byte{usageFormat1}, total)})
	}
	s.commit(t, writes...)
}

// TestStoredDuringFolds asks what was stored again and again while deltas are folded from two sides: the answer is one. What was
// made and deleted leaves nothing in the sum, so that only the history has it.
func TestStoredDuringFolds(t *testing.T) {
	s, b, begin := hourStore(t)
	const objects = 500
	for i := range objects {
		s.put(t, b, fmt.Sprintf("%03d", i), make([]byte, 7))
	}
	s.wait(30 * time.Minute)
	for i := range objects {
		s.remove(t, b, fmt.Sprintf("%03d", i))
	}
	s.wait(time.Hour)
	q, want := StoredQuery{From: begin, To: s.clock}, "bucket STANDARD 0-3600 2500+0 250+0\n"
	var folders sync.WaitGroup
	for range 2 {
		folders.Go(func() {
			if err := s.FoldOnce(t.Context()); err != nil {
				t.Errorf("fold: %v", err)
			}
		})
	}
	for range 200 {
		if got := s.storedLines(t, q, begin); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	folders.Wait()
	if n := len(s.rows(t, kindDelta)); n != 0 {
		t.Errorf("%d deltas are left", n)
	}
	s.checkStored(t, q, begin, want)
}

// A reader notices a fold also when the sum is nothing before and after it.
func TestReadersNoticeFolds(t *testing.T) {
	s, b, _ := hourStore(t)
	for range 2 {
		s.put(t, b, "k", nil)
		s.remove(t, b, "k")
		reads := 0
		err := s.unfolded(t.Context(), b.ID, func(usage) error {
			if reads++; reads > 1 {
				return nil
			}
			return s.FoldOnce(t.Context())
		})
		if err != nil || reads != 2 {
			t.Errorf("read %d times, error %v, want 2", reads, err)
		}
	}
}

// TestFoldOfManyHours folds at once what gathered over more hours than a commit of the fold takes.
func TestFoldOfManyHours(t *testing.T) {
	s, b, begin := hourStore(t)
	const hours = 3*foldHours + 1
	for range hours {
		s.put(t, b, "k", nil)
		s.wait(15 * time.Minute)
		s.remove(t, b, "k")
		s.wait(45 * time.Minute)
	}
	var want strings.Builder
	for h := range hours {
		fmt.Fprintf(&want, "bucket STANDARD %d-%d 0+900 0+900\n", h*3600, (h+1)*3600)
	}
	s.checkStored(t, StoredQuery{From: begin, To: s.clock}, begin, want.String())
}
