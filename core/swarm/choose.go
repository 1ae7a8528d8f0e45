package swarm

import (
	"math/rand/v2"

	"shoal/wire/tracker"
)

const (
	// maxLooked bounds the records that one choice looks at: in a swarm of nearly only seeds, a seed finds
	// few to be told of, and the whole table is not walked for it.
	maxLooked = 2048

	// localPercent is how much of an answer may be peers near the asker. Most but not all keeps downloads as quick as
	// none, while the traffic between networks no longer grows with the swarm (Bindal et al., 2006).
	localPercent = 70

	// maxDuels bounds the peers of an answer that are the better of two by BEP 40.
	maxDuels = 16
)

// asker is whom peers of one family are chosen for.
type asker[K packed] struct {
	at      K // zero when it announces itself by the other family
	realm   realm
	content bool // downloads nothing: is told of no seeds
	joins   bool // begins: whom it is told of is whom it connects to
	now     uint32
}

// wants reports whether a record is of use to the asker: not itself, a seed when it is one, an expired one, or one
// whose address means nothing to it.
func (who *asker[K]) wants(rec *record[K]) bool {
	r := rec.state.realm()
	return rec.expires > who.now && (r == global || r == who.realm) &&
		!(who.content && rec.state&isContent != 0) && rec.at != who.at
}

// choose appends up to want peers to dst: those behind the address of the asker first, up to a share of all; for the
// rest, a random run of the table. For who joins, the run is twice as long as needed: of that, those in the network
// next to the asker come first up to the share, and BEP 40 decides between some of the others.
func (t *table[K]) choose(dst []tracker.Peer, want int, who *asker[K]) []tracker.Peer {
	if want <= 0 || len(t.list) == 0 {
		return dst
	}
	end, local := len(dst)+want, want*localPercent/100
	var nobody K
	if who.at == nobody {
		local = 0
	}
	begin := len(dst)
	dst = t.sameHost(dst, 0, local, who)
	same := len(dst) - begin
	need := end - len(dst)
	look := need
	if who.joins {
		look *= 2
	}
	dst = t.others(dst, rand.IntN(len(t.list)), look, who, same > 0)
	if run := dst[begin+same:]; len(run) > need {
		prefer(run, need, local-same, who)
		dst = dst[:end]
	}
	if len(dst) < end && same == local && local > 0 { // nobody else is there
		dst = t.sameHost(dst, same, end-len(dst), who)
	}
	return dst
}

// sameHost appends up to want peers of the asker's host, without the first skip of them, under their addresses in its
// network where these are known.
func (t *table[K]) sameHost(dst []tracker.Peer, skip, want int, who *asker[K]) []tracker.Peer {
	if want <= 0 {
		return dst
	}
	t.ofHost(who.at, func(i int) bool {
		rec := &t.list[i]
		if !who.wants(rec) {
			return true
		}
		if skip > 0 {
			skip--
			return true
		}
		addr := rec.at.addrPort()
		if rec.state&hasHint != 0 {
			addr = t.hints[rec.at]
		}
		dst = append(dst, tracker.Peer{Addr: addr})
		want--
		return want > 0
	})
	return dst
}

// others appends up to want peers, from a position of the table on and around; without those of the asker's host when
// these have been named.
func (t *table[K]) others(dst []tracker.Peer, start, want int, who *asker[K], named bool) []tracker.Peer {
	host := who.at.host()
	for n := min(len(t.list), maxLooked); n > 0 && want > 0; n-- {
		rec := &t.list[start]
		if start++; start == len(t.list) {
			start = 0
		}
		if !who.wants(rec) || named && rec.at.host() == host {
			continue
		}
		dst = append(dst, tracker.Peer{Addr: rec.at.addrPort()})
		want--
	}
	return dst
}

// prefer brings to the first need places of run, which is longer, up to near peers in the network next to the asker,
// and of some pairs of others the one with the greater priority.
func prefer[K packed](run []tracker.Peer, need, near int, who *asker[K]) {
	first, self := 0, who.at.addrPort()
	for i := 0; i < len(run) && first < min(near, need); i++ {
		if sameNetwork(run[i].Addr.Addr(), self.Addr()) {
			run[first], run[i] = run[i], run[first]
			first++
		}
	}
	for i, j := first, need; i < need && j < len(run) && i-first < maxDuels; i, j = i+1, j+1 {
		if priority(run[j].Addr, self) > priority(run[i].Addr, self) {
			run[i] = run[j]
		}
	}
}
