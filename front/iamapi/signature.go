package iamapi

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"shoal/wire/sigv4"
)

// refusalRow is what goes out for a bad signature; status 0 is that of the code. (Versity's suite, which is held against
// AWS, has 400 for two of the causes of a code that has 403 else.) In the message {value} is what the
// request says, {service} the action's, {authorization} the hash of the header, by which the sender knows it.
type refusalRow struct {
	code    code
	message string
	status  int
}

// partRows is the row of every sigv4.Part, absentRows that of those that may be missing. In the words of "Troubleshoot
// Signature Version 4 signing of AWS API requests" in the IAM user guide. Never written.
var (
	partRows = map[sigv4.Part]refusalRow{
		sigv4.Algorithm:        {codeMissingToken, otherAlgorithm, 0},
		sigv4.Component:        {codeIncomplete, `Authorization component "{value}" is malformed.`, 0},
		sigv4.MissingComponent: {codeIncomplete, "Authorization header requires '{value}' parameter." + seenAuthorization, 0},
		sigv4.MissingParameter: {codeIncomplete, "AWS query-string parameters must include '{value}'. Re-examine the query-string parameters.", 0},
		sigv4.Credential:       {codeIncomplete, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{value}'", 0},
		sigv4.ScopeService:     otherService,
		sigv4.ScopeRegion:      {codeSignature, "Credential should be scoped to a valid region. ", 0},
		sigv4.ScopeTerminal:    {codeSignature, "Credential should be scoped with a valid terminator: 'aws4_request'.", 0},
		sigv4.ScopeDate:        {codeSignature, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.", http.StatusBadRequest},
		sigv4.RequestDate:      {codeIncomplete, "Date must be in ISO-8601 'basic format'. Got '{value}'. See http://en.wikipedia.org/wiki/ISO_8601", 0},
	}
	absentRows = map[sigv4.Part]refusalRow{
		sigv4.Algorithm:   {codeMissingToken, missingToken, 0},
		sigv4.RequestDate: {codeIncomplete, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header." + seenAuthorization, 0},
	}
)

// reasonRows is the row of those of sigv4.Reasons that need words of their own. Never written.
var reasonRows = map[sigv4.Reason]refusalRow{
	sigv4.UnsupportedAuthorization: {codeMissingToken, missingToken, 0},
	sigv4.UnsupportedAlgorithm:     {codeMissingToken, otherAlgorithm, 0},
	sigv4.SignatureV2:              {codeIncomplete, "AWS Signature Version 2 is not supported.", 0},
	sigv4.UnsignedHeaders:          {codeSignature, unsignedHost, 0},
	sigv4.MissingSecurityHeader:    {codeSignature, unsignedHost, 0},
	sigv4.SignatureMismatch: {codeSignature, "The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.", 0},
	sigv4.InvalidToken: {codeInvalidClient, invalidToken, 0},
}

var otherService = refusalRow{codeSignature, "Credential should be scoped to correct service: '{service}'.", http.StatusBadRequest}

const (
	missingToken      = "Request is missing Authentication Token"
	otherAlgorithm    = "Missing Authentication Token"
	unsignedHost      = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
	seenAuthorization = " (Hashed with SHA-256 and encoded with Base64) Authorization={authorization}"
)

// refusal is what the sender of a request with a bad signature is told.
func (c *call) refusal(err error) *apiError {
	var e *sigv4.Error
	if !errors.As(err, &e) {
		return translate(err)
	}
	return c.tell(rowOf(e), e.Value, err)
}

func (c *call) tell(row refusalRow, value string, cause error) *apiError {
	sum := sha256.Sum256([]byte(c.http.Header.Get("Authorization")))
	marks := strings.NewReplacer("{value}", printable(value), "{service}", c.action.service, "{authorization}", base64.StdEncoding.EncodeToString(sum[:]))
	return &apiError{code: row.code, message: marks.Replace(row.message), err: cause, answer: row.status}
}

func rowOf(e *sigv4.Error) refusalRow {
	if row, ok := absentRows[e.Part]; ok && e.Value == "" {
		return row
	}
	if row, ok := partRows[e.Part]; ok {
		return row
	}
	if row, ok := reasonRows[e.Reason]; ok {
		return row
	}
	switch e.Reason {
	case sigv4.RequestTimeTooSkewed, sigv4.ExpiredPresign, sigv4.PresignNotYetValid:
		return refusalRow{codeSignature, timeMessage(e), 0}
	}
	if e.Detail != "" {
		return refusalRow{codeIncomplete, upperFirst(e.Detail), 0}
	}
	return refusalRow{codeIncomplete, "The request signature does not conform to AWS standards.", 0}
}

// timeMessage says how far the time of the signature is off.
func timeMessage(e *sigv4.Error) string {
	const basic = "20060102T150405Z"
	window := e.MaxSkew
	if e.Reason == sigv4.ExpiredPresign {
		window = e.Expires
	}
	signed, now := e.RequestTime.Format(basic), e.ServerTime.Format(basic)
	if e.RequestTime.After(e.ServerTime) {
		return "Signature not yet current: " + signed + " is still later than " + e.ServerTime.Add(window).Format(basic) + " (" + now + " + " + minutes(window) + ")"
	}
	return "Signature expired: " + signed + " is now earlier than " + e.ServerTime.Add(-window).Format(basic) + " (" + now + " - " + minutes(window) + ")"
}

func minutes(d time.Duration) string {
	if d%time.Minute != 0 {
		return strconv.Itoa(int(d/time.Second)) + " s."
	}
	return strconv.Itoa(int(d/time.Minute)) + " min."
}
