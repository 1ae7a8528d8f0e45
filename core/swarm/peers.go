package swarm

import (
	"math/rand/v2"

	"shoal/wire/tracker"
)

// peerState is what an announced peer said of itself.
type peerState uint8

const (
	isSeed     peerState = 1 << iota // has everything
	isContent                        // downloads nothing (more): seeds, and BEP 21's paused
	isFinished                       // its completed event was counted
)

// record is one announced peer.
type record[K packed] struct {
	at      K
	id      tracker.PeerID
	state   peerState
	expires uint32 // Registry.seconds
}

// table holds the announced peers of one family in a random order, which put makes and remove keeps: any
// run of it is a fair sample. The zero value is empty.
type table[K packed] struct {
	index map[K]int32 // positions in list
	list  []record[K]
	seeds int64
}

// get returns the peer at an address.
func (t *table[K]) get(at K) (record[K], bool) {
	i, ok := t.index[at]
	if !ok {
		return record[K]{}, false
	}
	return t.list[i], true
}

// put adds rec or replaces the one of its address, and reports whether it was added.
func (t *table[K]) put(rec record[K]) (added bool) {
	t.count(rec, +1)
	if i, ok := t.index[rec.at]; ok {
		t.count(t.list[i], -1)
		t.list[i] = rec
		return false
	}
	if t.index == nil {
		t.index = make(map[K]int32)
	}
	t.list = append(t.list, rec)
	last := len(t.list) - 1
	at := rand.IntN(len(t.list))
	t.list[at], t.list[last] = t.list[last], t.list[at]
	t.index[t.list[last].at] = int32(last)
	t.index[t.list[at].at] = int32(at)
	return true
}

// remove reports whether there was a peer at that address.
func (t *table[K]) remove(at K) bool {
	i, ok := t.index[at]
	if ok {
		t.removeAt(int(i))
	}
	return ok
}

func (t *table[K]) removeAt(i int) {
	last := len(t.list) - 1
	t.count(t.list[i], -1)
	delete(t.index, t.list[i].at)
	if i != last {
		t.list[i] = t.list[last]
		t.index[t.list[i].at] = int32(i)
	}
	t.list = t.list[:last]
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
		t.index = make(map[K]int32, len(t.list))
		for i := range t.list {
			t.index[t.list[i].at] = int32(i)
		}
	}
	return removed
}

func (t *table[K]) count(rec record[K], by int64) {
	if rec.state&isSeed != 0 {
		t.seeds += by
	}
}
