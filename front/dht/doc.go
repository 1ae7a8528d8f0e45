// Package dht tells the BitTorrent DHT (BEP 5) of the torrents that a Schedule names, so that who knows an infohash
// alone finds the seeder.
//
// It is a read-only node (BEP 43): it asks, and answers nobody. IPv4 and IPv6 are two DHTs (BEP 32), each with a socket,
// an ID after the address that others see (BEP 42) and a table of nodes of its own. A lookup asks ever closer nodes for
// the infohash and leaves our address and port with the closest. Nothing is sent while nothing is to be announced: the
// table lives off the lookups. Peers that nodes name are not looked at, for the origin never dials.
//
// What nodes say leads to other nodes and nowhere else, and an address within a private network is taken from its like
// alone. One owner runs an Announcer; Stats is safe for concurrent use.
package dht
