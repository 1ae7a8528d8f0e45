package soapapi

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"shoal/core/object"
)

// TestEvents: a change has its event as in REST, which says who asked in which request.
func TestEvents(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "CreateBucket", "<Bucket>pond</Bucket>")
	b, err := s.objects.Bucket(t.Context(), "pond")
	if err != nil {
		t.Fatal(err)
	}
	all := object.ObjectCreatedPut | object.ObjectCreatedCopy | object.ObjectRemovedDelete | object.ObjectACLPut
	rules := []object.NotificationRule{{ID: "r", Target: "hook", ARN: "arn:shoal:sqs::hook:webhook", Events: all}}
	if err := s.objects.PutNotification(t.Context(), b, rules, false, object.Requester{}); err != nil {
		t.Fatal(err)
	}
	const key = "<Bucket>pond</Bucket><Key>k</Key>"
	put := s.must(t, owner, "PutObjectInline", key+"<Data/><ContentLength>0</ContentLength>")
	s.must(t, owner, "CopyObject", "<SourceBucket>pond</SourceBucket><SourceKey>k</SourceKey><DestinationBucket>pond</DestinationBucket><DestinationKey>l</DestinationKey>")
	s.must(t, owner, "SetObjectAccessControlPolicy", key+"<AccessControlList/>")
	s.must(t, owner, "DeleteObject", key)
	s.must(t, owner, "DeleteObject", key) // nothing is there any more

	var events []*object.Event
	for lane := range object.EventLanes {
		found, err := s.objects.Events(t.Context(), "hook", lane, 100)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, found...)
	}
	slices.SortFunc(events, func(a, b *object.Event) int { return int(int64(a.Sequence - b.Sequence)) })
	var got []string
	for _, e := range events {
		got = append(got, fmt.Sprint(e.Type, " ", e.Key))
		if e.By.PrincipalID != string(s.users[owner].CanonicalID) || e.By.SourceIP == "" || e.By.HostID == "" {
			t.Errorf("%s by %+v", e.Type, e.By)
		}
	}
	want := []string{"ObjectCreated:Put k", "ObjectCreated:Copy l", "ObjectAcl:Put k", "ObjectRemoved:Delete k"}
	if !slices.Equal(got, want) {
		t.Fatalf("events\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if id := put.header.Get("X-Amz-Request-Id"); events[0].By.RequestID != id {
		t.Errorf("event of request %s, want %s", events[0].By.RequestID, id)
	}
}
