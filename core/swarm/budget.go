package swarm

import (
	"context"
	"log/slog"

	"shoal/core/fault"
)

// budget asks whether the origin may serve s. When it may not, its members are closed and the others are told of each other
// alone, until it may again.
func (r *Registry) budget(ctx context.Context, s *Swarm) {
	t := s.Torrent()
	err := r.o.MayServe(ctx, t)
	spent := fault.Is(err, fault.QuotaExceeded)
	if err != nil && !spent {
		r.o.Logger.LogAttrs(ctx, slog.LevelWarn, "what a bucket may send is not known; it sends",
			slog.String("bucket", t.Bucket.Name), slog.Any("error", err))
	}
	if s.spent.Swap(spent) == spent || !spent {
		return
	}
	members := s.dismiss()
	r.o.Logger.LogAttrs(ctx, slog.LevelInfo, "the seeder leaves a swarm: what its bucket may send is used up",
		slog.String("bucket", t.Bucket.Name), slog.String("infohash", s.hashes[0].String()), slog.Int("connections", len(members)), slog.Any("why", err))
	for _, m := range members {
		m.conn.Close(err)
	}
}

// budgetAll asks for every swarm that the origin serves, or has left.
func (r *Registry) budgetAll(ctx context.Context) {
	for _, s := range r.Swarms() {
		if s.spent.Load() || s.hasMembers() {
			r.budget(ctx, s)
		}
	}
}

// dismiss takes all members out of the swarm.
func (s *Swarm) dismiss() (out []*Member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for m := range s.members {
		delete(s.members, m)
		s.release(m)
		out = append(out, m)
	}
	return out
}
