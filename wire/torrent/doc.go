// Package torrent knows the formats of a torrent, of one file or of a folder: infohashes, piece hashes, the
// BEP 52 merkle tree, the info dictionary, the .torrent file and the magnet link.
//
// Place: core/object computes and keeps the hashes with it, the fronts render .torrent files and
// magnet links, the seeder answers hash requests from Tree, and "shoal get" reads what others made.
//
// Invariants: output is deterministic, a function of its arguments alone; what describes the
// content is inside the info dictionary and nothing else is, so that equal objects of one name
// have one infohash; what is parsed is bounded and checked against itself before it is returned.
//
// The files of a folder are in one order, that of the v2 file tree, and each starts on a piece, for v1 behind padding
// (BEP 47), so that the same pieces serve all kinds.
//
// Hashing is streaming: PieceHasher (v1) and LayerHasher (v2) each see the bytes once, in order,
// and are independent, so that a caller may run them in two goroutines. Values are not safe for
// concurrent writing; Tree is immutable after NewTree.
package torrent
