package swarm

import (
	"net/netip"

	"shoal/wire/tracker"
)

// maxLooked bounds the records that one choice looks at: in a swarm of nearly only seeds, a seed finds
// few to be told of, and the whole table is not walked for it.
const maxLooked = 2048

// asker is whom peers are chosen for.
type asker struct {
	addr    netip.AddrPort
	content bool // downloads nothing: is told of no seeds
	now     uint32
}

// choose appends to dst up to want peers of a list in random order, from position start on and around. It
// leaves out the asker itself, seeds when it is one, the expired, and addresses that are not Nameable to it.
func choose[K packed](dst []tracker.Peer, list []record[K], start, want int, who asker) []tracker.Peer {
	for i := 0; i < min(len(list), maxLooked) && want > 0; i++ {
		rec := &list[(start+i)%len(list)]
		if rec.expires <= who.now || who.content && rec.state&isContent != 0 {
			continue
		}
		addr := rec.at.addrPort()
		if addr == who.addr || !Nameable(addr.Addr(), who.addr.Addr()) {
			continue
		}
		dst = append(dst, tracker.Peer{Addr: addr, ID: rec.id})
		want--
	}
	return dst
}
