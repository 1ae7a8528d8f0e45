// Package swarm is the live state around an infohash: who announced, who is connected, and what is
// decided about them. It has no sockets.
//
// A torrent costs nothing while idle: a Swarm is made at the first handshake or announce of an
// infohash that Source resolves, and dropped some time after the last peer left. Run rechecks every
// swarm with connections against Source, and the others are rechecked when someone asks, so that within
// a second after an object was deleted or made private its peers are let go and nobody is told of them. v1 and truncated v2 hashes of one torrent are one Swarm.
// That of a private torrent has guests: addresses that Options.Guests lets in when they announce, and is asked about again
// at each recheck. Decisions (whom to name in an
// announce reply, what to offer) are pure functions in files of their own.
//
// Everything is safe for concurrent use; there is one lock per Swarm and one per shard of the registry.
package swarm
