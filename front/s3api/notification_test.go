package s3api

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"shoal/core/object"
)

// events returns the events that wait for the target hook, in the order of their sequences.
func (s *testServer) events(t *testing.T) []*object.Event {
	t.Helper()
	var all []*object.Event
	for lane := range object.EventLanes {
		events, err := s.objects.Events(t.Context(), "hook", lane, 1000)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, events...)
	}
	slices.SortFunc(all, func(a, b *object.Event) int { return int(int64(a.Sequence - b.Sequence)) })
	return all
}

func hookOnly(arn string) string {
	if strings.HasSuffix(arn, ":sqs::hook:webhook") {
		return "hook"
	}
	return ""
}

// TestEventsOfRequests: each operation has its event, which says who asked in which request.
func TestEventsOfRequests(t *testing.T) {
	s := newTestServer(t, Options{EventTarget: hookOnly})
	s.must(t, owner, "PUT", "/pond", "")
	const all = "<Event>s3:ObjectCreated:*</Event><Event>s3:ObjectRemoved:*</Event><Event>s3:ObjectTagging:*</Event><Event>s3:ObjectAcl:Put</Event>"
	s.must(t, owner, "PUT", "/pond?notification", "<NotificationConfiguration><QueueConfiguration><Queue>arn:shoal:sqs::hook:webhook</Queue>"+all+"</QueueConfiguration></NotificationConfiguration>")
	last := s.must(t, owner, "PUT", "/pond/k", "data", "x-amz-acl: public-read-write")
	s.must(t, owner, "PUT", "/pond/copy", "", "x-amz-copy-source: pond/k")
	fields := s.signedForm(t, func(p *minio.PostPolicy) { _ = p.SetKey("form") })
	if got := s.post(t, fields, "f", "data"); got.status != 204 {
		t.Fatalf("post: status %d", got.status)
	}
	s.must(t, owner, "PUT", "/pond/k?acl", "", "x-amz-acl: private")
	s.must(t, owner, "PUT", "/pond/k?tagging", "<Tagging><TagSet/></Tagging>")
	s.must(t, owner, "DELETE", "/pond/k?tagging", "")
	s.must(t, owner, "DELETE", "/pond/k", "")
	s.must(t, owner, "DELETE", "/pond/k", "") // nothing is there any more
	s.refused(t, other, "DELETE", "/pond/copy", "", 403, codeAccessDenied)

	events := s.events(t)
	var got []string
	for _, e := range events {
		got = append(got, fmt.Sprint(e.Type, " ", e.Key))
		if e.By.PrincipalID != string(s.users[owner].CanonicalID) || e.By.SourceIP != "127.0.0.1" || e.By.RequestID == "" || e.By.HostID == "" || e.VersionID != "" {
			t.Errorf("%s by %+v, version %q", e.Type, e.By, e.VersionID)
		}
	}
	want := []string{
		"TestEvent ", "ObjectCreated:Put k", "ObjectCreated:Copy copy", "ObjectCreated:Post form", "ObjectAcl:Put k",
		"ObjectTagging:Put k", "ObjectTagging:Delete k", "ObjectRemoved:Delete k",
	}
	if !slices.Equal(got, want) {
		t.Fatalf("events\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if id := last.header.Get("X-Amz-Request-Id"); events[1].By.RequestID != id {
		t.Errorf("event of request %s, want %s", events[1].By.RequestID, id)
	}
}

func FuzzNotificationConfiguration(f *testing.F) {
	f.Add([]byte("<NotificationConfiguration><QueueConfiguration><Queue>arn:shoal:sqs::hook:webhook</Queue><Event>s3:ObjectCreated:*</Event><Filter><S3Key><FilterRule><Name>prefix</Name><Value>x</Value></FilterRule></S3Key></Filter></QueueConfiguration></NotificationConfiguration>"))
	f.Add([]byte("<NotificationConfiguration><TopicConfiguration/></NotificationConfiguration>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var cfg notificationConfiguration
		if decodeXML(data, "NotificationConfiguration", &cfg) != nil {
			return
		}
		rules, err := cfg.rules(hookOnly)
		if err != nil {
			return
		}
		for i := range rules {
			if r := &rules[i]; r.Target != "hook" || r.ID == "" || len(r.Prefix) > object.MaxNotificationText || len(r.Suffix) > object.MaxNotificationText {
				t.Errorf("rule %+v was taken", r)
			}
			for j := range i {
				if rules[i].Overlaps(&rules[j]) {
					t.Errorf("rules %+v and %+v overlap", rules[i], rules[j])
				}
			}
		}
	})
}
