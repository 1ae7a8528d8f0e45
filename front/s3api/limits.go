package s3api

import "time"

// Bounds of what a request may bring. Those of S3 have its values.
const (
	maxRequestURI        = 16 << 10 // bytes of path and query: a 1,024-byte key, percent-encoded, and a presigned query
	maxHeaderBytes       = 64 << 10 // of all headers: proxies and browsers add theirs
	maxAmzHeaderBytes    = 8 << 10  // of x-amz-* headers; S3 allows 8 KiB of headers in a PUT
	maxKeyBytes          = 1024     // of a key, UTF-8 (S3)
	maxBucketBytes       = 255      // of a bucket name; the oldest buckets of S3 have such
	maxConfigXML         = 64 << 10 // body of a sub-resource PUT
	maxPolicyJSON        = 20 << 10 // body of PutBucketPolicy (S3)
	maxDeleteXML         = 2 << 20  // body of DeleteObjects: 1,000 keys of 1,024 bytes, escaped (S3 says 2 MB)
	maxDeleteKeys        = 1000     // keys of one DeleteObjects (S3)
	maxCompleteXML       = 4 << 20  // body of CompleteMultipartUpload: 10,000 parts with checksums
	maxPartNumber        = 10_000   // (S3)
	maxListKeys          = 1000     // of one page (S3)
	maxSinglePut         = 5 << 30  // bytes of one PUT or part (S3)
	maxFormFields        = 64 << 10 // of a browser's form before its file: 20 KB of fields (S3), and what frames them
	maxKMSKeyID          = 2048     // bytes of the name of a KMS key (AWS KMS)
	maxEncryptionContext = 2 << 10  // bytes of JSON; AWS KMS has 8 KiB, a version's row wants less
	maxUserMetadata      = 2 << 10  // bytes of x-amz-meta names and values together (S3)
)

// How much has to move within bodyStallTimeout. A client that drips bytes holds a slot of MaxRequests.
const (
	minReadStretch  = 4 << 10   // bytes of a body
	maxWriteStretch = 256 << 10 // bytes of an answer that are handed to the kernel at once
)

// drainTimeout is for what comes of a body that nobody reads: net/http takes some of it before the answer.
const drainTimeout = 5 * time.Second

// Time bounds of a connection.
const (
	readHeaderTimeout = 10 * time.Second // a client that sends its headers slower is cut off
	idleTimeout       = 2 * time.Minute  // of a kept-alive connection between requests
	bodyStallTimeout  = 60 * time.Second // for the next stretch of the body read, or of the answer written
)
