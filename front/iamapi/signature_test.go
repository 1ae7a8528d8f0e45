package iamapi

import (
	"net/http/httptest"
	"testing"
	"time"

	"shoal/wire/sigv4"
)

// TestRefusal: the words are AWS's.
func TestRefusal(t *testing.T) {
	now := time.Date(2026, 6, 27, 12, 0, 0, 0, time.UTC)
	timed := func(r sigv4.Reason, signed time.Time, expires time.Duration) *sigv4.Error {
		return &sigv4.Error{Reason: r, RequestTime: signed, ServerTime: now, MaxSkew: sigv4.DefaultMaxSkew, Expires: expires}
	}
	tests := []struct {
		e       *sigv4.Error
		status  int
		code    code
		message string
	}{
		{&sigv4.Error{Part: sigv4.Credential, Value: "a/b"}, 400, codeIncomplete, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b'"},
		{&sigv4.Error{Part: sigv4.ScopeService, Value: "ec2"}, 400, codeSignature, "Credential should be scoped to correct service: 'sts'."},
		{&sigv4.Error{Part: sigv4.ScopeTerminal, Value: "x"}, 403, codeSignature, "Credential should be scoped with a valid terminator: 'aws4_request'."},
		{
			&sigv4.Error{Part: sigv4.MissingComponent, Value: "Signature"}, 400, codeIncomplete,
			"Authorization header requires 'Signature' parameter. (Hashed with SHA-256 and encoded with Base64) Authorization=ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
		},
		{&sigv4.Error{Reason: sigv4.MissingDate, Part: sigv4.RequestDate, Value: "x\n"}, 400, codeIncomplete, "Date must be in ISO-8601 'basic format'. Got 'x?'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{
			&sigv4.Error{Reason: sigv4.MissingDate, Part: sigv4.RequestDate}, 400, codeIncomplete,
			"Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization=ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
		},
		{&sigv4.Error{Part: sigv4.Algorithm}, 403, codeMissingToken, "Request is missing Authentication Token"},
		{&sigv4.Error{Part: sigv4.Algorithm, Value: "AWS4-X"}, 403, codeMissingToken, "Missing Authentication Token"},
		{&sigv4.Error{Reason: sigv4.UnsignedHeaders}, 403, codeSignature, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
		{timed(sigv4.RequestTimeTooSkewed, now.Add(-time.Hour), 0), 403, codeSignature, "Signature expired: 20260627T110000Z is now earlier than 20260627T114500Z (20260627T120000Z - 15 min.)"},
		{timed(sigv4.PresignNotYetValid, now.Add(time.Hour), time.Minute), 403, codeSignature, "Signature not yet current: 20260627T130000Z is still later than 20260627T121500Z (20260627T120000Z + 15 min.)"},
		{timed(sigv4.ExpiredPresign, now.Add(-time.Hour), 90*time.Second), 403, codeSignature, "Signature expired: 20260627T110000Z is now earlier than 20260627T115830Z (20260627T120000Z - 90 s.)"},
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "abc")
	c := &call{http: r, action: &action{service: serviceSTS}}
	for _, tt := range tests {
		if got := c.refusal(tt.e); got.status() != tt.status || got.code != tt.code || got.message != tt.message {
			t.Errorf("%v: got %d %s %q,\nwant %d %s %q", tt.e, got.status(), got.code, got.message, tt.status, tt.code, tt.message)
		}
	}
}
