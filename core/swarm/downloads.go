package swarm

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"shoal/core/object"
)

const (
	// downloadsEvery is how often completed downloads are made durable: a crash loses as many seconds of them.
	downloadsEvery = 2 * time.Second
	// maxUncounted bounds the torrents whose downloads are not durable yet, about 300 bytes each; downloads of others are
	// counted only while their swarm is live.
	maxUncounted = 1 << 16
	// downloadCommits are under way at once, so that the store can make them durable together.
	downloadCommits = 16
)

// DownloadCounter is a Source that keeps the downloads of its torrents, and says so in object.Torrent.Downloads.
type DownloadCounter interface {
	// AddDownloads adds n to the downloads of t. Those of a torrent that is gone are forgotten.
	AddDownloads(ctx context.Context, t *object.Torrent, n int64) error
}

var _ DownloadCounter = (*object.Store)(nil)

// downloads are those that were completed and are not durable yet.
type downloads struct {
	mu     sync.Mutex // guards all below; taken after Swarm.mu
	counts map[torrentName]*uncounted
}

// torrentName tells torrents apart as the store does.
type torrentName struct {
	version object.VersionID
	hash    [20]byte
}

type uncounted struct {
	t *object.Torrent
	n int64
}

func (d *downloads) add(t *object.Torrent, n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	name := torrentName{t.Version.ID, t.InfoHash}
	u := d.counts[name]
	if u == nil {
		if len(d.counts) >= maxUncounted {
			return
		}
		if d.counts == nil {
			d.counts = make(map[torrentName]*uncounted)
		}
		u = &uncounted{t: t}
		d.counts[name] = u
	}
	u.n += n
}

// take returns all there are and forgets them.
func (d *downloads) take() map[torrentName]*uncounted {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := d.counts
	d.counts = nil
	return all
}

// runDownloads makes downloads durable until ctx is done, and then the last ones.
func (r *Registry) runDownloads(ctx context.Context) {
	counter, ok := r.src.(DownloadCounter)
	if !ok {
		return
	}
	tick := time.NewTicker(downloadsEvery)
	defer tick.Stop()
	// A commit is not broken off, because nobody would know whether it counted.
	keep := context.WithoutCancel(ctx)
	for {
		select {
		case <-ctx.Done():
			r.countDownloads(keep, counter)
			return
		case <-tick.C:
			r.countDownloads(keep, counter)
		}
	}
}

// countDownloads gives counter what there is; what it does not take is kept for the next time.
func (r *Registry) countDownloads(ctx context.Context, counter DownloadCounter) {
	var g errgroup.Group
	g.SetLimit(downloadCommits)
	for _, u := range r.downloads.take() {
		g.Go(func() error {
			if err := counter.AddDownloads(ctx, u.t, u.n); err != nil {
				r.downloads.add(u.t, u.n)
				return err
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		r.o.Logger.LogAttrs(ctx, slog.LevelWarn, "count downloads", slog.Any("error", err))
	}
}
