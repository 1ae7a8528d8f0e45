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
	why    Refusal
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
		return failure{"torrent is not served here", retryNoTorrent, notServed}
	case fault.SlowDown:
		return failure{"tracker is busy", retryBusy, busy}
	}
	return failure{"internal error", retryBusy, internal}
}

// refuse translates err, counts it, and logs what is our fault.
func (t *Tracker) refuse(ctx context.Context, err error) failure {
	kind := fault.KindOf(err)
	if kind != fault.NoTorrent && kind != fault.SlowDown && kind != fault.Canceled {
		t.o.Logger.LogAttrs(ctx, slog.LevelError, "tracker request", slog.Any("error", err))
	}
	f := failureOf(kind)
	t.counts.refused[f.why].Add(1)
	return f
}

// failed is the answer to a request that is at fault itself.
func (t *Tracker) failed(why Refusal, reason string) failure {
	t.counts.refused[why].Add(1)
	return failure{reason: reason, why: why}
}
