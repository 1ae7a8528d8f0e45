// Package sigv4 checks and makes AWS Signature Version 4 as S3 uses it, and as other services do.
//
// Flow: front/s3api calls Verifier.Parse, looks the access key up, then Verifier.Verify (or
// Verifier.Anonymous). Only these two give out a *Verified, and only a *Verified opens an
// aws-chunked body, so no handler can read a streamed upload whose signature nobody checked.
//
// Invariants: host and, for S3, every x-amz-* header must be signed; a parameter or header that carries
// authentication occurs once; what is neither anonymous nor well-formed is refused. Parse reads
// no body. An Error's text never holds a secret, a token or a canonical request.
//
// A Verifier is safe for concurrent use. A Request, Verified or ChunkedReader belongs to one
// goroutine.
package sigv4
