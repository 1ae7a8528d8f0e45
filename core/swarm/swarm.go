package swarm

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"shoal/core/fault"
	"shoal/core/object"
	"shoal/wire/torrent"
)

// Swarm is the live state of one torrent, of one kind.
type Swarm struct {
	r      *Registry
	hashes []torrent.InfoHash // by which it is found; the first stands for it
	born   time.Time
	guests *guestList // of a private torrent; nil of any other

	view     atomic.Pointer[view]
	checking sync.Mutex   // held while Source is asked what the torrent is now; taken before mu
	verified atomic.Int64 // when it was last asked and had an answer: nanoseconds since Registry.start
	lastUsed atomic.Int64 // likewise
	sent     atomic.Int64 // payload bytes
	spent    atomic.Bool  // the quota of who pays is used up: peers have each other only

	mu         sync.Mutex // guards all below
	closed     error      // why; nil while it is live
	policy     Policy
	members    map[*Member]struct{}
	joins      int64 // members ever
	churn      int64 // counts what may change a PEX message
	replicas   replicas
	governor   *Governor     // nil before the first member
	byID       []*Member     // by the governor's ids
	governed   time.Duration // the governor's time
	graduates  int           // members that left with everything lately
	graduated  time.Duration // when the last one of them left
	finished   int64         // members that left with everything
	ledger     ledger
	peers4     table[packed4]
	peers6     table[packed6]
	downloaded int64 // completed events, also those before this swarm
	growth     growth
	sweptAt    time.Time // when expired peers were last removed
}

// view is a torrent as it was last read, and what follows from that for everyone.
type view struct {
	torrent   *object.Torrent
	openToAll bool // whatever the address and the time: most torrents, so most checks are this flag
}

func newView(t *object.Torrent) *view {
	// A condition on what is unknown is not met in an allow and is met in a deny, so an object that is open
	// to a peer of whom nothing is known is open to every peer.
	return &view{torrent: t, openToAll: t.OpenTo(unknownPeer())}
}

func newSwarm(r *Registry, hashes []torrent.InfoHash, t *object.Torrent) *Swarm {
	now := r.o.Now()
	s := &Swarm{
		r: r, hashes: hashes, born: now, sweptAt: now, policy: r.policyOf(t),
		ledger:  ledger{size: t.Length, pieceLength: t.PieceLength},
		members: make(map[*Member]struct{}), replicas: newReplicas(t.NumPieces()),
		growth: growth{window: now}, downloaded: t.Downloads,
	}
	if t.Private {
		s.guests = newGuestList()
	}
	s.view.Store(newView(t))
	s.verified.Store(int64(now.Sub(r.start)))
	s.touch()
	return s
}

// Torrent returns the torrent as it was last read, while there are members at most about Options.Recheck ago.
// When its version was deleted while an equal public object is there, it is that one's from then on, with the
// same infohashes and bytes but another bucket and version.
func (s *Swarm) Torrent() *object.Torrent { return s.view.Load().torrent }

// Allows reports whether a peer of that address may have the torrent, by the facts of the last recheck: of a private
// torrent, whether a guest has announced itself from there.
func (s *Swarm) Allows(peer netip.Addr) bool { return s.lets(s.view.Load(), peer) }

// lets is Allows if v was the view.
func (s *Swarm) lets(v *view, peer netip.Addr) bool {
	if s.guests != nil {
		return s.guests.has(peer)
	}
	return v.openToAll || v.torrent.OpenTo(s.r.facts(peer))
}

// SentBytes returns the payload bytes sent to members since the swarm was made.
func (s *Swarm) SentBytes() int64 { return s.sent.Load() }

func (s *Swarm) touch() { s.lastUsed.Store(int64(s.r.o.Now().Sub(s.r.start))) }

func (s *Swarm) idleFor(now time.Time) time.Duration {
	return now.Sub(s.r.start) - time.Duration(s.lastUsed.Load())
}

// unverifiedFor returns for how long it is not known whether the torrent is as its view has it.
func (s *Swarm) unverifiedFor(now time.Time) time.Duration {
	return now.Sub(s.r.start) - time.Duration(s.verified.Load())
}

// empty reports whether nobody is in the swarm. s.mu is held.
func (s *Swarm) empty() bool {
	return len(s.members) == 0 && len(s.peers4.list) == 0 && len(s.peers6.list) == 0
}

// close ends the swarm for the reason given: nobody gets in any more, its members are closed.
func (s *Swarm) close(reason error) {
	s.mu.Lock()
	if s.closed != nil {
		s.mu.Unlock()
		return
	}
	s.closed = fault.New("swarm", s.hashes[0].String(), fault.NoTorrent, reason)
	closed := s.closed
	members := s.members
	s.members = make(map[*Member]struct{})
	s.clearPeers()
	for m := range members {
		s.release(m)
	}
	s.mu.Unlock()
	s.r.forget(s)
	for m := range members {
		m.conn.Close(closed)
	}
}

// closeIfEmpty ends a swarm that nobody is in and nobody has used for so long. Registry.making is held all the time,
// so that whoever had found it and is refused for errIdle makes a new one by Registry.open.
func (s *Swarm) closeIfEmpty(unused time.Duration) {
	s.r.making.Lock()
	defer s.r.making.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed != nil || !s.empty() || s.idleFor(s.r.o.Now()) < unused {
		return
	}
	s.closed = fault.New("swarm", s.hashes[0].String(), fault.NoTorrent, errIdle)
	s.r.forgetLocked(s)
}
