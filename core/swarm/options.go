package swarm

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"shoal/core/object"
	"shoal/core/savings"
)

// Options of New; the zero value works.
type Options struct {
	Logger *slog.Logger     // default: discard
	Now    func() time.Time // default time.Now

	Recheck  time.Duration // between two looks at who may have a live torrent; default 500 ms, at most half of the promised second
	Linger   time.Duration // a swarm stays that long after the last peer left; default 90 s
	Interval time.Duration // between two announces of one peer in a steady swarm; default 30 min

	Policy Policy // of the torrents of a bucket that has none of its own; default Egress

	// MayServe says whether the origin may send more of a torrent; an error of the kind QuotaExceeded says that it may not,
	// others nothing. default: it may
	MayServe func(context.Context, *object.Torrent) error
	// ServeChanged has a token when MayServe may say otherwise than before; without one that counts at the next recheck.
	ServeChanged <-chan struct{}

	// Count is told what peers of a torrent say that they got, and when; default: nobody is. It is called with a lock of the
	// swarm held, so it calls nothing of this package and does not block.
	Count func(*object.Torrent, time.Time, savings.Counts)

	Guests Guests // who may be in the swarms of private torrents; default: nobody

	MaxSwarms        int // live at once; default 100,000, about 1 KB each
	MaxPeersPerSwarm int // announced, of each address family; default 20,000
	MaxPeers         int // announced, in all; default 1,000,000, about 34 bytes each
	MaxMembers       int // connections to one swarm; default 500
	MaxMembersPerIP  int // connections from one IPv4 address or IPv6 /64, in all; default 64
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MayServe == nil {
		o.MayServe = func(context.Context, *object.Torrent) error { return nil }
	}
	if o.Count == nil {
		o.Count = func(*object.Torrent, time.Time, savings.Counts) {}
	}
	if o.Guests == nil {
		o.Guests = nobodyJoins{}
	}
	o.Recheck = cmp.Or(o.Recheck, 500*time.Millisecond)
	o.Linger = cmp.Or(o.Linger, 90*time.Second)
	o.Interval = cmp.Or(o.Interval, 30*time.Minute)
	o.MaxSwarms = cmp.Or(o.MaxSwarms, 100_000)
	o.MaxPeersPerSwarm = cmp.Or(o.MaxPeersPerSwarm, 20_000)
	o.MaxPeers = cmp.Or(o.MaxPeers, 1_000_000)
	o.MaxMembers = cmp.Or(o.MaxMembers, 500)
	o.MaxMembersPerIP = cmp.Or(o.MaxMembersPerIP, 64)
	return o
}
