package swarm

import (
	"context"
	"net/netip"

	"shoal/core/fault"
	"shoal/wire/torrent"
)

// Verify reports whether a torrent is public for a peer that is not in its swarm, by what Source said at most
// Options.Recheck ago, never of a private one; like Swarm it keeps the swarm live. Kinds: NoTorrent, SlowDown.
func (r *Registry) Verify(ctx context.Context, h torrent.InfoHash, peer netip.Addr) error {
	now := r.o.Now()
	if s := r.live(h); s != nil && s.unverifiedFor(now) >= r.o.Recheck {
		if err := r.recheck(ctx, s); err != nil {
			return wrap("verify torrent", h, err)
		}
	}
	s, err := r.swarmAt(ctx, h, peer, now)
	if err == nil && s.guests != nil {
		return fault.New("verify torrent", h.String(), fault.NoTorrent, errNotGuest)
	}
	return err
}
