package notification

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/core/access"
	"shoal/core/object"
	"shoal/storage/blob/fileblob"
	"shoal/storage/kv/pebblekv"
)

// world is a store in memory with a bucket whose events go to the target "t".
type world struct {
	objects *object.Store
	bucket  *object.Bucket
}

func newWorld(t *testing.T) *world {
	t.Helper()
	fs := vfs.NewMem()
	engine, err := pebblekv.Open("kv", pebblekv.Options{FS: fs, ReserveBytes: -1, BallastBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := fileblob.Open("blobs", fileblob.Options{FS: fs, ReserveBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	objects, err := object.New(engine, blobs, object.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		report, err := objects.Fsck(context.Background(), object.FsckOptions{Deep: true, Recheck: time.Millisecond})
		if err != nil || !report.Clean() {
			t.Errorf("fsck: %+v, %v", report, err)
		}
		objects.Close()
		if err := errors.Join(blobs.Close(), engine.Close()); err != nil {
			t.Error(err)
		}
	})
	w := &world{objects: objects}
	b, err := objects.CreateBucket(t.Context(), object.NewBucket{Name: "pond", Owner: access.Owner{ID: "owner"}})
	if err != nil {
		t.Fatal(err)
	}
	created, _ := object.ParseEventType("ObjectCreated:*")
	removed, _ := object.ParseEventType("ObjectRemoved:*")
	rules := []object.NotificationRule{{ID: "rule", Target: "t", Events: created | removed}}
	if err := objects.PutNotification(t.Context(), b, rules, false, object.Requester{}); err != nil {
		t.Fatal(err)
	}
	if w.bucket, err = objects.Bucket(t.Context(), "pond"); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) put(t testing.TB, key string, size int) {
	t.Helper()
	_, err := w.objects.Put(t.Context(), object.PutRequest{Bucket: w.bucket, Key: key, Body: strings.NewReader(strings.Repeat("x", size)), Size: int64(size)})
	if err != nil {
		t.Fatal(err)
	}
}

// deliver runs a Deliverer to a target named "t" until the test ends or the returned stop is called.
func (w *world) deliver(t *testing.T, s Spec) (d *Deliverer, stop func()) {
	t.Helper()
	d, err := New(w.objects, []Spec{s}, Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run = %v", err)
		}
		d.Close()
	})
	t.Cleanup(stop)
	return d, stop
}

// pending returns how many events wait for "t".
func (w *world) pending() int {
	for _, s := range w.objects.EventStats() {
		if s.Target == "t" {
			return s.Pending
		}
	}
	return 0
}

// drained returns once no event waits for "t": what a target has got is removed a moment later.
func (w *world) drained(t *testing.T) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for w.pending() > 0 {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatalf("%d events wait", w.pending())
		}
	}
}

// inbox is what a target has got.
type inbox struct {
	got chan record
}

func newInbox() *inbox { return &inbox{make(chan record, 10_000)} }

func (in *inbox) take(data []byte) error {
	var m message
	if err := json.Unmarshal(data, &m); err != nil || len(m.Records) != 1 {
		return fmt.Errorf("message %s: %w", data, err)
	}
	in.got <- m.Records[0]
	return nil
}

// next returns the next n records, which come for sure.
func (in *inbox) next(t *testing.T, n int) []record {
	t.Helper()
	records := make([]record, n)
	for i := range records {
		select {
		case records[i] = <-in.got:
		case <-t.Context().Done():
			t.Fatalf("%d of %d events came", i, n)
		}
	}
	return records
}

// inOrder checks that the events of each key have rising sequencers, and returns the sizes by key.
func inOrder(t *testing.T, records []record) map[string][]int64 {
	t.Helper()
	last, sizes := map[string]string{}, map[string][]int64{}
	for _, r := range records {
		o := r.S3.Object
		if o.Sequencer <= last[o.Key] {
			t.Errorf("%s: sequencer %s after %s", o.Key, o.Sequencer, last[o.Key])
		}
		last[o.Key] = o.Sequencer
		sizes[o.Key] = append(sizes[o.Key], *o.Size)
	}
	return sizes
}

// TestWebhook: events come in order for their key, with the token, and again after each failure; what was acknowledged
// does not come again.
func TestWebhook(t *testing.T) {
	w, in := newWorld(t), newInbox()
	var mu sync.Mutex // guards failures
	failures := map[string]int{}
	hook := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Authorization") != "Bearer secret" || r.Header.Get("Content-Type") != "application/json" || r.URL.RawQuery != "a=b" {
			t.Errorf("request %s %v, %v", r.Method, r.Header, err)
		}
		mu.Lock()
		failures[string(data)]++
		first := failures[string(data)] == 1
		mu.Unlock()
		if first && strings.Contains(string(data), `"size":3,`) {
			http.Redirect(rw, r, "/elsewhere", http.StatusTemporaryRedirect)
			return
		}
		if err := in.take(data); err != nil {
			t.Error(err)
		}
		rw.WriteHeader(http.StatusAccepted)
	}))
	defer hook.Close()
	for size := range 5 {
		for _, key := range []string{"a", "b", "c", "d"} {
			w.put(t, key, size)
		}
	}
	s := spec(t, "t", hook.URL+"/in?a=b")
	s.Secret = "secret"
	d, stop := w.deliver(t, s)
	sizes := inOrder(t, in.next(t, 20))
	for _, key := range []string{"a", "b", "c", "d"} {
		if want := []int64{0, 1, 2, 3, 4}; !slices.Equal(sizes[key], want) {
			t.Errorf("%s: sizes %v, want %v", key, sizes[key], want)
		}
	}
	w.put(t, "later", 7) // while it waits
	if got := in.next(t, 1)[0].S3.Object.Key; got != "later" {
		t.Errorf("got an event of %s, want later", got)
	}
	w.drained(t)
	stop()
	if len(in.got) != 0 {
		t.Errorf("%d events came twice, want none", len(in.got))
	}
	if got := d.Stats(); len(got) != 1 || got[0].Target != "t" || got[0].Delivered != 21 || got[0].Failed < 4 {
		t.Errorf("stats %+v, want 21 events of t delivered and at least 4 failures", got)
	}
}

// TestUnreachableTarget: events wait for a target that nobody answers for, and come once somebody does.
func TestUnreachableTarget(t *testing.T) {
	w, in := newWorld(t), newInbox()
	hook := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		if err := in.take(data); err != nil {
			t.Error(err)
		}
	}))
	defer hook.Close()
	s := spec(t, "t", "http://"+hook.Listener.Addr().String()) // takes connections and answers none
	w.put(t, "k", 1)
	_, stop := w.deliver(t, s)
	stop()
	if n := w.pending(); n != 1 {
		t.Fatalf("%d events wait, want 1", n)
	}
	hook.Start()
	_, stop = w.deliver(t, s)
	in.next(t, 1)
	w.drained(t)
	stop()
}

func TestWaitAfter(t *testing.T) {
	for _, tt := range []struct {
		failures int
		draw     float64
		want     time.Duration
	}{
		{0, 0, 250 * time.Millisecond},
		{0, 1, 500 * time.Millisecond},
		{3, 1, 4 * time.Second},
		{5, 1, 16 * time.Second},
		{6, 0, 15 * time.Second},
		{6, 1, 30 * time.Second},
		{1 << 20, 1, 30 * time.Second},
	} {
		if got := waitAfter(tt.failures, tt.draw); got != tt.want {
			t.Errorf("waitAfter(%d, %v) = %v, want %v", tt.failures, tt.draw, got, tt.want)
		}
	}
}
