package peer

import (
	"crypto/sha1"
	"encoding/binary"
	"net/netip"
	"slices"

	"shoal/wire/torrent"
)

// AllowedFastCount is the size of the set that BEP 6 proposes.
const AllowedFastCount = 10

// AllowedFastSet returns the count pieces that the peer at addr may ask for while choked, by the
// canonical algorithm of BEP 6, in its order. The set is every piece, in ascending order, when the
// torrent has no more than count. BEP 6 has no provisions for IPv6: nil.
func AllowedFastSet(addr netip.Addr, infoHash torrent.InfoHash, pieces, count uint32) []uint32 {
	addr = addr.Unmap()
	if !addr.Is4() || pieces == 0 || count == 0 {
		return nil
	}
	set := make([]uint32, 0, min(count, pieces))
	if count >= pieces {
		for piece := range pieces {
			set = append(set, piece)
		}
		return set
	}
	ip := addr.As4()
	ip[3] = 0 // BEP 6: x = 0xFFFFFF00 & ip
	x := sha1.Sum(append(ip[:], infoHash[:]...))
	for {
		for i := 0; i < len(x); i += 4 {
			piece := binary.BigEndian.Uint32(x[i:]) % pieces
			if slices.Contains(set, piece) {
				continue
			}
			if set = append(set, piece); len(set) == int(count) {
				return set
			}
		}
		x = sha1.Sum(x[:])
	}
}
