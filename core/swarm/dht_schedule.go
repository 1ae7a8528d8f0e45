package swarm

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"shoal/wire/torrent"
)

const (
	// A torrent is announced again after dhtAnnounceMin to dhtAnnounceMax, so that torrents of one moment part. Nodes
	// forget a peer after about 30 minutes (BEP 5 leaves it to them).
	dhtAnnounceMin = 15 * time.Minute
	dhtAnnounceMax = 25 * time.Minute

	// dhtHotFor is how long a torrent is hot after it had a peer or was asked for: two or three announces.
	dhtHotFor = time.Hour
)

// DHTOptions of Registry.NewDHT; the zero value works.
type DHTOptions struct {
	MaxTorrents      int // announced at the same time, and in any dhtAnnounceMin; default 1,000, about 200 bytes each
	LookupsPerMinute int // in any minute; default 60
	Families         int // lookups of each infohash: one for each address family (BEP 32); default 1
}

func (o DHTOptions) withDefaults() DHTOptions {
	o.MaxTorrents = cmp.Or(o.MaxTorrents, 1000)
	o.LookupsPerMinute = cmp.Or(o.LookupsPerMinute, 60)
	o.Families = cmp.Or(o.Families, 1)
	return o
}

// DHTLookup is one infohash to be announced in one family.
type DHTLookup struct {
	InfoHash torrent.InfoHash
	Family   int // 0 up to DHTOptions.Families

	torrent torrent.InfoHash // the first infohash of its torrent
}

// dhtSchedule decides which hot torrents are announced to the DHT, and when. It has no clock: every time comes in.
type dhtSchedule struct {
	o      DHTOptions
	byHash map[torrent.InfoHash]*dhtTorrent // by the first infohash
	free   time.Time                        // no lookup begins before
}

// dhtTorrent is a torrent that has a place. A round is one lookup of each infohash in each family.
type dhtTorrent struct {
	hashes []torrent.InfoHash
	peers  int       // at the last look; 0 when it was only asked for
	hot    time.Time // when it last had a peer or was asked for; zero when it may not be announced
	due    time.Time // when the next round begins; zero before the first
	done   int       // lookups of the round under way
}

func newDHTSchedule(o DHTOptions) *dhtSchedule {
	return &dhtSchedule{o: o, byHash: make(map[torrent.InfoHash]*dhtTorrent)}
}

// ask says that somebody was given a torrent. Without a free place nothing comes of it.
func (s *dhtSchedule) ask(hashes []torrent.InfoHash, now time.Time) {
	t := s.byHash[hashes[0]]
	switch {
	case t != nil:
		t.hot = now
	case len(s.byHash) < s.o.MaxTorrents:
		s.byHash[hashes[0]] = &dhtTorrent{hashes: hashes, hot: now}
	}
}

// hotSwarm is a torrent with peers.
type hotSwarm struct {
	hashes []torrent.InfoHash
	peers  int // at least one
}

// look takes all torrents that have peers now, and returns how many of them have no place. A torrent with more peers
// takes the place of the coldest with fewer, unless that is to be announced later: nodes remember it.
func (s *dhtSchedule) look(hot []hotSwarm, now time.Time) (leftOut int) {
	for _, t := range s.byHash {
		t.peers = 0
	}
	hot = slices.DeleteFunc(hot, func(h hotSwarm) bool {
		t := s.byHash[h.hashes[0]]
		if t != nil {
			t.peers, t.hot = h.peers, now
		}
		return t != nil
	})
	slices.SortFunc(hot, func(a, b hotSwarm) int { return cmp.Compare(b.peers, a.peers) })
	coldest := s.replaceable(now)
	for i, h := range hot {
		if len(s.byHash) >= s.o.MaxTorrents {
			if len(coldest) == 0 || coldest[0].heat(now) >= h.peers {
				return leftOut + len(hot) - i
			}
			if coldest[0].peers > 0 {
				leftOut++
			}
			delete(s.byHash, coldest[0].hashes[0])
			coldest = coldest[1:]
		}
		s.byHash[h.hashes[0]] = &dhtTorrent{hashes: h.hashes, peers: h.peers, hot: now}
	}
	return leftOut
}

// replaceable returns the torrents that may lose their places, the coldest first.
func (s *dhtSchedule) replaceable(now time.Time) (list []*dhtTorrent) {
	for _, t := range s.byHash {
		if t.done == 0 && !now.Before(t.due) {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b *dhtTorrent) int { return cmp.Compare(a.heat(now), b.heat(now)) })
	return list
}

// heat is the peers of a torrent, -1 when it is hot no more.
func (t *dhtTorrent) heat(now time.Time) int {
	if now.Sub(t.hot) >= dhtHotFor {
		return -1
	}
	return t.peers
}

// pick returns the lookup that is to begin now, and counts it as begun. jitter, in [0,1), spreads the next round.
func (s *dhtSchedule) pick(now time.Time, jitter float64) (DHTLookup, bool) {
	if now.Before(s.free) {
		return DHTLookup{}, false
	}
	var first *dhtTorrent
	for h, t := range s.byHash {
		switch {
		case t.done == 0 && now.Before(t.due):
		case t.heat(now) < 0:
			delete(s.byHash, h)
		case first == nil || t.before(first):
			first = t
		}
	}
	if first == nil {
		return DHTLookup{}, false
	}
	perMinute := time.Duration(s.o.LookupsPerMinute)
	s.free = now.Add((time.Minute + perMinute - 1) / perMinute)
	l := DHTLookup{InfoHash: first.hashes[first.done/s.o.Families], Family: first.done % s.o.Families, torrent: first.hashes[0]}
	if first.done++; first.done == len(first.hashes)*s.o.Families {
		first.endRound(now, jitter)
	}
	return l, true
}

// late returns how many torrents wait for their turn.
func (s *dhtSchedule) late(now time.Time) (n int) {
	for _, t := range s.byHash {
		if t.heat(now) >= 0 && (t.done > 0 || !now.Before(t.due)) {
			n++
		}
	}
	return n
}

// before orders torrents whose turn it is: a round that has begun goes on, then those with most peers come first, then
// those that have waited longest.
func (t *dhtTorrent) before(other *dhtTorrent) bool {
	order := cmp.Or(
		cmp.Compare(min(other.done, 1), min(t.done, 1)),
		cmp.Compare(other.peers, t.peers),
		t.due.Compare(other.due),
		bytes.Compare(t.hashes[0][:], other.hashes[0][:]),
	)
	return order < 0
}

func (t *dhtTorrent) endRound(now time.Time, jitter float64) {
	t.done = 0
	t.due = now.Add(dhtAnnounceMin + time.Duration(jitter*float64(dhtAnnounceMax-dhtAnnounceMin)))
}

// suspend ends the round of a torrent that may not be announced. Its place stays taken until it would be due, so that
// nothing that becomes public again is announced sooner.
func (s *dhtSchedule) suspend(first torrent.InfoHash, now time.Time) {
	if t := s.byHash[first]; t != nil {
		t.hot, t.peers = time.Time{}, 0
		t.endRound(now, 0)
	}
}
