// Package kv is the ordered transactional key-value store that holds all metadata.
//
// A transaction is data (Commit: checks and writes), so that an embedded engine, etcd, a
// PostgreSQL-wire database, TiKV or FoundationDB can stand behind the same three calls. The closure
// with retries, Update, is written once above every Engine. A scan adds no check: what must not see
// a phantom names guard rows and checks them.
//
// Flow: core -> kv.Update -> Engine.Commit. kvtest is the conformance suite; pebblekv the embedded
// engine; tuple the encoding of keys.
package kv
