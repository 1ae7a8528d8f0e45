package object

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/core/lifecycle"
	"shoal/storage/kv"
)

func (s *testStore) setLifecycle(t testing.TB, name string, rules ...lifecycle.Rule) *Bucket {
	t.Helper()
	for i := range rules {
		rules[i].ID = fmt.Sprint("rule ", i)
	}
	c := &lifecycle.Configuration{Rules: rules}
	if err := s.UpdateBucket(t.Context(), name, func(cfg *BucketConfig) error { cfg.Lifecycle = c; return nil }); err != nil {
		t.Fatalf("set lifecycle: %v", err)
	}
	b, err := s.Bucket(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// expire lets days pass and then the worker.
func (s *testStore) expire(t testing.TB, days int) {
	t.Helper()
	s.clock = s.clock.AddDate(0, 0, days)
	if err := s.ExpireOnce(t.Context(), s.clock); err != nil {
		t.Fatalf("expire: %v", err)
	}
}

// there lists what is in a bucket: keys, with "!" for a delete marker, newest first of each.
func (s *testStore) there(t testing.TB, b *Bucket) (list []string) {
	t.Helper()
	page, err := s.ListVersions(t.Context(), ListVersionsRequest{Bucket: b, Max: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range page.Entries {
		name := e.Version.Key
		if e.Version.DeleteMarker {
			name += "!"
		}
		list = append(list, name)
	}
	return list
}

func (s *testStore) wantThere(t testing.TB, b *Bucket, want ...string) {
	t.Helper()
	if got := s.there(t, b); !slices.Equal(got, want) {
		t.Errorf("at %v: got %q, want %q", s.clock.UTC(), got, want)
	}
}

func TestExpireObjects(t *testing.T) {
	s := newTestStore(t)
	s.bucket(t, "bucket")
	s.bucket(t, "other")
	b := s.setLifecycle(t, "bucket", lifecycle.Rule{Days: 2, Filter: lifecycle.Filter{Prefix: "logs/"}})
	for i := range 2*expirePage + 10 {
		s.put(t, b, fmt.Sprintf("logs/%04d", i), []byte("x"))
	}
	s.put(t, b, "kept", []byte("x"))
	at, rule, ok := s.Expiry(b, s.lookup(t, b, "logs/0000"))
	if want := s.clock.UTC().Truncate(24*time.Hour).AddDate(0, 0, 3); !ok || rule != "rule 0" || !at.Equal(want) {
		t.Errorf("expiry: got %v %q %t, want %v", at, rule, ok, want)
	}
	s.expire(t, 2)
	if n := len(s.there(t, b)); n != 2*expirePage+11 {
		t.Errorf("%d objects are there too early", n)
	}
	s.clock = at
	s.put(t, b, "logs/new", []byte("x"))
	s.expire(t, 0)
	s.wantThere(t, b, "kept", "logs/new")
	if st := s.LifecycleStats(); st != (LifecycleStats{Expired: 2*expirePage + 10}) {
		t.Errorf("stats %+v", st)
	}
	// The pass of a day is done once.
	s.setLifecycle(t, "bucket", lifecycle.Rule{Date: s.clock.Truncate(24 * time.Hour)})
	s.expire(t, 0)
	s.wantThere(t, b, "kept", "logs/new")
	s.expire(t, 1)
	s.wantThere(t, b)
}

func TestExpireVersions(t *testing.T) {
	s := newTestStore(t)
	s.versionedBucket(t, "bucket")
	b := s.setLifecycle(t, "bucket",
		lifecycle.Rule{Days: 10},
		lifecycle.Rule{NoncurrentDays: 3, NewerNoncurrent: 1},
		lifecycle.Rule{NoncurrentDays: 30})
	for range 4 {
		s.put(t, b, "key", []byte("x"))
		s.clock = s.clock.Add(time.Minute)
	}
	s.expire(t, 2)
	s.wantThere(t, b, "key", "key", "key", "key")
	s.expire(t, 2)
	s.wantThere(t, b, "key", "key")
	s.expire(t, 8) // a marker hides the object, which becomes noncurrent, then nothing but the marker is left
	s.wantThere(t, b, "key!", "key", "key")
	s.expire(t, 5)
	s.wantThere(t, b, "key!", "key")
	s.expire(t, 30)
	s.wantThere(t, b)
	if st := s.LifecycleStats(); st != (LifecycleStats{Expired: 1, Removed: 5}) {
		t.Errorf("stats %+v", st)
	}
}

// TestExpireSuspended: the null version goes, and its marker.
func TestExpireSuspended(t *testing.T) {
	s := newTestStore(t)
	s.bucket(t, "bucket")
	s.setVersioning(t, "bucket", VersioningSuspended)
	b := s.setLifecycle(t, "bucket", lifecycle.Rule{Days: 1})
	s.put(t, b, "key", []byte("x"))
	s.expire(t, 2)
	s.wantThere(t, b, "key!")
	s.expire(t, 2)
	s.wantThere(t, b)
}

// TestExpireLocked: no rule removes a locked version, nor shows what a delete marker hides.
func TestExpireLocked(t *testing.T) {
	s := newTestStore(t)
	s.lockedBucket(t, "bucket", DefaultRetention{Mode: Governance, Days: 20})
	b := s.setLifecycle(t, "bucket", lifecycle.Rule{Days: 1}, lifecycle.Rule{NoncurrentDays: 1}, lifecycle.Rule{ExpiredMarker: true})
	v := s.put(t, b, "key", []byte("x"))
	held := s.put(t, b, "held", []byte("x"))
	if err := s.SetLegalHold(t.Context(), b, "held", held.ref(), LegalHoldOn); err != nil {
		t.Fatal(err)
	}
	s.expire(t, 2)
	s.expire(t, 10)
	s.wantThere(t, b, "held!", "held", "key!", "key")
	s.clock = v.Lock.Retention.Until
	s.expire(t, 1)
	s.wantThere(t, b, "held!", "held")
}

func TestExpireUploads(t *testing.T) {
	s := newTestStore(t)
	s.bucket(t, "bucket")
	b := s.setLifecycle(t, "bucket", lifecycle.Rule{AbortDays: 2, Filter: lifecycle.Filter{Prefix: "up/"}})
	var uploads []*Upload
	for _, key := range []string{"up/a", "other"} {
		u, err := s.CreateUpload(t.Context(), NewUpload{Bucket: b, Key: key, Owner: testOwner})
		if err != nil {
			t.Fatal(err)
		}
		uploads = append(uploads, u)
	}
	s.expire(t, 2)
	if _, err := s.Upload(t.Context(), b, "up/a", uploads[0].ID); err != nil {
		t.Errorf("too early: %v", err)
	}
	s.expire(t, 1)
	_, err := s.Upload(t.Context(), b, "up/a", uploads[0].ID)
	wantKind(t, err, fault.NoSuchUpload)
	if _, err := s.Upload(t.Context(), b, "other", uploads[1].ID); err != nil {
		t.Errorf("of another prefix: %v", err)
	}
	s.collect(t)
}

// TestExpireEvents: what a rule does has events of its own.
func TestExpireEvents(t *testing.T) {
	s := newTestStore(t)
	b := s.versionedBucket(t, "bucket")
	s.notify(t, b, NotificationRule{ID: "n", Target: "t", Events: allEvents &^ ObjectCreatedPut})
	b = s.setLifecycle(t, "bucket", lifecycle.Rule{Days: 1, NoncurrentDays: 1})
	v := s.put(t, b, "key", []byte("x"))
	s.expire(t, 3)
	s.expire(t, 3)
	var got []string
	for _, e := range s.waiting(t, "t") {
		got = append(got, fmt.Sprint(e.Type, " by ", e.By.PrincipalID, ", of the object: ", e.VersionID == v.ClientID()))
	}
	want := []string{
		"LifecycleExpiration:DeleteMarkerCreated by s3.amazonaws.com, of the object: false",
		"LifecycleExpiration:Delete by s3.amazonaws.com, of the object: true",
		"LifecycleExpiration:Delete by s3.amazonaws.com, of the object: false", // the marker, with nothing left to hide
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestExpireChanged: what was put, or tagged, after it was looked at stays.
func TestExpireChanged(t *testing.T) {
	s := newTestStore(t)
	b := s.versionedBucket(t, "bucket")
	v := s.put(t, b, "key", []byte("old"))
	rows, err := s.kv.Get(t.Context(), headKey(b.ID, "key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetTags(t.Context(), b, "key", VersionRef{}, []access.Tag{{Key: "keep"}}, Requester{}); err != nil {
		t.Fatal(err)
	}
	e := &expirer{store: s.Store, now: s.clock, b: b, limit: rate.NewLimiter(rate.Inf, 0)}
	for _, what := range []lifecycle.Removal{lifecycle.ExpireObject, lifecycle.RemoveVersion} {
		if done, err := e.act(t.Context(), v, rows[0], what); done || err != nil {
			t.Errorf("%d: done %t, %v", what, done, err)
		}
	}
	s.wantThere(t, b, "key")
}

// TestExpireGoesOn: a pass that was stopped goes on behind what it did; an object that cannot be read stops no other.
func TestExpireGoesOn(t *testing.T) {
	s := newTestStore(t)
	s.bucket(t, "aaa")
	s.bucket(t, "bbb")
	a := s.setLifecycle(t, "aaa", lifecycle.Rule{Days: 1})
	b := s.setLifecycle(t, "bbb", lifecycle.Rule{Days: 1})
	for _, k := range []string{"1", "2", "3"} {
		s.put(t, a, k, []byte("x"))
		s.put(t, b, k, []byte("x"))
	}
	s.clock = s.clock.AddDate(0, 0, 3)
	e := &expirer{store: s.Store, now: s.clock}
	today := s.clock.UTC().Truncate(24 * time.Hour)
	if err := e.save(t.Context(), expiryPosition{day: today, bucket: "bbb", key: "2"}); err != nil {
		t.Fatal(err)
	}
	s.expire(t, 0)
	s.wantThere(t, a, "1", "2", "3")
	s.wantThere(t, b, "1")

	whole, err := s.kv.Get(t.Context(), headKey(a.ID, "2"))
	if err != nil {
		t.Fatal(err)
	}
	s.commit(t, kv.Write{Key: headKey(a.ID, "2"), Value: []byte{99}})
	s.clock = s.clock.AddDate(0, 0, 1)
	if err := s.ExpireOnce(t.Context(), s.clock); err == nil {
		t.Error("an object that cannot be read went unnoticed")
	}
	s.commit(t, kv.Write{Key: headKey(a.ID, "2"), Value: whole[0].Value})
	s.wantThere(t, a, "2")
	s.wantThere(t, b)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.clock = s.clock.AddDate(0, 0, 1)
	if err := s.ExpireOnce(ctx, s.clock); err == nil {
		t.Error("a pass without time to work was done")
	}
	s.expire(t, 0)
	s.wantThere(t, a)
}

// TestRunExpiry: the worker itself, over days of ten minutes.
func TestRunExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestStore(t)
		s.o.Clock, s.o.LifecycleDay = time.Now, 10*time.Minute
		s.bucket(t, "bucket")
		b := s.setLifecycle(t, "bucket", lifecycle.Rule{Days: 3})
		s.put(t, b, "key", []byte("x"))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.runExpiry(ctx) }()
		time.Sleep(29 * time.Minute)
		s.wantThere(t, b, "key")
		time.Sleep(13 * time.Minute)
		s.wantThere(t, b)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
