package sigv4

import (
	"slices"
	"strings"
	"time"
)

const (
	algorithm    = "AWS4-HMAC-SHA256"
	algorithmV4A = "AWS4-ECDSA-P256-SHA256"
	terminal     = "aws4_request"
	timeFormat   = "20060102T150405Z"
	dateFormat   = "20060102"

	// ServiceS3 is the service name in the scope of every S3 request.
	ServiceS3 = "s3"

	// maxAccessKeyID is AWS's limit for an access key id.
	maxAccessKeyID = 128
)

// Scope is the credential scope: what a derived signing key is good for.
type Scope struct {
	Date    string // YYYYMMDD
	Region  string
	Service string
}

func (s Scope) String() string {
	return s.Date + "/" + s.Region + "/" + s.Service + "/" + terminal
}

func newScope(now time.Time, region, service string) Scope {
	return Scope{Date: now.UTC().Format(dateFormat), Region: region, Service: service}
}

// parseCredential splits "<key id>/<date>/<region>/<service>/aws4_request". A key id may itself
// hold slashes, so the scope is taken from the end. The string returned is the fault, "" if none.
func parseCredential(s string) (keyID string, scope Scope, fault string) {
	parts := strings.Split(s, "/")
	if len(parts) < 5 {
		return "", Scope{}, "the Credential must have the form <access-key-id>/YYYYMMDD/<region>/<service>/aws4_request"
	}
	n := len(parts)
	keyID = strings.Join(parts[:n-4], "/")
	scope = Scope{Date: parts[n-4], Region: parts[n-3], Service: parts[n-2]}
	if keyID == "" || len(keyID) > maxAccessKeyID || !printable(keyID) {
		return "", Scope{}, "the access key id in the Credential is invalid"
	}
	if parts[n-1] != terminal {
		return "", Scope{}, "the Credential must end in aws4_request"
	}
	if _, err := time.Parse(dateFormat, scope.Date); err != nil || len(scope.Date) != len(dateFormat) {
		return "", Scope{}, "the date in the Credential must have the form YYYYMMDD"
	}
	return keyID, scope, ""
}

// printable reports whether s is ASCII without control characters and spaces.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// checkScope compares a scope with the endpoint's. malformed is the mechanism's own Reason.
func (v *Verifier) checkScope(scope Scope, signed time.Time, malformed Reason) *Error {
	if scope.Region != v.region && !slices.Contains(v.regions, scope.Region) {
		e := refuse(malformed, "the region %q is wrong; expecting %q", scope.Region, v.region)
		e.Region = v.region
		return e
	}
	if !slices.Contains(v.services, scope.Service) {
		return refuse(malformed, "incorrect service %q; this endpoint belongs to %q", scope.Service, v.services[0])
	}
	if want := signed.Format(dateFormat); scope.Date != want {
		return refuse(malformed, "invalid credential date %q; this date is not the same as X-Amz-Date: %q", scope.Date, want)
	}
	return nil
}
