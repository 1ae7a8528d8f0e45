// Package bencode reads and writes the encoding of BEP 3.
//
// Reading is one strict pass over bytes that are already in memory: Parse checks syntax and
// bounds and returns a Value, a view of those bytes whose accessors walk without allocating.
// Any value gives back its exact bytes (Value.Raw), which is what an infohash is taken over.
// Writing appends to a byte slice; Dict refuses keys out of order, so that output is always
// canonical.
//
// Place: torrent files, tracker answers and extension messages are all built on it.
//
// Invariants: a Value other than the zero one is syntactically correct to its last byte;
// integers and string lengths are canonical (no leading zero, no -0); depth, number of values,
// string length and total length are bounded. Key order is enforced only on request
// (Options.Canonical), because deployed peers send unsorted extension dictionaries.
//
// Values are immutable views and safe for concurrent reading while nobody changes the bytes.
package bencode
