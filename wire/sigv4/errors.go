package sigv4

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Reason says why a request or its body was refused. The list is closed; the comment behind each
// names the S3 error code and, where it is not obvious, AWS's message.
type Reason uint8

// The reasons.
const (
	_ Reason = iota

	AuthHeaderMalformed      // AuthorizationHeaderMalformed; Error.Region is set when the region was wrong
	AuthQueryMalformed       // AuthorizationQueryParametersError; Error.Region likewise
	AuthFormMalformed        // InvalidArgument: a field of a browser POST form
	MultipleMechanisms       // InvalidArgument "Only one auth mechanism allowed"
	SignatureV2              // InvalidRequest "Please use AWS4-HMAC-SHA256."
	UnsupportedAuthorization // InvalidArgument "Unsupported Authorization Type"
	UnsupportedAlgorithm     // NotImplemented: SigV4A and its streaming payloads
	MissingDate              // AccessDenied "AWS authentication requires a valid Date or x-amz-date header"
	MissingSecurityHeader    // MissingSecurityHeader: no Host
	MissingContentSHA256     // InvalidRequest "Missing required header for this request: x-amz-content-sha256"
	InvalidContentSHA256     // InvalidArgument: neither a known keyword nor 64 hex digits
	AnonymousStreaming       // InvalidRequest: chunks that nobody can have signed
	UnsignedHeaders          // AccessDenied "There were headers present in the request which were not signed"
	DuplicateHeader          // InvalidArgument: an x-amz-* header that has one value was sent twice
	InvalidToken             // InvalidToken: the session token is sent twice or too long
	MalformedURI             // InvalidURI: a percent escape or a query that is out of bounds
	RequestTimeTooSkewed     // RequestTimeTooSkewed
	ExpiredPresign           // AccessDenied "Request has expired"
	PresignNotYetValid       // AccessDenied "Request is not valid yet"
	SignatureMismatch        // SignatureDoesNotMatch; Error.Mismatch is set when the request's own signature is wrong
	ContentSHA256Mismatch    // XAmzContentSHA256Mismatch
	MissingDecodedLength     // MissingContentLength
	InvalidDecodedLength     // InvalidArgument: x-amz-decoded-content-length
	IncompleteBody           // IncompleteBody
	MalformedChunk           // InvalidRequest: the aws-chunked framing is broken
	InvalidChunkSize         // InvalidChunkSizeError "Only the last chunk is allowed to have a size less than 8192 bytes"
	MalformedTrailer         // MalformedTrailerError

	numReasons
)

func (r Reason) String() string {
	texts := [numReasons]string{
		AuthHeaderMalformed:      "malformed authorization header",
		AuthQueryMalformed:       "malformed authorization query parameters",
		AuthFormMalformed:        "malformed authorization form fields",
		MultipleMechanisms:       "more than one authentication mechanism",
		SignatureV2:              "signature version 2 is not supported",
		UnsupportedAuthorization: "unsupported authorization type",
		UnsupportedAlgorithm:     "unsupported signature algorithm",
		MissingDate:              "no valid date",
		MissingSecurityHeader:    "missing security header",
		MissingContentSHA256:     "missing x-amz-content-sha256",
		InvalidContentSHA256:     "invalid x-amz-content-sha256",
		AnonymousStreaming:       "signed chunks without credentials",
		UnsignedHeaders:          "headers are not signed",
		DuplicateHeader:          "duplicate header",
		InvalidToken:             "invalid session token",
		MalformedURI:             "malformed uri",
		RequestTimeTooSkewed:     "request time too skewed",
		ExpiredPresign:           "presigned request has expired",
		PresignNotYetValid:       "presigned request is not valid yet",
		SignatureMismatch:        "signature does not match",
		ContentSHA256Mismatch:    "body does not match x-amz-content-sha256",
		MissingDecodedLength:     "missing x-amz-decoded-content-length",
		InvalidDecodedLength:     "invalid x-amz-decoded-content-length",
		IncompleteBody:           "incomplete body",
		MalformedChunk:           "malformed chunk",
		InvalidChunkSize:         "chunk too small",
		MalformedTrailer:         "malformed trailer",
	}
	if r == 0 || r >= numReasons {
		return "reason " + strconv.Itoa(int(r))
	}
	return texts[r]
}

// Reasons returns every Reason, for tests that walk a translation table.
func Reasons() []Reason {
	all := make([]Reason, 0, numReasons-1)
	for r := AuthHeaderMalformed; r < numReasons; r++ {
		all = append(all, r)
	}
	return all
}

// Part is what of an authorization is at fault, where one Reason has several. 0 is none of these.
type Part uint8

// The parts. Error.Value is what the request says of it, but for the two that are missing: there it is the name.
const (
	_                Part = iota
	Algorithm             // of the signature; without a Value there is none
	Component             // of the Authorization header: not NAME=VALUE, or one too many
	MissingComponent      // of the Authorization header
	MissingParameter      // of the query
	Credential            // not five elements
	ScopeService
	ScopeRegion
	ScopeTerminal
	ScopeDate   // no date, or not that of the signature
	RequestDate // no time
)

// Mismatch is what AWS tells the sender of a wrong signature, so that it can find its mistake. It
// repeats the request's own bytes (a session token among them): for that client's answer, not for logs.
type Mismatch struct {
	AWSAccessKeyID    string
	StringToSign      string
	SignatureProvided string
	CanonicalRequest  string // empty for a browser POST form
}

// Error is the refusal of a request or of its body.
type Error struct {
	Reason Reason
	Detail string // one sentence for the client; may be empty

	Argument    string        // the header, parameter or field that is wrong, when InvalidArgument names it
	Value       string        // what it said, or Part says
	Part        Part          // what is at fault, when Reason has several
	Region      string        // the region to sign for; set when that was the fault
	Headers     []string      // UnsignedHeaders: their lower-case names, sorted
	Mismatch    *Mismatch     // SignatureMismatch of the request itself
	RequestTime time.Time     // when it was signed; set by the three reasons about time
	ServerTime  time.Time     // likewise
	MaxSkew     time.Duration // RequestTimeTooSkewed
	Expires     time.Duration // ExpiredPresign: the lifetime asked for

	Err error // the cause; may be nil
}

func (e *Error) Error() string {
	s := "sigv4: " + e.Reason.String()
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// ReasonOf returns the Reason of the outermost *Error in err's chain, 0 when there is none.
func ReasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return 0
}

// about names the argument that the refusal is about.
func (e *Error) about(argument, value string) *Error {
	e.Argument, e.Value = argument, value
	return e
}

// of names the part of the authorization that is at fault, which Argument does not: S3 does not tell it.
func (e *Error) of(part Part, value string) *Error {
	e.Part, e.Value = part, value
	return e
}

func refuse(reason Reason, format string, args ...any) *Error {
	return &Error{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}
