package seeder

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/core/object"
	"shoal/core/swarm"
	"shoal/wire/torrent"
)

// bucketOfTwo is a source and a content with two torrents of one bucket, in memory, whose seeding can be changed.
type bucketOfTwo struct {
	oneTorrent
	other torrent.InfoHash

	mu     sync.Mutex
	bucket *object.Bucket // guarded by mu
}

func (b *bucketOfTwo) seed(s object.Seeding) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bucket = &object.Bucket{Name: "public", Owner: string(testOwner.ID), Config: object.BucketConfig{Seeding: s}}
}

func (b *bucketOfTwo) Resolve(_ context.Context, h torrent.InfoHash, _ access.Context) (*object.Torrent, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, v := *b.t, *b.t.Version
	t.Bucket, t.Version = b.bucket, &v
	switch h {
	case b.other:
		t.InfoHash, v.ID = h, object.VersionID{2}
		t.InfoHashV2 = torrent.InfoHashV2{9}
	case b.t.InfoHash:
	default:
		return nil, fault.New("resolve", h.String(), fault.NoTorrent, nil)
	}
	return &t, nil
}

func (b *bucketOfTwo) Reload(ctx context.Context, t *object.Torrent) (*object.Torrent, error) {
	return b.Resolve(ctx, t.InfoHash, access.Context{})
}

// TestRateOfBucket: a bucket's own rate stands before the server's for buckets, holds over several swarms, and is kept to
// within a second after it changed, also by who waits for its turn by the old one.
func TestRateOfBucket(t *testing.T) {
	const size, rate = 2 * mib, 256 * kib
	for _, tt := range []struct {
		name          string
		before, after int64 // the rate of the bucket, at first and after two seconds
		least, most   time.Duration
	}{
		{"the same", rate, rate, 15 * time.Second, 16 * time.Second},
		{"lower than the server's", rate / 2, rate / 2, 30 * time.Second, 32 * time.Second},
		{"the server's", 0, 0, 7 * time.Second, 8 * time.Second},
		{"faster", 1 << 10, 4 * rate, 5 * time.Second, 8 * time.Second},
		// Three seconds at most at the old rate leave a quarter.
		{"slower", 4 * rate, rate, 6 * time.Second, 13 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPipes(t, random(1, size), swarm.Speed, Options{})
				src := &bucketOfTwo{oneTorrent: p.one, other: torrent.InfoHash{8}}
				src.seed(object.Seeding{Rate: tt.before})
				swarms := swarm.New(src, swarm.Options{Policy: swarm.Speed})
				p.s = newSeeder(swarms, src, new(ledger), Options{Rates: Rates{Bucket: 2 * rate}})
				ctx, stop := context.WithCancel(t.Context())
				var running, all sync.WaitGroup
				running.Go(func() { _ = swarms.Run(ctx) })
				begin := time.Now()
				for _, h := range []torrent.InfoHash{p.one.t.InfoHash, src.other} {
					peer := p.dialFor(t, h)
					all.Go(func() {
						peer.ask(p.one.t)
						for peer.got < size {
							peer.next()
						}
						peer.nc.Close()
					})
				}
				time.Sleep(2 * time.Second)
				src.seed(object.Seeding{Rate: tt.after})
				all.Wait()
				if took := time.Since(begin); took < tt.least || took > tt.most {
					t.Errorf("two peers of two swarms had all after %v, want %v to %v", took, tt.least, tt.most)
				}
				p.s.conns.Wait()
				stop()
				running.Wait()
			})
		})
	}
}
