package swarm

// sighting is when a peer announced last, in seconds as far as seven bits count, and by which of the two hashes
// of a hybrid torrent (the lowest bit). Of an announce of both it is that of the one which came first.
type sighting uint8

// twinFor is how soon after each other a client of a hybrid torrent announces its two hashes, in seconds.
const twinFor = 5

func sightingOf(seconds uint32, hash int) sighting { return sighting(seconds<<1) | sighting(hash&1) }

// twin reports whether next is the other half of an announce of both hashes. libtorrent 2.0 that is told of a peer
// by v2 while its handshake by v1 is on the way breaks the connection off and leaves that peer alone for a minute. It asks each
// tracker by both, so the order in which they come is any.
func (s sighting) twin(next sighting) bool {
	return s&1 != next&1 && (next>>1-s>>1)&0x7f < twinFor
}
