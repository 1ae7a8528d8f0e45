package swarm

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shoal/core/object"
	"shoal/wire/tracker"
)

// countingSource is a fakeSource that keeps downloads.
type countingSource struct {
	*fakeSource
	mu    sync.Mutex
	calls int
	fault error
}

func (c *countingSource) AddDownloads(_ context.Context, t *object.Torrent, n int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	if c.fault != nil {
		return c.fault
	}
	kept := *t
	c.fakeSource.mu.Lock()
	kept.Downloads = c.torrents[0].Downloads + n
	c.fakeSource.mu.Unlock()
	c.set(&kept)
	return nil
}

// kept returns the downloads that are kept, and how often it was called.
func (c *countingSource) kept() (downloads int64, calls int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fakeSource.mu.Lock()
	defer c.fakeSource.mu.Unlock()
	return c.torrents[0].Downloads, c.calls
}

func (c *countingSource) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault = err
}

// TestDownloadsAreKept: what peers have completed is answered by a live swarm, by none, and by the next registry, each once;
// writes are gathered, and one that fails is done again.
func TestDownloadsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &countingSource{fakeSource: &fakeSource{}}
		src.set(testTorrent(t, 1, everyone))
		peer := netip.MustParseAddr("203.0.113.9")
		wants := func(what string, r *Registry, want int64) {
			t.Helper()
			got, err := r.Scrape(t.Context(), testHash, peer)
			if err != nil || got.Downloaded != want {
				t.Errorf("%s: got %d downloads, %v, want %d", what, got.Downloaded, err, want)
			}
		}
		complete := func(r *Registry, from string) {
			t.Helper()
			if _, err := announce(r, from, 0, tracker.Completed); err != nil {
				t.Fatal(err)
			}
		}
		first := New(src, Options{})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- first.Run(ctx) }()
		wants("nobody yet", first, 0)
		complete(first, "203.0.113.1:1000")
		complete(first, "203.0.113.2:1000")
		complete(first, "203.0.113.2:1000") // the same peer, again
		wants("live", first, 2)
		src.fail(errors.New("disk full"))
		time.Sleep(2*downloadsEvery + downloadsEvery/2)
		src.fail(nil)
		time.Sleep(downloadsEvery)
		if kept, calls := src.kept(); kept != 2 || calls != 3 {
			t.Errorf("kept %d downloads in %d calls, want 2 in 3", kept, calls)
		}
		time.Sleep(2 * time.Hour)
		if got := first.Stats(); got.Swarms != 0 {
			t.Fatalf("%d swarms are live after two hours", got.Swarms)
		}
		wants("not live", first, 2)
		if _, calls := src.kept(); calls != 3 {
			t.Errorf("%d calls while nobody completed anything", calls)
		}
		complete(first, "203.0.113.3:1000")
		wants("live again", first, 3)
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		next := New(src, Options{})
		wants("after a restart", next, 3)
		complete(next, "203.0.113.3:1000")
		wants("live after a restart", next, 4)
	})
}

func TestUncountedAreBounded(t *testing.T) {
	var d downloads
	for i := range maxUncounted + 10 {
		tor := *testTorrent(t, 1, nobody)
		tor.InfoHash[5], tor.InfoHash[6], tor.InfoHash[7] = byte(i), byte(i>>8), byte(i>>16)
		d.add(&tor, 1)
	}
	if n := len(d.take()); n != maxUncounted {
		t.Errorf("%d torrents, want %d", n, maxUncounted)
	}
	if n := len(d.take()); n != 0 {
		t.Errorf("%d were not forgotten", n)
	}
}
