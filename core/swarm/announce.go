package swarm

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"shoal/core/fault"
	"shoal/core/savings"
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
	Peer       netip.AddrPort // the source address of the announce and the port announced in it
	ID         tracker.PeerID
	Left       int64 // bytes, or tracker.LeftUnknown
	Downloaded int64 // bytes since it started, as it says
	Event      tracker.Event
	NumWant    int32 // peers wanted, or tracker.NumWantDefault

	// OwnFamilyOnly: the reply can carry addresses of the family of Peer only.
	OwnFamilyOnly bool
	// Origin is where that client reaches our seeder. It is borrowed for the call.
	Origin []netip.AddrPort
	// Local is where the peer says that it is reached in its own network; told only to those who come from the same
	// address as it, and only when it is a private one.
	Local netip.AddrPort
	// Token is of the announce URL of a private torrent. It is borrowed for the call.
	Token string
	// Now is the time of the request; zero asks Options.Now, which a front with many requests at once does not.
	Now time.Time
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
	Downloaded int64 // completed events, those that the store has kept among them: see DownloadCounter
}

// Announce records what a peer says and names others to it, appended to dst. Kinds: NoTorrent, SlowDown.
func (r *Registry) Announce(ctx context.Context, h torrent.InfoHash, a Announce, dst []tracker.Peer) (Reply, error) {
	a.Peer = netip.AddrPortFrom(a.Peer.Addr().Unmap().WithZone(""), a.Peer.Port())
	if a.Now.IsZero() {
		a.Now = r.o.Now()
	}
	s, err := r.swarmFor(ctx, h, &a)
	if err != nil {
		return Reply{}, err
	}
	reply, err := s.announce(h, &a, dst)
	if !errors.Is(err, errIdle) {
		return reply, err
	}
	// It was dropped for being idle just after it was found.
	if s, err = r.openFor(ctx, h, &a); err != nil {
		return Reply{}, err
	}
	return s.announce(h, &a, dst)
}

// Scrape returns the counts of a torrent that is public for peer; it makes no swarm. Kind: NoTorrent.
func (r *Registry) Scrape(ctx context.Context, h torrent.InfoHash, peer netip.Addr) (Counts, error) {
	s, err := r.current(ctx, h, r.o.Now())
	if err != nil {
		return Counts{}, err
	}
	if s != nil && s.Allows(peer) {
		return s.Counts(), nil
	}
	t, err := r.resolve(ctx, "scrape", h, peer)
	if err != nil {
		return Counts{}, err
	}
	if t.Private {
		return Counts{}, fault.New("scrape", h.String(), fault.NoTorrent, errNotGuest)
	}
	return Counts{Complete: 1, Downloaded: t.Downloads}, nil
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

func (s *Swarm) announce(h torrent.InfoHash, a *Announce, dst []tracker.Peer) (Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed != nil:
		return Reply{}, s.closed
	case !s.Allows(a.Peer.Addr()): // made private since it was looked up
		return Reply{}, fault.New("announce", s.hashes[0].String(), fault.NoTorrent, errNotPublic)
	}
	size := len(s.peers4.list) + len(s.peers6.list)
	interval := intervalFor(a.Now.Sub(s.born), s.growth.fast(a.Now, size), s.r.o.Interval, rand.Float64())
	asked := asking{
		Announce: a, expires: s.r.seconds(a.Now.Add(peerTTL(interval))), withheld: s.originWithheld(size),
		seen: sightingOf(s.r.seconds(a.Now), slices.Index(s.hashes, h)),
	}
	if a.Peer.Addr().Is4() {
		dst = announceTo(s, &s.peers4, pack4(a.Peer), &asked, dst)
	} else {
		dst = announceTo(s, &s.peers6, pack6(a.Peer), &asked, dst)
	}
	if asked.deprived { // if nobody here has what it wants, it is to learn of us soon
		interval = min(interval, youngInterval)
	}
	return Reply{Interval: interval, MinInterval: min(minInterval, interval), Counts: s.counts(), Peers: dst}, nil
}

// asking is an announce with what the swarm makes of it.
type asking struct {
	*Announce
	expires  uint32 // Registry.seconds
	seen     sighting
	withheld withholding
	deprived bool // the origin was withheld
}

