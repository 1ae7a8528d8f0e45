package swarm

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"shoal/core/fault"
	"shoal/wire/torrent"
	"shoal/wire/tracker"
)

// Bounds of the peers named in one reply.
const (
	numWantDefault = 50  // what clients expect
	numWantMax     = 200 // MaxUDPPeers4; more connections than a client opens
)

// Announce is what a peer says, with what the front knows of it.
type Announce struct {
	Peer    netip.AddrPort // the source address of the announce and the port announced in it
	ID      tracker.PeerID
	Left    int64 // bytes, or tracker.LeftUnknown
	Event   tracker.Event
	NumWant int32 // peers wanted, or tracker.NumWantDefault

	// OwnFamilyOnly: the reply can carry addresses of the family of Peer only.
	OwnFamilyOnly bool
	// Origin is where that client reaches our seeder. It is borrowed for the call.
	Origin []netip.AddrPort
}

// Reply is the answer to an announce.
type Reply struct {
	Interval    time.Duration // until the next announce
	MinInterval time.Duration // peers may not ask sooner
	Counts
	Peers []tracker.Peer // the origin first, unless the peer needs none
}

// Counts are the numbers of a scrape.
type Counts struct {
	Complete   int64 // announced peers that have everything, and the origin
	Incomplete int64
	Downloaded int64 // completed events since the swarm became live; not kept beyond that
}

// Announce records what a peer says and names others to it, appended to dst. Kinds: NoTorrent, SlowDown.
func (r *Registry) Announce(ctx context.Context, h torrent.InfoHash, a Announce, dst []tracker.Peer) (Reply, error) {
	a.Peer = netip.AddrPortFrom(a.Peer.Addr().Unmap().WithZone(""), a.Peer.Port())
	s, err := r.Swarm(ctx, h, a.Peer.Addr())
	if err != nil {
		return Reply{}, err
	}
	reply, err := s.announce(&a, dst)
	if !errors.Is(err, errIdle) {
		return reply, err
	}
	// It was dropped for being idle just after it was found.
	if s, err = r.open(ctx, h, a.Peer.Addr()); err != nil {
		return Reply{}, err
	}
	return s.announce(&a, dst)
}

// Scrape returns the counts of a torrent that is public for peer; it makes no swarm. Kind: NoTorrent.
func (r *Registry) Scrape(ctx context.Context, h torrent.InfoHash, peer netip.Addr) (Counts, error) {
	s, err := r.current(ctx, h)
	if err != nil {
		return Counts{}, err
	}
	if s != nil && s.Allows(peer) {
		return s.Counts(), nil
	}
	if _, err := r.src.Resolve(ctx, h, r.facts(peer)); err != nil {
		return Counts{}, wrap("scrape", h, err)
	}
	return Counts{Complete: 1}, nil
}

// Counts returns the numbers of a scrape of the swarm.
func (s *Swarm) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts()
}

// counts is Counts. s.mu is held.
func (s *Swarm) counts() Counts {
	seeds := s.peers4.seeds + s.peers6.seeds
	return Counts{
		Complete:   seeds + 1,
		Incomplete: int64(len(s.peers4.list)+len(s.peers6.list)) - seeds,
		Downloaded: s.downloaded,
	}
}

func (s *Swarm) announce(a *Announce, dst []tracker.Peer) (Reply, error) {
	now := s.r.o.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed != nil:
		return Reply{}, s.closed
	case !s.Allows(a.Peer.Addr()): // made private since it was looked up
		return Reply{}, fault.New("announce", s.hashes[0].String(), fault.NoTorrent, errNotPublic)
	}
	size := len(s.peers4.list) + len(s.peers6.list)
	interval := intervalFor(now.Sub(s.born), s.growth.fast(now, size), s.r.o.Interval, rand.Float64())
	if s.welcome(a) {
		s.update(a, now, now.Add(peerTTL(interval)))
	}
	return Reply{
		Interval: interval, MinInterval: min(minInterval, interval), Counts: s.counts(),
		Peers: s.name(dst, a, s.r.seconds(now)),
	}, nil
}

