package soap

// Bounds of a message. What S3 has in one is far below them.
const (
	// MaxEnvelope bounds an envelope in bytes: 1 MiB of inline data in base64 (S3), and room for metadata and an ACL.
	MaxEnvelope = 2 << 20

	maxDepth      = 16   // of elements; S3 has seven
	maxElements   = 4096 // S3 has at most 100 grants, 100 metadata entries and 200 entity tags
	maxAttributes = 16   // of one element; clients declare a handful of namespaces
	maxTag        = 8 << 10

	maxDIMEField   = 1 << 10  // bytes of the options, the id or the type of a DIME record
	maxMIMEHeaders = 16 << 10 // bytes before the content of a MIME part, with those before its boundary
	maxBoundary    = 70       // (RFC 2046, 5.1.1)
)
