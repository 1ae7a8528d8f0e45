// Package seeder is the origin as a BitTorrent peer: it accepts peer-wire connections and serves the
// blocks of public objects (BEP 3, 6, 9, 10, 11, 20, 52). It never dials.
//
// Flow: Serve accepts -> handshake -> swarm.Registry resolves the infohash for that address -> the swarm
// is joined -> a reader goroutine parses messages into the connection's outbox -> a writer goroutine,
// which exists only while there is something to write, takes batches of queued blocks out of it, reads
// runs of them at once, sends them with one writev and records what the socket took.
//
// Invariants: nothing is sent before the infohash is proven public; unknown, private and deleted look
// the same, silence. Everything a peer can make us hold is bounded; a peer that asks faster than it
// reads is not read from. No block is sent of a piece that the peer was not told of. A read error is never
// sent as data. Every payload byte that a socket took is recorded once, and one request for each (connection,
// piece). Closed by its swarm, a connection reads and sends nothing more.
//
// Concurrency: a Seeder is safe for concurrent use. Of a connection, reader and writer share the outbox
// and the end; each other field names its owner. Serve waits for all its goroutines.
package seeder
