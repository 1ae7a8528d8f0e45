package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	killRounds   = 25 // without SHOAL_KILL_ROUNDS: about half a minute
	killWorkers  = 6
	killBucket   = "under-load"
	loadAtLeast  = 100 * time.Millisecond
	loadAtMost   = 700 * time.Millisecond
	restartIn    = 3 * time.Second // of a process on a busy machine; a start without a crash takes as long
	fsckEveryNth = 5               // rounds; every round reads every object
)

// TestKillNine kills the server at random moments under mixed load, starts it again on the same data, and
// holds everything that it serves against what it has acknowledged.
func TestKillNine(t *testing.T) {
	rounds, seed := killRounds, uint64(time.Now().UnixNano())
	if v := os.Getenv("SHOAL_KILL_ROUNDS"); v != "" {
		rounds = int(number(t, v))
	}
	if v := os.Getenv("SHOAL_KILL_SEED"); v != "" {
		seed = number(t, v)
	}
	t.Logf("%d rounds, SHOAL_KILL_SEED=%d", rounds, seed)
	random := rand.New(rand.NewPCG(seed, 0))
	s := start(t, options{})
	s.makeBucket(killBucket, true)
	workers := make([]*worker, killWorkers)
	for i := range workers {
		workers[i] = newWorker(i, rand.New(rand.NewPCG(seed, uint64(i+1))))
	}
	var slowest time.Duration
	for round := range rounds {
		loadThenKill(t, s, workers, loadAtLeast+time.Duration(random.Int64N(int64(loadAtMost-loadAtLeast))))
		s.run()
		slowest = max(slowest, s.ready)
		if s.ready > restartIn {
			t.Errorf("round %d: ready %v after the restart, want at most %v", round, s.ready, restartIn)
		}
		checkAll(t, s, workers)
		if round%fsckEveryNth == 0 || round == rounds-1 {
			s.fsck()
		}
		if t.Failed() {
			t.Fatalf("round %d of %d failed, SHOAL_KILL_SEED=%d", round, rounds, seed)
		}
	}
	total := 0
	for _, w := range workers {
		total += w.acknowledged
	}
	if total < rounds {
		t.Errorf("only %d writes acknowledged in %d rounds: the load was none", total, rounds)
	}
	t.Logf("%d writes acknowledged, slowest restart %v", total, slowest)
}

func number(t testing.TB, s string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// loadThenKill runs every worker, kills the server after a while, and waits until all have noticed.
func loadThenKill(t *testing.T, s *server, workers []*worker, after time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	for _, w := range workers {
		wg.Go(func() { w.run(ctx, t, s.sdk()) })
	}
	time.Sleep(after) // the moment of the kill is the test's input
	s.kill()
	cancel()
	wg.Wait()
}

// checkAll compares every object and the listing with what the workers know.
func checkAll(t *testing.T, s *server, workers []*worker) {
	t.Helper()
	c := s.sdk()
	var wg sync.WaitGroup
	for _, w := range workers {
		wg.Go(func() { w.check(t.Context(), t, c) })
	}
	wg.Wait()
	listed, err := keys(t.Context(), c, killBucket)
	if err != nil {
		t.Error(err)
		return
	}
	for _, w := range workers {
		for key, o := range w.objects {
			size, ok := listed[key]
			if ok != o.now.exists || ok && size != int64(o.now.size) {
				t.Errorf("%s is listed: %v with %d bytes; it is there: %v with %d bytes", key, ok, size, o.now.exists, o.now.size)
			}
			delete(listed, key)
		}
	}
	for key := range listed {
		t.Errorf("%s is listed and nobody put it", key)
	}
	checkUploads(t, c)
}

// checkUploads reads the list of unfinished uploads and the parts of each: all must be whole.
func checkUploads(t *testing.T, c *s3.Client) {
	t.Helper()
	bucket := killBucket
	list, err := c.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &bucket})
	if err != nil {
		t.Error(err)
		return
	}
	for _, u := range list.Uploads {
		_, err := c.ListParts(t.Context(), &s3.ListPartsInput{Bucket: &bucket, Key: u.Key, UploadId: u.UploadId})
		if err != nil {
			t.Error(fmt.Errorf("parts of unfinished upload %s: %w", *u.UploadId, err))
		}
		_, err = c.AbortMultipartUpload(t.Context(), &s3.AbortMultipartUploadInput{Bucket: &bucket, Key: u.Key, UploadId: u.UploadId})
		if err != nil {
			t.Error(fmt.Errorf("abort unfinished upload %s: %w", *u.UploadId, err))
		}
	}
}
