package swarm

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/core/object"
	"shoal/wire/torrent"
)

// numShards spreads lookups by the first byte of an infohash, which nobody can choose cheaply.
const numShards = 64

// Registry holds the live swarms.
type Registry struct {
	src   Source
	o     Options
	start time.Time // 0 of the seconds that peer records hold

	shards [numShards]shard
	making sync.Mutex // held to add or remove swarms, so that both hashes of one lead to the same

	swarms, peers, members atomic.Int64
	sent                   atomic.Int64 // payload bytes

	downloads downloads

	perIPMu sync.Mutex
	perIP   map[netip.Addr]int // members by crowdOf their address
}

type shard struct {
	mu     sync.RWMutex
	byHash map[torrent.InfoHash]*Swarm
}

// Stats are totals of the moment, and SentBytes since the start.
type Stats struct {
	Swarms    int
	Peers     int   // announced and not expired
	Members   int   // connected
	SentBytes int64 // payload
}

// New returns a Registry without swarms. Its Run must run while it is used.
func New(src Source, o Options) *Registry {
	r := &Registry{src: src, o: o.withDefaults(), perIP: make(map[netip.Addr]int)}
	r.start = r.o.Now()
	for i := range r.shards {
		r.shards[i].byHash = make(map[torrent.InfoHash]*Swarm)
	}
	return r
}

// Swarm returns the swarm of a v1 or truncated v2 infohash for a peer, making it when it is not live.
// Kinds: NoTorrent (unknown, or not public for that address), SlowDown (too many swarms).
func (r *Registry) Swarm(ctx context.Context, h torrent.InfoHash, peer netip.Addr) (*Swarm, error) {
	return r.swarmAt(ctx, h, peer, r.o.Now())
}

// swarmAt is Swarm at a time that the caller has read already.
func (r *Registry) swarmAt(ctx context.Context, h torrent.InfoHash, peer netip.Addr, now time.Time) (*Swarm, error) {
	s, err := r.current(ctx, h, now)
	if err != nil {
		return nil, err
	}
	if s != nil && s.Allows(peer) {
		s.lastUsed.Store(int64(now.Sub(r.start)))
		return s, nil
	}
	return r.open(ctx, h, peer)
}

// open resolves h for peer and returns the swarm of what it finds.
func (r *Registry) open(ctx context.Context, h torrent.InfoHash, peer netip.Addr) (*Swarm, error) {
	t, err := r.resolve(ctx, "open swarm", h, peer)
	if err != nil {
		return nil, err
	}
	if t.Private { // only an announce opens one: see swarmFor
		return nil, fault.New("open swarm", h.String(), fault.NoTorrent, errNotGuest)
	}
	s, err := r.place(t, h, peer)
	if err == nil {
		r.budget(ctx, s)
	}
	return s, err
}

// resolve asks the source for a torrent by one of its infohashes; that of the name that Unmask takes is none.
func (r *Registry) resolve(ctx context.Context, op string, h torrent.InfoHash, peer netip.Addr) (*object.Torrent, error) {
	t, err := r.src.Resolve(ctx, h, r.facts(peer))
	if err != nil {
		return nil, wrap(op, h, err)
	}
	if !slices.Contains(t.InfoHashes(), h) {
		return nil, fault.New(op, h.String(), fault.NoTorrent, nil)
	}
	return t, nil
}

// Stats returns the totals of the moment.
func (r *Registry) Stats() Stats {
	return Stats{
		Swarms: int(r.swarms.Load()), Peers: int(r.peers.Load()), Members: int(r.members.Load()),
		SentBytes: r.sent.Load(),
	}
}

// live returns the swarm that has h, nil when there is none.
func (r *Registry) live(h torrent.InfoHash) *Swarm {
	sh := &r.shards[h[0]%numShards]
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	return sh.byHash[h]
}

// place returns the swarm of t, which was just found by h and public for peer. A live swarm that refuses peer
// (it stands for another equal object, or for an older state) takes t over when that shuts nobody out.
func (r *Registry) place(t *object.Torrent, h torrent.InfoHash, peer netip.Addr) (*Swarm, error) {
	const op = "open swarm"
	r.making.Lock()
	defer r.making.Unlock()
	if s := r.live(h); s != nil {
		s.takeOver(newView(t), peer)
		if !s.Allows(peer) {
			return nil, fault.New(op, h.String(), fault.NoTorrent, nil)
		}
		s.touch()
		return s, nil
	}
	return r.makeLocked(t)
}

// takeOver makes v the view of s when the one it has refuses peer and v shuts nobody out. A recheck may put another one
// there meanwhile, which is looked at in its turn.
func (s *Swarm) takeOver(v *view, peer netip.Addr) {
	for {
		old := s.view.Load()
		if s.Allows(peer) || !v.openToAll && old.torrent.Version.ID != v.torrent.Version.ID || s.view.CompareAndSwap(old, v) {
			return
		}
	}
}

// makeLocked makes the swarm of t, which is not live. Kind: SlowDown. r.making is held.
func (r *Registry) makeLocked(t *object.Torrent) (*Swarm, error) {
	const op = "open swarm"
	hashes := t.InfoHashes()
	if int(r.swarms.Load()) >= r.o.MaxSwarms {
		return nil, fault.New(op, hashes[0].String(), fault.SlowDown, errTooManySwarms)
	}
	s := newSwarm(r, hashes, t)
	r.swarms.Add(1)
	for _, h := range hashes {
		sh := &r.shards[h[0]%numShards]
		sh.mu.Lock()
		sh.byHash[h] = s
		sh.mu.Unlock()
	}
	return s, nil
}

// forget takes s out of the map, so that the next peer resolves its hash again.
func (r *Registry) forget(s *Swarm) {
	r.making.Lock()
	defer r.making.Unlock()
	r.forgetLocked(s)
}

// forgetLocked is forget. r.making is held.
func (r *Registry) forgetLocked(s *Swarm) {
	for _, h := range s.hashes {
		sh := &r.shards[h[0]%numShards]
		sh.mu.Lock()
		if sh.byHash[h] == s {
			delete(sh.byHash, h)
		}
		sh.mu.Unlock()
	}
	r.swarms.Add(-1)
}

// Swarms returns the live swarms of the moment.
func (r *Registry) Swarms() []*Swarm {
	list := make([]*Swarm, 0, r.swarms.Load())
	for i := range r.shards {
		sh := &r.shards[i]
		sh.mu.RLock()
		for h, s := range sh.byHash {
			if h == s.hashes[0] {
				list = append(list, s)
			}
		}
		sh.mu.RUnlock()
	}
	return list
}

// facts is what access knows of a peer.
func (r *Registry) facts(peer netip.Addr) access.Context {
	var c access.Context
	c.SetSourceIP(peer)
	c.SetTime(r.o.Now())
	return c
}

// seconds is the time in peer records.
func (r *Registry) seconds(now time.Time) uint32 { return uint32(max(0, now.Sub(r.start)/time.Second)) }

// wrap gives err the operation and the infohash, and keeps its kind.
func wrap(op string, h torrent.InfoHash, err error) error {
	kind := fault.KindOf(err)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		kind = fault.Canceled
	}
	return fault.New(op, h.String(), kind, err)
}
