// Package blob keeps content: immutable runs of bytes under random ids, each with the SHA-256 leaf of
// every 16 KiB block and the merkle root over them.
//
// The leaves are the scrubber's bit-rot check, the BitTorrent v2 piece layers (BEP 52) and the proof
// that a range is right, all at once. Objects are lists of extents of blobs (core/object). blobtest is
// the conformance suite; fileblob keeps blobs as local files.
package blob
