// Package accesslog is the S3 server access log: what its records say, and how they are delivered.
//
// Flow: a front renders the records of a request -> meter.Record takes them with the counts -> the meter's flush writes
// a Row in the commit that counts the requests -> Deliverer puts the rows of a bucket together into log objects of the
// target bucket, and removes them.
//
// Invariants: a Row never changes, and no key is used twice. A plan row fixes the key of a log object and which rows are
// its content before it is put, and the object is put only where there is none, so that a crash at any point delivers
// nothing twice and loses nothing. The rows are drawn in docs/format/accesslog.md.
//
// A Deliverer is safe for concurrent use; one delivery runs at a time.
package accesslog
