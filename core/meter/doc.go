// Package meter turns usage events into durable hourly sums, and the sums into the usage report.
//
// Flow: a front calls Record once for each request or torrent piece -> one of many shards in memory ->
// Flush, at least every second, folds the shards into the ledger and writes the sums that changed ->
// Report adds the rows up. How long how much was stored it asks a StorageSource, which knows every change.
//
// An event of a bucket with an access log brings its records. They travel with the counts and become rows of
// core/accesslog.
//
// Invariants: a row holds the absolute sum of one epoch (one Meter, one generation) in one hour, so
// writing it again changes nothing and a crash loses at most what was not flushed, and never counts
// twice. Records of a log are in one commit with the sums as they are after them, so that either both are
// durable or neither. A sum that left memory is never written again: the same key comes back under a new
// generation. The row format is docs/format/meter.md.
//
// Record, Flush, Report and Run are safe for concurrent use. Record takes no lock that all requests
// share and, once a sum is in memory, allocates nothing.
package meter
