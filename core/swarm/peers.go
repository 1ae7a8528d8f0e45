package swarm

import (
	"math/rand/v2"
	"net/netip"
)

const (
	// maxPeersPerHost bounds the ports that one host holds in a table: a classroom behind one address fits, and who
	// announces from all of its ports pushes out nobody but itself.
	maxPeersPerHost = 64

	// maxHints bounds the addresses in local networks that a table keeps beside its records.
	maxHints = 256
)

// peerState is what an announced peer said of itself.
type peerState uint8

const (
	isSeed     peerState = 1 << iota // has everything
	isContent                        // downloads nothing (more): seeds, and BEP 21's paused
	isFinished                       // its completed event was counted
	hasHint                          // table.hints has its address in its local network

	realmShift = 4 // the realm of its address is in the bits above
)

func (s peerState) realm() realm { return realm(s >> realmShift) }

// record is one announced peer: 20 bytes for IPv4, 32 for IPv6. Peer ids are not kept: they would double it for the
// dictionary form of BEP 3 alone, in which BEP 23's no_peer_id already does without.
type record[K packed] struct {
	at      K
	state   peerState
	seen    sighting
	expires uint32 // Registry.seconds
	claim   claim
}

// table holds the announced peers of one family in a random order, which add makes and remove keeps: any
// run of it is a fair sample. The zero value is empty.
type table[K packed] struct {
	list  []record[K]
	index index // of list, by hosts; nil while a search of list is as quick
	seeds int64
	hints map[K]netip.AddrPort // of records with hasHint
}

// find returns the position of the peer at an address, -1 when there is none.
func (t *table[K]) find(at K) int {
	if t.index == nil {
		for i := range t.list {
			if t.list[i].at == at {
				return i
			}
		}
		return -1
	}
	for slot := t.home(at); ; slot = t.index.next(slot) {
		i := t.index.at(slot)
		if i < 0 || t.list[i].at == at {
			return i
		}
	}
}

// ofHost calls f with the positions of the peers of the host of at until f returns false. f changes nothing.
func (t *table[K]) ofHost(at K, f func(i int) bool) {
	host := at.host()
	if t.index == nil {
		for i := range t.list {
			if t.list[i].at.host() == host && !f(i) {
				return
			}
		}
		return
	}
	for slot := t.home(at); ; slot = t.index.next(slot) {
		i := t.index.at(slot)
		if i < 0 || t.list[i].at.host() == host && !f(i) {
			return
		}
	}
}

// crowded returns the peer of the host of at that has announced itself least lately when there are as many of that
// host as there may be, otherwise -1.
func (t *table[K]) crowded(at K) int {
	if len(t.list) < maxPeersPerHost {
		return -1
	}
	n, oldest := 0, -1
	t.ofHost(at, func(i int) bool {
		if oldest < 0 || t.list[i].expires < t.list[oldest].expires {
			oldest = i
		}
		n++
		return true
	})
	if n < maxPeersPerHost {
		return -1
	}
	return oldest
}

// put adds rec or replaces the one of its address, and reports whether it was added.
func (t *table[K]) put(rec record[K]) (added bool) {
	if i := t.find(rec.at); i >= 0 {
		t.replace(i, rec)
		return false
	}
	t.add(rec)
	return true
}

// replace puts rec in the place of the record of its address, which is at i.
func (t *table[K]) replace(i int, rec record[K]) {
	t.count(t.list[i], -1)
	t.count(rec, +1)
	t.list[i] = rec
}

// add puts rec, of a new address, in a random place.
func (t *table[K]) add(rec record[K]) {
	t.count(rec, +1)
	last := len(t.list)
	t.list = append(t.list, rec)
	if t.index.full(last + 1) {
		t.reindex()
	} else if t.index != nil {
		t.index.insert(t.home(rec.at), last)
	}
	t.swap(rand.IntN(last+1), last)
}

// swap lets two records change places.
func (t *table[K]) swap(i, j int) {
	if i == j {
		return
	}
	if t.index != nil {
		a, b := t.index.slotOf(t.home(t.list[i].at), i), t.index.slotOf(t.home(t.list[j].at), j)
		t.index.set(a, j)
		t.index.set(b, i)
	}
	t.list[i], t.list[j] = t.list[j], t.list[i]
}

// remove reports whether there was a peer at that address.
func (t *table[K]) remove(at K) bool {
	i := t.find(at)
	if i >= 0 {
		t.removeAt(i)
	}
	return i >= 0
}

func (t *table[K]) removeAt(i int) {
	last := len(t.list) - 1
	t.swap(i, last)
	gone := t.list[last]
	if t.index != nil {
		t.index.remove(t.index.slotOf(t.home(gone.at), last), func(i int) int { return t.home(t.list[i].at) })
	}
	t.list = t.list[:last]
	t.count(gone, -1)
	if gone.state&hasHint != 0 {
		delete(t.hints, gone.at)
	}
}

// evict removes a peer at random: a flood of announces cannot lock newcomers out, nor push out chosen ones.
func (t *table[K]) evict() { t.removeAt(rand.IntN(len(t.list))) }

// expire removes the peers whose time has come and returns how many. A table that has become mostly
// room gives it back.
func (t *table[K]) expire(now uint32) (removed int) {
	for i := len(t.list) - 1; i >= 0; i-- {
		if t.list[i].expires <= now {
			t.removeAt(i)
			removed++
		}
	}
	if removed > len(t.list) {
		t.list = append(make([]record[K], 0, len(t.list)), t.list...)
		t.reindex()
	}
	return removed
}

// keep removes the peers of other hosts than those that stay, and returns how many.
func (t *table[K]) keep(stays func(netip.Addr) bool) (removed int) {
	for i := len(t.list) - 1; i >= 0; i-- {
		if !stays(t.list[i].at.addrPort().Addr()) {
			t.removeAt(i)
			removed++
		}
	}
	return removed
}

// reindex makes the index anew, as large as the list wants it.
func (t *table[K]) reindex() {
	t.index = newIndex(len(t.list))
	if t.index == nil {
		return
	}
	for i := range t.list {
		t.index.insert(t.home(t.list[i].at), i)
	}
}

func (t *table[K]) home(at K) int { return t.index.home(at.host()) }

func (t *table[K]) count(rec record[K], by int64) {
	if rec.state&isSeed != 0 {
		t.seeds += by
	}
}

// hint keeps where the peer of rec is reached by those behind the same address, and marks rec; not more than
// maxHints. An invalid address takes back what was said.
func (t *table[K]) hint(rec *record[K], local netip.AddrPort) {
	_, known := t.hints[rec.at]
	switch {
	case !local.IsValid():
		delete(t.hints, rec.at)
		return
	case !known && len(t.hints) >= maxHints:
		return
	case t.hints == nil:
		t.hints = make(map[K]netip.AddrPort)
	}
	t.hints[rec.at] = local
	rec.state |= hasHint
}
