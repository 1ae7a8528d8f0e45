package soapapi

import "net/http"

// unbilled are the codes of faults that nobody pays for, whoever asks: those of S3's that this front answers (S3 user
// guide, "Billing for Amazon S3 error responses"), and our QuotaExceeded. Never written.
var unbilled = map[code]bool{
	codeBucketAlreadyExists:   true,
	codeInvalidAccessKeyID:    true,
	codeInvalidArgument:       true,
	codeInvalidBucketState:    true,
	codeInvalidDigest:         true,
	codeInvalidRange:          true,
	codeInvalidRequest:        true,
	codeInvalidSOAPRequest:    true,
	codeInvalidStorageClass:   true,
	codeInvalidToken:          true,
	codeKeyTooLong:            true,
	codeMalformedACL:          true,
	codeMalformedXML:          true,
	codeMetadataTooLarge:      true,
	codeMissingAttachment:     true,
	codeNoSuchKMSKey:          true,
	codeOperationAborted:      true,
	codeRequestTimeTooSkewed:  true,
	codeSignatureDoesNotMatch: true,

	codeQuotaExceeded: true,
}

// billable: nobody pays for our faults nor for what is unbilled, and the owner of a bucket not for those outside of his
// account who are refused. It goes by the status that REST would have answered: here every fault is a 500.
func billable(out outcome, outside bool) bool {
	switch {
	case out.status >= http.StatusInternalServerError:
		return false
	case out.code == codeAccessDenied:
		return !outside
	}
	return !unbilled[out.code]
}
