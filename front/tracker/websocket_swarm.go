package tracker

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"shoal/wire/torrent"
	"shoal/wire/tracker"
)

// Bounds of WebTorrent peers.
const (
	maxWebPeers         = 100_000 // in all swarms: about 20 MB
	maxWebPeersPerSwarm = 2000    // others are told of these, and not kept
	maxWebPeersPerHost  = 64      // of one swarm, as for announced peers of other kinds
	maxPeersPerSocket   = 200     // torrents of one client

	hostBits6 = 64 // of an IPv6 address, which has all the others to choose from

	// webPeerTTL: who has not announced three times in a row has dropped the torrent without a word.
	webPeerTTL = 3*webInterval + webInterval/2
)

// sockets are the open WebSockets and the WebTorrent peers on them, who can reach each other only. The zero
// value has none.
type sockets struct {
	running sync.WaitGroup // one for each socket
	queued  atomic.Int64   // bytes that wait for the readers of all sockets

	mu     sync.Mutex // guards all below, and socket.peers
	closed bool
	open   map[*socket]struct{}
	swarms map[torrent.InfoHash]*webSwarm
	peers  int
}

// webSwarm are the peers of one infohash.
type webSwarm struct {
	byID       map[tracker.PeerID]*webPeer
	list       []*webPeer // in random order: chosen shuffles what it takes
	seeds      int
	downloaded int64
	unverified time.Time // since when the store cannot be asked; zero when it can
}

// webPeer is one peer in one swarm.
type webPeer struct {
	key      webKey
	socket   *socket
	at       int // in webSwarm.list
	seed     bool
	finished bool // its completed event was counted
	seen     time.Time
}

type webKey struct {
	hash torrent.InfoHash
	id   tracker.PeerID
}

// size returns how many sockets and peers there are.
func (s *sockets) size() (open, peers int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open), s.peers
}

// full reports whether there are as many sockets as may be.
func (s *sockets) full() bool {
	open, _ := s.size()
	return open >= maxSockets
}

// add notes an open socket; false when there are too many, or the server stops. Who got true calls remove.
func (s *sockets) add(k *socket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.open) >= maxSockets {
		return false
	}
	if s.open == nil {
		s.open, s.swarms = make(map[*socket]struct{}), make(map[torrent.InfoHash]*webSwarm)
	}
	s.open[k] = struct{}{}
	s.running.Add(1)
	return true
}

// remove forgets a socket and its peers.
func (s *sockets) remove(k *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range k.peers {
		s.drop(p)
	}
	delete(s.open, k)
	s.running.Done()
}

// announce records what a peer on k says and returns the counts of its swarm and whom its offers, that many, go to.
// Its fault is one that the peer may see.
func (s *sockets) announce(k *socket, r *tracker.WebRequest, now time.Time) (counts tracker.Scrape, to []*socket, fault string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := webKey{r.Hashes[0], r.PeerID}
	p, fault := s.place(k, key, r.Event == tracker.Stopped)
	if fault != "" {
		return counts, nil, fault
	}
	sw := s.swarms[key.hash]
	if p != nil {
		sw.update(p, r, now)
	}
	if sw == nil {
		return counts, nil, ""
	}
	if want := len(r.Offers); r.Event != tracker.Stopped {
		if r.NumWant >= 0 {
			want = min(want, int(r.NumWant))
		}
		to = sw.choose(want, key.id, r.Left == 0)
	}
	return sw.counts(key.hash), to, ""
}

// place returns the peer of a key on k, making it where there is room, or nil; who stops is removed. s.mu is held.
func (s *sockets) place(k *socket, key webKey, stops bool) (*webPeer, string) {
	if sw := s.swarms[key.hash]; sw != nil {
		switch p := sw.byID[key.id]; {
		case p == nil:
		case p.socket != k && p.socket.addr != k.addr: // seen in an offer, ids can be anyone's
			return nil, "peer_id is taken"
		case stops || p.socket != k: // a client that has connected again
			s.drop(p)
		default:
			return p, ""
		}
	}
	switch {
	case stops:
		return nil, ""
	case len(k.peers) >= maxPeersPerSocket:
		return nil, "too many torrents on one socket"
	}
	return s.put(k, key), ""
}

// put adds a peer, or returns nil when there is no room for it. s.mu is held.
func (s *sockets) put(k *socket, key webKey) *webPeer {
	sw := s.swarms[key.hash]
	if s.peers >= maxWebPeers || sw != nil && (len(sw.list) >= maxWebPeersPerSwarm || sw.ofHost(k) >= maxWebPeersPerHost) {
		return nil
	}
	if sw == nil {
		sw = &webSwarm{byID: make(map[tracker.PeerID]*webPeer)}
		s.swarms[key.hash] = sw
	}
	p := &webPeer{key: key, socket: k, at: len(sw.list)}
	sw.list, sw.byID[key.id], k.peers[key] = append(sw.list, p), p, p
	s.peers++
	return p
}