// welcome reports whether an announce is to be recorded: not one from an address that no host has, nor
// one that gives our own seeder as a peer.
func (s *Swarm) welcome(a *Announce) bool {
	return a.Peer.Port() != 0 && realmOf(a.Peer.Addr()) != nowhere && !slices.Contains(a.Origin, a.Peer)
}

// update records the announce in the table of its family. s.mu is held.
func (s *Swarm) update(a *Announce, now, expires time.Time) {
	if a.Peer.Addr().Is4() {
		record := recordOf(a, pack4(a.Peer), s.r.seconds(expires))
		updateTable(s, &s.peers4, record, a.Event, now)
	} else {
		record := recordOf(a, pack6(a.Peer), s.r.seconds(expires))
		updateTable(s, &s.peers6, record, a.Event, now)
	}
}

func recordOf[K packed](a *Announce, at K, expires uint32) record[K] {
	return record[K]{at: at, id: a.ID, expires: expires, state: stateOf(a)}
}

// stateOf: an unknown left counts as something left, except with the event that says otherwise.
func stateOf(a *Announce) peerState {
	switch {
	case a.Left == 0 || a.Event == tracker.Completed && a.Left == tracker.LeftUnknown:
		return isSeed | isContent
	case a.Event == tracker.Paused:
		return isContent
	}
	return 0
}

// updateTable applies one announce. s.mu is held; t is a table of s.
func updateTable[K packed](s *Swarm, t *table[K], rec record[K], event tracker.Event, now time.Time) {
	old, known := t.get(rec.at)
	if event == tracker.Stopped {
		if t.remove(rec.at) {
			s.r.peers.Add(-1)
		}
		return
	}
	rec.state |= old.state & isFinished
	if event == tracker.Completed && rec.state&isFinished == 0 {
		rec.state |= isFinished
		s.downloaded++
	}
	if !known {
		switch {
		case len(t.list) >= s.r.o.MaxPeersPerSwarm:
			t.evict()
			s.r.peers.Add(-1)
		case int(s.r.peers.Load()) >= s.r.o.MaxPeers:
			return // it is still told of others
		}
		s.growth.note(now)
		s.r.peers.Add(1)
	}
	t.put(rec)
}

// name appends the peers that a is told of: the origin, its own family, then the other. s.mu is held.
func (s *Swarm) name(dst []tracker.Peer, a *Announce, now uint32) []tracker.Peer {
	want := numWantDefault
	if a.NumWant >= 0 {
		want = min(int(a.NumWant), numWantMax)
	}
	if a.Event == tracker.Stopped || want == 0 {
		return dst
	}
	end := len(dst) + want
	who := asker{addr: a.Peer, content: wantsNoSeed(a), now: now}
	if !who.content {
		dst = appendOrigin(dst, a, want)
	}
	if a.Peer.Addr().Is4() {
		dst = s.peers4.choose(dst, end-len(dst), who)
		if !a.OwnFamilyOnly {
			dst = s.peers6.choose(dst, end-len(dst), who)
		}
		return dst
	}
	dst = s.peers6.choose(dst, end-len(dst), who)
	if !a.OwnFamilyOnly {
		dst = s.peers4.choose(dst, end-len(dst), who)
	}
	return dst
}

// wantsNoSeed reports whether seeds, the origin among them, are of no use to a peer. Who begins with nothing
// left may be one with a magnet link alone: aria2 says left=0 until it has the info dictionary.
func wantsNoSeed(a *Announce) bool {
	return stateOf(a)&isContent != 0 && !(a.Left == 0 && a.Event == tracker.Started)
}

func appendOrigin(dst []tracker.Peer, a *Announce, want int) []tracker.Peer {
	for _, origin := range a.Origin[:min(len(a.Origin), want)] {
		if origin != a.Peer {
			dst = append(dst, tracker.Peer{Addr: origin})
		}
	}
	return dst
}

// choose appends up to want peers from a random place of the table on.
func (t *table[K]) choose(dst []tracker.Peer, want int, who asker) []tracker.Peer {
	if want <= 0 || len(t.list) == 0 {
		return dst
	}
	return choose(dst, t.list, rand.IntN(len(t.list)), want, who)
}
