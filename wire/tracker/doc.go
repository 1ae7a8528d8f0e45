// Package tracker knows the formats of announce and scrape: HTTP queries and bencoded answers
// (BEP 3, 7, 23, 24, 31, 48) and UDP packets (BEP 15, 41).
//
// Place: front/tracker parses with it what arrives, asks core/swarm, and renders the answer with it.
// It decides nothing: who is a peer, how many are handed out and how often one may ask is not here.
//
// Invariants: all input is bounded; what one sends about itself (addresses, counters) is passed on
// as a claim and clamped to the documented range; answers have sorted keys, and UDP answers fit one
// unfragmented packet. UDP parsing and encoding do not allocate.
//
// All functions are pure except those of ConnectionIDs, which is safe for concurrent use.
package tracker
