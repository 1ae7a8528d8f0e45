// Package pebblekv is the embedded kv.Engine: one Pebble database in a directory.
//
// Every commit is synced. Commits on different keys run side by side and share syncs in Pebble's commit
// pipeline; commits on the same key take turns at their check and apply, not at their sync. A commit is
// seen by reads only once it is durable: a read that met a row still being synced waits for it, so a crash
// never takes back what somebody saw.
//
// A row's version is the number of the commit that wrote it. Numbers are never used twice, also not after a
// crash: each Open takes a new epoch for their upper bits. Layout and format: docs/format/kv.md.
//
// When the log or the manifest cannot be written, the outcome of a commit is not known to anybody, and
// Options.Fatal ends the process; nothing is acknowledged. A full disk must not end there: see space.go.
package pebblekv
