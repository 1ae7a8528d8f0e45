package s3api

import (
	"net/http"
	"strings"
	"testing"
)

// awsUnbilled are the codes of 3xx and 4xx that are not billed ("Billing for Amazon S3 error responses" in the S3 user
// guide, read in November 2026), AccessDenied apart, which depends on who asks.
const awsUnbilled = `
	PermanentRedirect PermanentRedirectControlError TemporaryRedirect
	AuthorizationHeaderMalformed AuthorizationQueryParametersError ConnectionClosedByRequester DeviceNotActiveError
	EndpointNotFound ExpiredToken IllegalLocationConstraintException InvalidArgument InvalidBucketOwnerAWSAccountID
	InvalidDigest InvalidEncryptionAlgorithmError InvalidHostHeader InvalidHttpMethod InvalidRequest
	InvalidSessionException InvalidSignature InvalidSOAPRequest InvalidStorageClass InvalidTag InvalidToken InvalidURI
	KeyTooLongError KMS.DisabledException KMS.InvalidKeyUsageException KMS.KMSInvalidStateException
	KMS.NotFoundException LambdaInvalidResponse LambdaInvocationFailed MalformedACLError MalformedPOSTRequest
	MalformedXML MaxPostPreDataLengthExceededError MetadataTooLarge MissingAttachment MissingRequestBodyError
	MissingSecurityHeader NoLoggingStatusForKey NotDeviceOwnerError ResponseInterrupted RequestHeaderSectionTooLarge
	TokenCodeInvalidError UnexpectedContent UnsupportedArgument UnsupportedSignature UserKeyMustBeSpecified
	IncorrectEndpoint ValidationError
	RequestTimeTooSkewed SignatureDoesNotMatch NotSignedUp InvalidSecurity InvalidPayer InvalidAccessKeyId
	AccountProblem UnauthorizedAccessError UnexpectedIPError MissingAuthenticationToken LambdaPermissionError
	LambdaNotFound NoSuchAsyncRequest NoSuchObjectLockConfiguration NoSuchUpload NoSuchWebsiteConfiguration
	NoTransformationDefined ObjectLockConfigurationNotFoundError
	MethodNotAllowed
	BucketAlreadyExists InvalidBucketState OperationAborted
	MissingContentLength
	RequestIsNotMultiPartContent
	InvalidRange`

// TestUnbilledCodes holds every code of this front against the list of AWS.
func TestUnbilledCodes(t *testing.T) {
	want := map[code]bool{codeQuotaExceeded: true} // ours
	for _, name := range strings.Fields(awsUnbilled) {
		want[code(name)] = true
	}
	for _, rows := range []map[code]codeRow{requestCodes, absenceCodes, stateCodes} {
		for c := range rows {
			if unbilled[c] != want[c] {
				t.Errorf("%s unbilled: %v, want %v", c, unbilled[c], want[c])
			}
		}
	}
}

func TestBillable(t *testing.T) {
	tests := []struct {
		name    string
		out     outcome
		outside bool
		want    bool
	}{
		{"answered", outcome{status: http.StatusOK}, true, true},
		{"not modified", outcome{status: http.StatusNotModified, code: codeNotModified}, true, true},
		{"not there", outcome{status: http.StatusNotFound, code: codeNoSuchKey}, true, true},
		{"condition not met", outcome{status: http.StatusPreconditionFailed, code: codePreconditionFailed}, false, true},
		{"refused inside", outcome{status: http.StatusForbidden, code: codeAccessDenied}, false, true},
		{"refused outside", outcome{status: http.StatusForbidden, code: codeAccessDenied}, true, false},
		{"refused outside, the website's own page", outcome{status: http.StatusForbidden, code: codeAccessDenied, document: true}, true, true},
		{"bad range inside", outcome{status: http.StatusRequestedRangeNotSatisfiable, code: codeInvalidRange}, false, false},
		{"quota", outcome{status: http.StatusForbidden, code: codeQuotaExceeded}, false, false},
		{"preflight that no rule allows", outcome{status: http.StatusForbidden, code: codeAccessForbidden}, true, true},
		{"our fault", outcome{status: http.StatusInternalServerError, code: codeInternalError}, false, false},
		{"our fault, the website's own page", outcome{status: http.StatusInternalServerError, code: codeInternalError, document: true}, false, false},
		{"too busy", outcome{status: http.StatusServiceUnavailable, code: codeSlowDown}, true, false},
		{"not built", outcome{status: http.StatusNotImplemented, code: codeNotImplemented}, false, false},
	}
	for _, tt := range tests {
		if got := billable(tt.out, tt.outside); got != tt.want {
			t.Errorf("%s: billable is %v, want %v", tt.name, got, tt.want)
		}
	}
}