// announceTo records the announce in t, the table of its family in s, and names others. s.mu is held.
func announceTo[K packed](s *Swarm, t *table[K], at K, a *asking, dst []tracker.Peer) []tracker.Peer {
	who := asker[K]{
		at: at, realm: realmOf(a.Peer.Addr()), content: wantsNoSeed(a.Announce), joins: a.Event == tracker.Started, now: s.r.seconds(a.Now),
	}
	i := t.find(at)
	known := i >= 0
	seen := a.seen
	twin := known && who.joins && t.list[i].seen.twin(seen)
	if twin { // and so are its next ones, to our other trackers
		seen = t.list[i].seen
	}
	if s.welcome(a.Announce, who.realm) {
		rec := record[K]{at: at, seen: seen, expires: a.expires, state: stateOf(a.Announce) | peerState(who.realm)<<realmShift}
		updateTable(s, t, i, rec, a.Announce)
	}
	want := numWantDefault
	if a.NumWant >= 0 {
		want = min(int(a.NumWant), numWantMax)
	}
	if a.Event == tracker.Stopped || want == 0 {
		return dst
	}
	end := len(dst) + want
	switch {
	case who.content, twin: // the twin was told
	case s.spent.Load(): // the origin would turn it away
	case a.withheld.from(known):
		a.deprived = true
	default:
		dst = appendOrigin(dst, a.Announce, want)
	}
	dst = t.choose(dst, end-len(dst), &who)
	if a.OwnFamilyOnly || end == len(dst) {
		return dst
	}
	if a.Peer.Addr().Is4() {
		return chooseOther(&s.peers6, dst, end-len(dst), who)
	}
	return chooseOther(&s.peers4, dst, end-len(dst), who)
}

// chooseOther appends peers of the other family than that of who.
func chooseOther[K, L packed](t *table[K], dst []tracker.Peer, want int, who asker[L]) []tracker.Peer {
	return t.choose(dst, want, &asker[K]{realm: who.realm, content: who.content, now: who.now})
}

// welcome reports whether an announce is to be recorded: not one from an address that no host has, nor
// one that gives our own seeder as a peer.
func (s *Swarm) welcome(a *Announce, from realm) bool {
	return a.Peer.Port() != 0 && from != nowhere && !slices.Contains(a.Origin, a.Peer)
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

// updateTable applies one announce to t, a table of s, in which its peer is at i, or -1. s.mu is held.
func updateTable[K packed](s *Swarm, t *table[K], i int, rec record[K], a *Announce) {
	var old peerState
	whole := false
	if i >= 0 {
		old, rec.claim = t.list[i].state, t.list[i].claim
		whole = s.claimed(&rec.claim, a)
	} else {
		rec.claim = s.newClaim(a)
	}
	if a.Event == tracker.Stopped {
		if whole && old&isFinished == 0 { // aria2 that does not seed says no completed
			s.count(a.Now, savings.Counts{Completions: 1})
		}
		if i >= 0 {
			t.removeAt(i)
			s.r.peers.Add(-1)
		}
		return
	}
	rec.state |= old & isFinished
	if a.Event == tracker.Completed && rec.state&isFinished == 0 {
		rec.state |= isFinished
		s.downloaded++
		s.r.downloads.add(s.Torrent(), 1)
		s.count(a.Now, savings.Counts{Completions: 1})
	}
	if i < 0 && !makeRoom(s, t, rec.at) {
		return // it is still told of others
	}
	if a.Local.IsValid() || old&hasHint != 0 {
		t.hint(&rec, localHint(a))
	}
	if i >= 0 {
		t.replace(i, rec)
		return
	}
	s.growth.note(a.Now)
	s.r.peers.Add(1)
	t.add(rec)
}

// makeRoom reports whether there is room for one more peer in t, having removed another one where need be.
// s.mu is held.
func makeRoom[K packed](s *Swarm, t *table[K], at K) bool {
	switch old := t.crowded(at); {
	case old >= 0:
		t.removeAt(old)
	case len(t.list) >= s.r.o.MaxPeersPerSwarm:
		t.evict()
	default:
		return int(s.r.peers.Load()) < s.r.o.MaxPeers
	}
	s.r.peers.Add(-1)
	return true
}

// localHint returns Announce.Local when it may be told: private, and from a peer that is not itself in that network.
func localHint(a *Announce) netip.AddrPort {
	if a.Local.Port() == 0 || !a.Local.Addr().IsPrivate() || realmOf(a.Peer.Addr()) != global {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a.Local.Addr().Unmap().WithZone(""), a.Local.Port())
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

const (
	// When this many peers have everything and this many are there, a swarm lives without the origin.
	enoughSeeds = 2
	enoughPeers = 20
)

// withholding says from whom the origin is withheld.
type withholding uint8

const (
	fromNobody withholding = iota
	// fromNewcomers: whoever still lacks something when it asks again is told of the origin. So announces of seeds
	// that are none cannot keep a download from its end.
	fromNewcomers
	fromEveryone
)

// from reports whether the origin is withheld from a peer that is known from an earlier announce, or not.
func (w withholding) from(known bool) bool { return w == fromEveryone || w == fromNewcomers && !known }

// originWithheld decides on a swarm with that many announced peers. s.mu is held.
func (s *Swarm) originWithheld(size int) withholding {
	switch {
	case len(s.members) >= s.r.o.MaxMembers: // it would close the connection
		return fromEveryone
	case s.peers4.seeds+s.peers6.seeds >= enoughSeeds && size >= enoughPeers:
		return fromNewcomers
	}
	return fromNobody
}
