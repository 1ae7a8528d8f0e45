package object

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/storage/kv"
)

const allEvents = TestEvent - 1

// notify gives a bucket rules and returns it with them.
func (s *testStore) notify(t testing.TB, b *Bucket, rules ...NotificationRule) *Bucket {
	t.Helper()
	if err := s.PutNotification(t.Context(), b, rules, false, Requester{}); err != nil {
		t.Fatalf("put notification: %v", err)
	}
	b, err := s.Bucket(t.Context(), b.Name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// waiting returns the events that wait for a target, lane by lane.
func (s *testStore) waiting(t testing.TB, target string) []*Event {
	t.Helper()
	var all []*Event
	for lane := range EventLanes {
		events, err := s.Events(t.Context(), target, lane, 10_000)
		if err != nil {
			t.Fatalf("events of %s, lane %d: %v", target, lane, err)
		}
		all = append(all, events...)
	}
	return all
}

func (s *testStore) removeEvents(t testing.TB, events []*Event) {
	t.Helper()
	for part := range slices.Chunk(events, MaxRemoveEvents) {
		if err := s.RemoveEvents(t.Context(), part); err != nil {
			t.Fatalf("remove events: %v", err)
		}
	}
}

func TestEventTypes(t *testing.T) {
	for _, tt := range []struct {
		name string
		want EventType
	}{
		{"ObjectCreated:Put", ObjectCreatedPut},
		{"ObjectCreated:*", ObjectCreatedPut | ObjectCreatedPost | ObjectCreatedCopy | ObjectCreatedCompleteMultipartUpload},
		{"ObjectRemoved:*", ObjectRemovedDelete | ObjectRemovedDeleteMarkerCreated},
		{"ObjectTagging:*", ObjectTaggingPut | ObjectTaggingDelete},
		{"ObjectAcl:Put", ObjectACLPut},
		{"LifecycleExpiration:*", LifecycleExpirationDelete | LifecycleExpirationDeleteMarkerCreated},
		{"ObjectCreated", 0},
		{"ObjectCreated:", 0},
		{"*", 0},
		{"Object*", 0},
		{"TestEvent", 0},
		{"", 0},
	} {
		got, ok := ParseEventType(tt.name)
		if got != tt.want || ok != (tt.want != 0) {
			t.Errorf("ParseEventType(%q) = %b, %t, want %b", tt.name, got, ok, tt.want)
		}
	}
}

func TestRulesOverlap(t *testing.T) {
	for _, tt := range []struct {
		name string
		a, b NotificationRule
		want bool
	}{
		{"everything twice", NotificationRule{Events: allEvents}, NotificationRule{Events: ObjectACLPut}, true},
		{"other events", NotificationRule{Events: ObjectCreatedPut}, NotificationRule{Events: ObjectACLPut}, false},
		{"a prefix in another", NotificationRule{Events: 1, Prefix: "images"}, NotificationRule{Events: 1, Prefix: "images/a"}, true},
		{"other prefixes", NotificationRule{Events: 1, Prefix: "images/"}, NotificationRule{Events: 1, Prefix: "logs/"}, false},
		{"a suffix in another", NotificationRule{Events: 1, Suffix: "jpg"}, NotificationRule{Events: 1, Suffix: "pg"}, true},
		{"other suffixes below one prefix", NotificationRule{Events: 1, Prefix: "a", Suffix: ".jpg"}, NotificationRule{Events: 1, Prefix: "a", Suffix: ".png"}, false},
		{"a prefix against a suffix", NotificationRule{Events: 1, Prefix: "a"}, NotificationRule{Events: 1, Suffix: "b"}, true},
	} {
		if got, back := tt.a.Overlaps(&tt.b), tt.b.Overlaps(&tt.a); got != tt.want || back != tt.want {
			t.Errorf("%s: got %t and %t, want %t", tt.name, got, back, tt.want)
		}
	}
}

// TestEventOfEachChange makes every change that has an event, in and outside a rule's prefix.
func TestEventOfEachChange(t *testing.T) {
	s := newTestStore(t)
	b := s.versionedBucket(t, "bucket")
	b = s.notify(t, b, NotificationRule{ID: "rule", Target: "t", Events: allEvents, Prefix: "in/", Suffix: "k"})
	for _, key := range []string{"in/k", "out/k", "in/other"} {
		s.put(t, b, key, []byte("0123456789"))
	}
	v := s.lookup(t, b, "in/k")
	if err := s.SetTags(t.Context(), b, "in/k", VersionRef{}, []access.Tag{{Key: "a", Value: "b"}}, Requester{}); err != nil {
		t.Fatal(err)
	}
	if err := s.SetTags(t.Context(), b, "in/k", VersionRef{}, nil, Requester{}); err != nil {
		t.Fatal(err)
	}
	if err := s.SetACL(t.Context(), b, "in/k", VersionRef{}, access.ACL{}, Requester{}); err != nil {
		t.Fatal(err)
	}
	by := Requester{PrincipalID: "AIDA", SourceIP: "192.0.2.1", RequestID: "R", HostID: "H"}
	if _, err := s.Copy(t.Context(), CopyRequest{Source: v, Bucket: b, Key: "in/k", Owner: testOwner, By: by}); err != nil {
		t.Fatal(err)
	}
	u := s.upload(t, b, "in/k", NoChecksum, FullObject)
	if _, err := s.complete(t, b, u, s.part(t, u, 1, []byte("part"))); err != nil {
		t.Fatal(err)
	}
	marker := s.delete(t, b, "in/k", VersionRef{})
	s.delete(t, b, "in/k", VersionRef{ID: marker.VersionID, Set: true})
	s.delete(t, b, "in/k", VersionRef{ID: v.ID, Set: true})
	s.delete(t, b, "in/k", VersionRef{ID: v.ID, Set: true}) // gone already
	_, err := s.Put(t.Context(), PutRequest{
		Bucket: b, Key: "in/k", Body: strings.NewReader("x"), Size: 1, Owner: testOwner, Condition: WriteCondition{IfAbsent: true},
	})
	wantKind(t, err, fault.PreconditionFailed)

	events := s.waiting(t, "t")
	var got []string
	for i, e := range events {
		if i > 0 && e.Sequence <= events[i-1].Sequence {
			t.Errorf("event %d: sequence %d after %d", i, e.Sequence, events[i-1].Sequence)
		}
		if e.Key != "in/k" || e.Bucket != "bucket" || e.BucketOwner != "owner" || e.Rule != "rule" || e.VersionID == "" {
			t.Errorf("event %d: %+v", i, e)
		}
		got = append(got, fmt.Sprintf("%s %d", e.Type, e.Size))
	}
	want := []string{
		"ObjectCreated:Put 10", "ObjectTagging:Put 10", "ObjectTagging:Delete 10", "ObjectAcl:Put 10", "ObjectCreated:Copy 10",
		"ObjectCreated:CompleteMultipartUpload 4", "ObjectRemoved:DeleteMarkerCreated 0", "ObjectRemoved:Delete 0", "ObjectRemoved:Delete 0",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got events\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if copied := events[4]; copied.By != by || copied.ETag != v.ETag {
		t.Errorf("event of the copy: %+v", copied)
	}
	s.removeEvents(t, events)
	if left := s.rows(t, kindEvent); len(left) != 0 {
		t.Errorf("%d events left", len(left))
	}
}

// TestBucketWithoutRulesPaysNothing: a PUT makes the same commit as ever.
func TestBucketWithoutRulesPaysNothing(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	s.put(t, b, "k", []byte("x"))
	s.delete(t, b, "k", VersionRef{})
	if rows := s.rows(t, kindEvent); len(rows) != 0 || len(s.EventStats()) != 0 {
		t.Errorf("%d event rows, queues %+v, want none", len(rows), s.EventStats())
	}
	event := func() *Event { return s.addEvent(nil, b, ObjectCreatedPut, &Version{}, Requester{}) }
	if n := testing.AllocsPerRun(100, func() { event() }); n != 0 || event() != nil {
		t.Errorf("%v allocations, event %v, want none", n, event())
	}
}

// TestEventsAreInOrder: of racing writers of a key, the events are in the order in which they won.
func TestEventsAreInOrder(t *testing.T) {
	s := newTestStore(t)
	b := s.notify(t, s.versionedBucket(t, "bucket"), NotificationRule{ID: "r", Target: "t", Events: allEvents})
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 8 {
				s.put(t, b, "k", fmt.Appendf(nil, "%d %d", w, i))
			}
		})
	}
	wg.Wait()
	var got, want []string
	for _, e := range s.waiting(t, "t") {
		got = append(got, e.VersionID)
	}
	page, err := s.ListVersions(t.Context(), ListVersionsRequest{Bucket: b, Max: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range page.Entries {
		want = append(want, v.Version.ClientID())
	}
	slices.Reverse(want) // a listing has the newest first
	if len(got) != 64 || !slices.Equal(got, want) {
		t.Errorf("events of versions\n%v\nwant\n%v", got, want)
	}
}

// TestFullEventQueue: the change is made, its event is dropped and counted, and what waits stays.
func TestFullEventQueue(t *testing.T) {
	s := newTestStore(t)
	s.events.limit = 2
	b := s.notify(t, s.bucket(t, "bucket"), NotificationRule{ID: "r", Target: "t", Events: allEvents})
	for _, key := range []string{"1", "2", "3"} {
		s.put(t, b, key, nil)
	}
	s.lookup(t, b, "3")
	if got, want := s.EventStats(), []EventStats{{"t", 2, 1}}; !slices.Equal(got, want) {
		t.Errorf("queues %+v, want %+v", got, want)
	}
	events := s.waiting(t, "t")
	slices.SortFunc(events, func(a, b *Event) int { return strings.Compare(a.Key, b.Key) })
	if len(events) != 2 || events[0].Key != "1" || events[1].Key != "2" {
		t.Fatalf("events %+v, want those of 1 and 2", events)
	}
	s.removeEvents(t, events[:1])
	s.put(t, b, "4", nil)
	if got, want := s.EventStats(), []EventStats{{"t", 2, 1}}; !slices.Equal(got, want) {
		t.Errorf("queues %+v, want %+v", got, want)
	}
}

// TestEventsOutliveTheProcess: a new Store knows what waits, and its sequences go on although the clock went back.
func TestEventsOutliveTheProcess(t *testing.T) {
	s := newTestStore(t)
	b := s.notify(t, s.bucket(t, "bucket"), NotificationRule{ID: "r", Target: "t", Events: allEvents})
	s.put(t, b, "k", nil)
	s.delete(t, b, "k", VersionRef{})
	s.clock = s.clock.Add(-time.Hour)
	again, err := New(s.engine, s.blobs, Options{Clock: func() time.Time { return s.clock }})
	if err != nil {
		t.Fatal(err)
	}
	s.Store = again
	s.put(t, b, "k", nil)
	events := s.waiting(t, "t")
	if len(events) != 3 || events[2].Type != ObjectCreatedPut || events[2].Sequence <= events[1].Sequence {
		t.Errorf("events %+v, want the new one last", events)
	}
	if got, want := s.EventStats(), []EventStats{{"t", 3, 0}}; !slices.Equal(got, want) {
		t.Errorf("queues %+v, want %+v", got, want)
	}
}

// TestPutNotification: test events, and what is refused.
func TestPutNotification(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	rules := []NotificationRule{
		{ID: "1", Target: "t", Events: ObjectCreatedPut}, {ID: "2", Target: "t", Events: ObjectACLPut}, {ID: "3", Target: "u", Events: ObjectTaggingPut},
	}
	if err := s.PutNotification(t.Context(), b, rules, true, Requester{RequestID: "R"}); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"t", "u"} {
		if e := s.waiting(t, target); len(e) != 1 || e[0].Type != TestEvent || e[0].Key != "" || e[0].By.RequestID != "R" {
			t.Errorf("events of %s: %+v, want one test", target, e)
		}
		select {
		case <-s.EventsAdded(target, laneOf("bucket", "")):
		default:
			t.Errorf("nobody is told of the event of %s", target)
		}
	}
	twice := []NotificationRule{{ID: "1", Events: 1}, {ID: "2", Events: 3}}
	wantKind(t, s.PutNotification(t.Context(), b, twice, false, Requester{}), fault.InvalidArgument)
	long := []NotificationRule{{Events: 1, ARN: strings.Repeat("x", MaxNotification)}}
	wantKind(t, s.PutNotification(t.Context(), b, long, false, Requester{}), fault.InvalidArgument)
	if err := s.DeleteBucket(t.Context(), "bucket"); err != nil {
		t.Fatal(err)
	}
	wantKind(t, s.PutNotification(t.Context(), b, rules, true, Requester{}), fault.NoSuchBucket)
	if n := len(s.waiting(t, "t")); n != 1 {
		t.Errorf("%d events outlive their bucket, want 1", n)
	}
}

// TestFsckReadsEvents finds an event that does not read, and one in the lane of another key.
func TestFsckReadsEvents(t *testing.T) {
	s := newTestStore(t)
	b := s.notify(t, s.bucket(t, "bucket"), NotificationRule{ID: "r", Target: "t", Events: allEvents})
	s.put(t, b, "k", nil)
	e := s.waiting(t, "t")[0]
	other := bytes.Clone(e.row)
	other[len(eventTargetKey("t"))] ^= 1
	for _, bad := range []kv.Write{{Key: other, Value: encodeEvent(e)}, {Key: append(e.row[:len(e.row)-8:len(e.row)-8], "12345678"...), Value: []byte{9}}} {
		s.commit(t, bad)
		if got, want := s.fsck(t, FsckOptions{}), []FindingKind{BadRow}; !slices.Equal(got, want) {
			t.Errorf("row %q: findings %v, want %v", bad.Key, got, want)
		}
		s.commit(t, kv.Write{Key: bad.Key, Delete: true})
	}
}

// BenchmarkPutNotified is a small PUT in a bucket without rules, and in one with a rule.
func BenchmarkPutNotified(b *testing.B) {
	for _, rules := range [][]NotificationRule{nil, {{ID: "r", Target: "t", Events: allEvents}}} {
		b.Run(fmt.Sprintf("rules=%d", len(rules)), func(b *testing.B) {
			s := newTestStore(b)
			s.events.limit = 1 << 30
			bucket := s.notify(b, s.bucket(b, "bucket"), rules...)
			for i := 0; b.Loop(); i++ {
				s.put(b, bucket, fmt.Sprintf("%08d", i), []byte("x"))
			}
		})
	}
}
