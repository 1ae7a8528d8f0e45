package tracker

import (
	"context"
	"log/slog"
	"time"

	"shoal/core/fault"
)

// failure is how a fault looks to a peer.
type failure struct {
	reason string
	retry  time.Duration // BEP 31; 0 says nothing
}

const (
	// retryNoTorrent: not "never", for an object can be made public again.
	retryNoTorrent = time.Hour
	retryBusy      = time.Minute
)

// failureOf translates a kind. What the core returns here otherwise than by a fault of ours is NoTorrent
// and SlowDown; a peer learns nothing of the rest.
func failureOf(kind fault.Kind) failure {
	switch kind {
	case fault.NoTorrent:
		return failure{"torrent is not served here", retryNoTorrent}
	case fault.SlowDown:
		return failure{"tracker is busy", retryBusy}
	}
	return failure{"internal error", retryBusy}
}

// refuse translates err and logs what is our fault.
func (t *Tracker) refuse(ctx context.Context, err error) failure {
	kind := fault.KindOf(err)
	if kind != fault.NoTorrent && kind != fault.SlowDown && kind != fault.Canceled {
		t.o.Logger.LogAttrs(ctx, slog.LevelError, "tracker request", slog.Any("error", err))
	}
	return failureOf(kind)
}
