package tracker

import (
	"math"
	"net/netip"

	"shoal/wire/torrent"
)

// PeerID is the id a peer gives itself (BEP 3, BEP 20).
type PeerID [20]byte

// Event is why a peer announces.
type Event uint8

// The events of BEP 3 with their numbers of BEP 15, and that of BEP 21. Anything else reads as None.
const (
	None Event = iota
	Completed
	Started
	Stopped
	Paused // BEP 21: incomplete, and downloads nothing more
)

// String returns the event as it stands in an HTTP query.
func (e Event) String() string {
	switch e {
	case Completed:
		return "completed"
	case Started:
		return "started"
	case Stopped:
		return "stopped"
	case Paused:
		return "paused"
	}
	return ""
}

func parseEvent(s string) Event {
	for e := Completed; e <= Paused; e++ {
		if s == e.String() {
			return e
		}
	}
	return None
}

const (
	// LeftUnknown stands for a left that is missing, negative or over int64: clients that start
	// from a magnet link do not know the size yet and send -1 or 2^64-1.
	LeftUnknown = -1
	// NumWantDefault stands for a numwant that is missing or negative.
	NumWantDefault = -1
)

// Announce is one announce as the peer sent it, by HTTP or UDP. Nothing in it is verified.
type Announce struct {
	InfoHash   torrent.InfoHash
	PeerID     PeerID
	Port       uint16 // where the peer accepts connections; never 0
	Event      Event
	Uploaded   int64  // bytes, 0 if missing or negative, at most the largest int64
	Downloaded int64  // bytes, likewise
	Left       int64  // bytes, or LeftUnknown
	NumWant    int32  // peers wanted, or NumWantDefault
	Key        uint32 // opaque; proves to be the same client after a change of address; 0 if missing

	// Compact is false if the peer asked for the dictionary form by compact=0 (BEP 23);
	// NoPeerID leaves the ids out of it.
	Compact  bool
	NoPeerID bool

	// IPv4 and IPv6 are the addresses and ports that the peer claims to have besides the one it sends from
	// (ip, ipv4 and ipv6 in BEP 3 and 7); zero if it claims none. Handing them out unchecked
	// would aim the swarm at any victim.
	IPv4, IPv6 netip.AddrPort

	// URLData is the path and query of the announce URL of a UDP announce (BEP 41), as a view of the
	// packet; nil if absent.
	URLData []byte
}

// clampBytes maps an unsigned 64-bit counter to int64.
func clampBytes(n uint64) int64 { return int64(min(n, math.MaxInt64)) }

// addClaim keeps a claimed address, under the port of the announce if it has none.
func (a *Announce) addClaim(addr netip.AddrPort) {
	ip := addr.Addr().Unmap().WithZone("")
	addr = netip.AddrPortFrom(ip, addr.Port())
	if ip.Is4() {
		a.IPv4 = addr
	} else {
		a.IPv6 = addr
	}
}
