// Package fileblob is the blob.Store of local files: DIR/<2 hex>/<32 hex>, one file a blob.
//
// A file is data, leaves, trailer (docs/format/blob.md). It is written under its final name: ids are random, and
// nothing refers to one before its Put returned. A crash in the midst of a Put leaves a file without a valid
// trailer, which answers blob.ErrCorrupt, is listed, and goes with Delete; whoever starts a Put keeps an intent
// record for that.
//
// Data is written, and hashed into leaves, side by side by two goroutines that Put owns. Open costs the same
// whatever the number of blobs.
package fileblob
