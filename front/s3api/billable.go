package s3api

import "net/http"

// unbilled are the codes of errors that nobody pays for, whoever asks: those of S3's that this front answers (S3 user
// guide, "Billing for Amazon S3 error responses"), and our QuotaExceeded, or a bucket that may send nothing more would
// pay for saying so. Never written.
var unbilled = map[code]bool{
	codeAuthHeaderMalformed:   true,
	codeAuthQueryMalformed:    true,
	codeExpiredToken:          true,
	codeIllegalLocation:       true,
	codeInvalidArgument:       true,
	codeInvalidDigest:         true,
	codeInvalidRequest:        true,
	codeInvalidStorageClass:   true,
	codeInvalidTag:            true,
	codeInvalidToken:          true,
	codeInvalidURI:            true,
	codeKeyTooLong:            true,
	codeNoSuchKMSKey:          true,
	codeMalformedACL:          true,
	codeMalformedPOST:         true,
	codeMalformedXML:          true,
	codeFormTooLarge:          true,
	codeMetadataTooLarge:      true,
	codeMissingRequestBody:    true,
	codeMissingSecurityHeader: true,
	codeHeadersTooLarge:       true,
	codeUnexpectedContent:     true,
	codeRequestTimeTooSkewed:  true,
	codeSignatureDoesNotMatch: true,
	codeInvalidAccessKeyID:    true,
	codeNoSuchLock:            true,
	codeNoSuchObjectLock:      true,
	codeNoSuchUpload:          true,
	codeNoSuchWebsite:         true,
	codeMethodNotAllowed:      true,
	codeBucketAlreadyExists:   true,
	codeInvalidBucketState:    true,
	codeMissingContentLength:  true,
	codeInvalidRange:          true,

	codeQuotaExceeded: true,
}

// billable reports whether the bucket's owner, or the account that a request without a bucket is of, pays for the answer.
func (c *call) billable(out outcome) bool {
	return billable(out, c.bucket == nil || string(c.principal.CanonicalID) != c.bucket.Owner)
}

// billable: nobody pays for our faults nor for what is unbilled, and the owner of a bucket not for those outside of his
// account who are refused. The document that a website shows for an error is paid for as any other.
func billable(out outcome, outside bool) bool {
	switch {
	case out.status >= http.StatusInternalServerError:
		return false
	case out.document:
		return true
	case out.code == codeAccessDenied:
		return !outside
	}
	return !unbilled[out.code]
}
