// Package tracker answers announces and scrapes by HTTP, UDP (BEP 3, 7, 15, 23, 24, 31, 41, 48) and WebSocket (WebTorrent).
//
// It parses with wire/tracker, asks core/swarm, and renders with wire/tracker: it decides nothing about peers, and
// holds none but those of WebTorrent, which are sockets. Only torrents whose object is public for the asking
// address exist here. The store's own seeder is named first to whoever downloads, under an address by which that
// client reaches this host.
//
// Invariants: every HTTP answer to an announce or a scrape has status 200, errors as a failure reason; a
// UDP packet gets no answer that is longer than itself until its connection id is proven; the addresses
// that a peer claims for itself are not believed; answering a UDP packet or a plain announce by HTTP does not
// allocate.
//
// Everything is safe for concurrent use.
package tracker
