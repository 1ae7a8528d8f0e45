// Package savings keeps, for each object and month, what the origin sent to peers and what the crowd gave itself,
// and turns the sums into the savings report.
//
// Flow: the seeder counts what it was metered for, the swarm what peers say (announces, HAVEs) -> Book.Count -> sums in
// memory -> Flush, every few seconds, writes those that changed -> Lines adds the rows up -> Price says what it was worth.
// What each number means, and which of them peers could have made up, is in docs/protocol/savings.md.
//
// Invariants: a row holds the absolute sum of one epoch, so writing it again changes nothing; a crash loses at most
// what was not flushed and never counts twice. A sum that left memory is never written again: its object comes back under
// another epoch. The rows (docs/format/savings.md) outlive objects and buckets.
//
// Everything is safe for concurrent use. Count does no I/O and takes a lock that only torrents of the same shard share.
package savings
