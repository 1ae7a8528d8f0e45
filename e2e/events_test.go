package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	eventBucket  = "notified"
	eventWriters = 4
	eventsAfter  = 300 * time.Millisecond // of load, and of delivery, before a kill
	eventsWithin = time.Minute            // on a busy machine; lanes wait up to some seconds after failures
)

// hook is a webhook that refuses until it is opened. It remembers the versions that it was told of.
type hook struct {
	mu       sync.Mutex // guards what follows
	open     bool
	tests    int
	versions map[string]bool
	last     map[string]string // newest sequencer of an event that came for the first time, by key
	faults   []string
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var m struct {
		Event   string
		Records []struct {
			EventName string
			S3        struct {
				Object struct{ Key, VersionID, Sequencer string }
			}
		}
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(body, &m)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case err != nil:
		h.faults = append(h.faults, fmt.Sprintf("%s: %v", body, err))
	case !h.open:
		w.WriteHeader(http.StatusServiceUnavailable)
	case m.Event == "s3:TestEvent":
		h.tests++
	default:
		for _, e := range m.Records {
			h.took(e.EventName, e.S3.Object.Key, e.S3.Object.VersionID, e.S3.Object.Sequencer)
		}
	}
}

// took notes an event. One may come again; one that is new comes behind all earlier ones of its key.
func (h *hook) took(name, key, version, sequencer string) {
	if h.versions[version] {
		return
	}
	if name != "ObjectCreated:Put" || sequencer <= h.last[key] {
		h.faults = append(h.faults, fmt.Sprintf("%s of %s: sequencer %s after %s", name, key, sequencer, h.last[key]))
	}
	h.versions[version], h.last[key] = true, sequencer
}

func (h *hook) set(open bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open = open
}

// told returns the versions that came, in order.
func (h *hook) told() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Sorted(maps.Keys(h.versions))
}

// TestEventsSurviveKillNine: awscli names a webhook; the server is killed under load while the webhook refuses, and again
// while it delivers. Afterwards the webhook was told of exactly the versions that are there, those of a key in order.
func TestEventsSurviveKillNine(t *testing.T) {
	program := findClient(t, "aws", "awscli")
	h := &hook{versions: map[string]bool{}, last: map[string]string{}}
	receiver := httptest.NewServer(h)
	defer receiver.Close()
	s := start(t, options{flags: []string{"--event-target", "hook=" + receiver.URL}})
	cli := func(args ...string) string {
		t.Helper()
		return runClient(t, clientIn, program, append([]string{"--endpoint-url", s.url(""), "s3api"}, args...)...)
	}
	cli("create-bucket", "--bucket", eventBucket)
	cli("put-bucket-versioning", "--bucket", eventBucket, "--versioning-configuration", "Status=Enabled")
	cli("put-bucket-notification-configuration", "--bucket", eventBucket, "--notification-configuration",
		`{"QueueConfigurations":[{"Id":"all","QueueArn":"arn:shoal:sqs::hook:webhook","Events":["s3:ObjectCreated:*"],"Filter":{"Key":{"FilterRules":[{"Name":"prefix","Value":"k"}]}}}]}`)
	if got := cli("get-bucket-notification-configuration", "--bucket", eventBucket); !strings.Contains(got, "arn:shoal:sqs::hook:webhook") {
		t.Errorf("get-bucket-notification-configuration printed %s", got)
	}

	putUntilKilled(t, s)
	s.run()
	h.set(true)
	time.Sleep(eventsAfter) // the moment of the kill is the test's input
	s.kill()
	s.run()
	want := versionsOf(t, s)
	eventually(t, eventsWithin, "the webhook was told of every version", func() bool { return len(h.told()) >= len(want) })
	if got := h.told(); !slices.Equal(got, want) {
		t.Errorf("told of %d versions, %d are there", len(got), len(want))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.faults) > 0 || h.tests == 0 {
		t.Errorf("%d test events; faults: %s", h.tests, strings.Join(h.faults, "\n"))
	}
	t.Logf("%d events", len(want))
}

// putUntilKilled puts small objects, two keys for each writer, and kills the server meanwhile.
func putUntilKilled(t *testing.T, s *server) {
	t.Helper()
	var writers sync.WaitGroup
	acknowledged := make(chan struct{}, 1)
	for w := range eventWriters {
		c := s.sdk()
		writers.Go(func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("k/%d %d", w, i%2)
				_, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(eventBucket), Key: &key, Body: strings.NewReader(key)})
				if err != nil {
					return // the server is gone
				}
				select {
				case acknowledged <- struct{}{}:
				default:
				}
			}
		})
	}
	<-acknowledged
	time.Sleep(eventsAfter) // the moment of the kill is the test's input
	s.kill()
	writers.Wait()
}

// versionsOf returns the ids of all versions of the bucket, in order.
func versionsOf(t *testing.T, s *server) (ids []string) {
	t.Helper()
	pages := s3.NewListObjectVersionsPaginator(s.sdk(), &s3.ListObjectVersionsInput{Bucket: aws.String(eventBucket)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range page.Versions {
			ids = append(ids, *v.VersionId)
		}
	}
	slices.Sort(ids)
	return ids
}
