// Package object is the object model: buckets, objects, versions, multipart uploads and their torrents.
//
// Flow: front -> Store method -> one pass over the body (blob, MD5, checksums, leaves) -> blob commit ->
// one kv commit. A version's content is inline bytes or a list of extents of immutable blobs;
// completing an upload and copying inside the store move no bytes.
//
// Invariants: a version is visible exactly when one commit made it so; that commit consumes the intents
// of its blobs and adds their reference rows (see commit.go for the order). The newest version of a key
// is its head row. Rows and keys are described in docs/format/object.md.
//
// Everything is safe for concurrent use. Values returned by pointer are shared and must not be changed.
package object