// drop removes a peer. s.mu is held.
func (s *sockets) drop(p *webPeer) {
	sw := s.swarms[p.key.hash]
	if sw == nil || sw.byID[p.key.id] != p {
		return
	}
	last := len(sw.list) - 1
	sw.swap(p.at, last)
	sw.list[last] = nil
	sw.list = sw.list[:last]
	if p.seed {
		sw.seeds--
	}
	delete(sw.byID, p.key.id)
	delete(p.socket.peers, p.key)
	s.peers--
	if len(sw.list) == 0 {
		delete(s.swarms, p.key.hash)
	}
}

// answerTo returns the socket of peer to, to whom from on k answers; nil when one of the two is not in the swarm.
func (s *sockets) answerTo(k *socket, from webKey, to tracker.PeerID) *socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	sw := s.swarms[from.hash]
	if sw == nil || k.peers[from] == nil || sw.byID[to] == nil {
		return nil
	}
	return sw.byID[to].socket
}

// scrape returns the counts of a swarm.
func (s *sockets) scrape(h torrent.InfoHash) tracker.Scrape {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sw := s.swarms[h]; sw != nil {
		return sw.counts(h)
	}
	return tracker.Scrape{InfoHash: h}
}

func (sw *webSwarm) counts(h torrent.InfoHash) tracker.Scrape {
	return tracker.Scrape{
		InfoHash: h, Complete: int64(sw.seeds), Incomplete: int64(len(sw.list) - sw.seeds), Downloaded: sw.downloaded,
	}
}

func (sw *webSwarm) update(p *webPeer, r *tracker.WebRequest, now time.Time) {
	p.seen = now
	if seed := r.Left == 0 || r.Event == tracker.Completed; seed != p.seed {
		p.seed = seed
		if seed {
			sw.seeds++
		} else {
			sw.seeds--
		}
	}
	if r.Event == tracker.Completed && !p.finished {
		p.finished = true
		sw.downloaded++
	}
}

// choose returns the sockets of up to want peers at random, of others than id, for a seed of no seeds.
func (sw *webSwarm) choose(want int, id tracker.PeerID, seed bool) (to []*socket) {
	for i := 0; i < len(sw.list) && len(to) < want; i++ {
		sw.swap(i, i+rand.IntN(len(sw.list)-i))
		if p := sw.list[i]; p.key.id != id && !(seed && p.seed) {
			to = append(to, p.socket)
		}
	}
	return to
}

func (sw *webSwarm) swap(i, j int) {
	l := sw.list
	l[i], l[j] = l[j], l[i]
	l[i].at, l[j].at = i, j
}

// ofHost counts the peers that come from the host of k.
func (sw *webSwarm) ofHost(k *socket) (n int) {
	host := hostOf(k.addr)
	for _, p := range sw.list {
		if hostOf(p.socket.addr) == host {
			n++
		}
	}
	return n
}

// hostOf is what stands for everyone behind one address: an IPv4 address, or an IPv6 /64.
func hostOf(a netip.Addr) netip.Prefix {
	bits := hostBits6
	if a.Is4() {
		bits = a.BitLen()
	}
	host, _ := a.Prefix(bits) // the zero one for no address
	return host
}

// hashes returns the infohashes that have peers.
func (s *sockets) hashes() []torrent.InfoHash {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]torrent.InfoHash, 0, len(s.swarms))
	for h := range s.swarms {
		list = append(list, h)
	}
	return list
}

// members returns the peers of a swarm, after those that have not announced since were removed.
func (s *sockets) members(h torrent.InfoHash, since time.Time) []*webPeer {
	s.mu.Lock()
	defer s.mu.Unlock()
	sw := s.swarms[h]
	if sw == nil {
		return nil
	}
	for _, p := range slices.Clone(sw.list) {
		if p.seen.Before(since) {
			s.drop(p)
		}
	}
	return slices.Clone(sw.list)
}

// unverified notes that the store could not be asked about h, or that it could, and returns for how long it could not.
func (s *sockets) unverified(h torrent.InfoHash, unknown bool, now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	sw := s.swarms[h]
	switch {
	case sw == nil:
		return 0
	case !unknown:
		sw.unverified = time.Time{}
		return 0
	case sw.unverified.IsZero():
		sw.unverified = now
	}
	return now.Sub(sw.unverified)
}

// expel removes a peer from its swarm.
func (s *sockets) expel(p *webPeer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(p)
}

// close refuses new sockets and ends those that are open; it waits for their end.
func (s *sockets) close() {
	s.mu.Lock()
	s.closed = true
	for k := range s.open {
		k.cancel()
	}
	s.mu.Unlock()
	s.running.Wait()
}
