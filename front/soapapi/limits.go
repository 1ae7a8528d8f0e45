package soapapi

import "time"

// Bounds of what a request may bring. Those of S3 have its values.
const (
	maxInline      = 1 << 20 // bytes of inline data, in and out (S3)
	maxSinglePut   = 5 << 30 // bytes of one PutObject (S3)
	maxListKeys    = 1000    // of one page (S3)
	maxEntries     = 100     // of a list in a request: grants, metadata, entity tags (the schema of S3)
	maxBucketBytes = 255     // of a bucket name; the oldest buckets of S3 have such
)

// Most envelopes are short. Those that are not hold memory before anybody has signed, so that few are read at the same
// time; the rest of the requests go on meanwhile.
const (
	shortEnvelope = 64 << 10 // bytes
	longEnvelopes = 32
)

// maxDrain is how much of a refused request is read before the fault is told, in bytes: whatever has its data inline.
const maxDrain = 4 << 20

// maxWriteStretch is how much content is handed on at once, in bytes: a budget that is used up meanwhile stops the rest.
const maxWriteStretch = 256 << 10

// maxSkew is how far the timestamp of a request may be from our clock (S3 developer guide, Authenticating SOAP requests).
const maxSkew = 15 * time.Minute
