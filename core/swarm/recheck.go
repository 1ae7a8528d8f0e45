package swarm

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"shoal/core/fault"
	"shoal/core/object"
	"shoal/wire/torrent"
)

const (
	// recheckers read for several swarms at once; a read that waits for the disk holds up no other's second.
	recheckers = 4

	// maxUnverified is how long a swarm lives on while Source cannot be asked: a hiccup of the store does not
	// throw every peer out, and what may have been made private is not served for long.
	maxUnverified = 3 * time.Second

	// expireEvery is how often a swarm looks for peers that have not announced again, and one without members
	// whether its torrent is still there: both count to the second in what is handed out, so this is for
	// memory and counts.
	expireEvery = 30 * time.Second

	// staleRechecks is how many Options.Recheck old an answer of Source may be when someone asks.
	staleRechecks = 2
)

// Run keeps the live swarms true until ctx is done: every Options.Recheck each that has members is read again
// from Source and lets go of whom it is no longer open to; the expired and the empty are removed. Swarms
// of nobody but announced peers, who may be many and stay for an hour, are read when someone asks. It
// returns nil. Downloads become durable meanwhile, and before it returns.
func (r *Registry) Run(ctx context.Context) error {
	var counting sync.WaitGroup
	defer counting.Wait()
	counting.Go(func() { r.runDownloads(ctx) })
	tick := time.NewTicker(r.o.Recheck)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			r.recheckAll(ctx)
		case <-r.o.ServeChanged:
			r.budgetAll(ctx)
		}
	}
}

func (r *Registry) recheckAll(ctx context.Context) {
	var g errgroup.Group
	g.SetLimit(recheckers)
	for _, s := range r.Swarms() {
		s.tick()
		swept := r.expire(s)
		if !swept && !s.hasMembers() {
			continue
		}
		g.Go(func() error {
			if err := r.recheck(ctx, s); err != nil {
				r.unverified(ctx, s, err)
			}
			return nil
		})
	}
	_ = g.Wait() // the functions return no error
}

// expire removes peers that have not announced again, and s when nobody has been in it for long. It reports
// whether it was time to look for the expired.
func (r *Registry) expire(s *Swarm) (swept bool) {
	now := r.o.Now()
	s.mu.Lock()
	if swept = now.Sub(s.sweptAt) >= expireEvery; swept {
		s.sweptAt = now
		removed := s.peers4.expire(r.seconds(now)) + s.peers6.expire(r.seconds(now))
		r.peers.Add(-int64(removed))
	}
	s.mu.Unlock()
	if s.idleFor(now) >= r.o.Linger {
		s.closeIfEmpty(r.o.Linger)
	}
	return swept
}

// current returns the live swarm that has h, nil when there is none, for someone who asks: it is rechecked
// unless that was done lately.
func (r *Registry) current(ctx context.Context, h torrent.InfoHash, now time.Time) (*Swarm, error) {
	s := r.live(h)
	if s == nil || s.unverifiedFor(now) < staleRechecks*r.o.Recheck {
		return s, nil
	}
	if err := r.recheck(ctx, s); err != nil {
		return nil, wrap("recheck swarm", h, err)
	}
	return r.live(h), nil
}

// recheck reads the torrent of s again, unless someone does just now, and closes what it is no longer open to.
// An error is one of Source, which says nothing of the torrent.
func (r *Registry) recheck(ctx context.Context, s *Swarm) error {
	asked := r.o.Now()
	s.checking.Lock()
	defer s.checking.Unlock()
	if s.unverifiedFor(asked) < 0 {
		return nil // asked and answered while this waited
	}
	asked = r.o.Now()
	old := s.view.Load()
	next, err := r.reload(ctx, s, old)
	switch {
	case fault.Is(err, fault.NoTorrent):
		s.close(errNotPublic)
		return nil
	case err != nil:
		return err
	}
	s.verified.Store(int64(asked.Sub(r.start)))
	if !s.view.CompareAndSwap(old, next) {
		return nil // place has put a newer one there; the next recheck sees to it
	}
	if old.openToAll && !next.openToAll {
		s.dropPeers() // who may stay announces again
	}
	s.turnOut(next)
	r.budget(ctx, s)
	s.setPolicy(r.policyOf(next.torrent))
	return nil
}

// turnOut closes the members that v does not let have the torrent.
func (s *Swarm) turnOut(v *view) {
	for _, m := range s.refused(v) {
		m.conn.Close(fault.New("swarm", s.hashes[0].String(), fault.NoTorrent, errNotPublic))
	}
}

// reload returns the state of the torrent of s as it is now. When its version is gone or shuts members out,
// another public version of the same infohash stands in. Kind: NoTorrent when there is none.
func (r *Registry) reload(ctx context.Context, s *Swarm, old *view) (*view, error) {
	t, err := r.src.Reload(ctx, old.torrent)
	if err != nil && (!fault.Is(err, fault.NoTorrent) || s.guests != nil) {
		return nil, err
	}
	var next *view
	var shutOut netip.Addr
	if s.guests != nil { // no other torrent has its infohash
		return newView(t), r.recheckGuests(ctx, s, t)
	}
	if err == nil {
		next = newView(t)
		if shutOut = s.anyRefused(next); !shutOut.IsValid() {
			return next, nil
		}
	} else {
		shutOut = s.anyMember()
	}
	other, err := r.another(ctx, s, shutOut)
	switch {
	case fault.Is(err, fault.NoTorrent) && next != nil:
		return next, nil
	case err != nil:
		return nil, err
	case next == nil || newView(other).openToAll:
		return newView(other), nil
	}
	return next, nil
}

// another resolves the infohash of s anew, for a member that would have to go, or for nobody in particular.
func (r *Registry) another(ctx context.Context, s *Swarm, member netip.Addr) (*object.Torrent, error) {
	if !member.IsValid() {
		return r.src.Resolve(ctx, s.hashes[0], unknownPeer())
	}
	return r.src.Resolve(ctx, s.hashes[0], r.facts(member))
}

// unverified keeps the members of s for a while although Source gave no answer.
func (r *Registry) unverified(ctx context.Context, s *Swarm, err error) {
	if ctx.Err() != nil {
		return
	}
	r.o.Logger.LogAttrs(ctx, slog.LevelWarn, "recheck of a swarm",
		slog.String("infohash", s.hashes[0].String()), slog.Any("error", err))
	if s.hasMembers() && s.unverifiedFor(r.o.Now()) >= maxUnverified {
		s.close(errors.Join(errUnverified, err))
	}
}

func (s *Swarm) hasMembers() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.members) > 0
}

// anyMember returns the address of a member; not valid when there is none.
func (s *Swarm) anyMember() (a netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for m := range s.members {
		return m.addr.Addr()
	}
	return a
}

// anyRefused returns the address of a member that v shuts out; not valid when there is none.
func (s *Swarm) anyRefused(v *view) (a netip.Addr) {
	if v.openToAll {
		return a
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for m := range s.members {
		if !s.lets(v, m.addr.Addr()) {
			return m.addr.Addr()
		}
	}
	return a
}

func (s *Swarm) dropPeers() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clearPeers()
}

// clearPeers forgets who announced. s.mu is held.
func (s *Swarm) clearPeers() {
	s.r.peers.Add(-int64(len(s.peers4.list) + len(s.peers6.list)))
	s.peers4, s.peers6 = table[packed4]{}, table[packed6]{}
}
