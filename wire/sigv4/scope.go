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

// malformedCredential is what S3 says of a credential without its five parts.
const malformedCredential = `the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`

// parseCredential splits "<key id>/<date>/<region>/<service>/aws4_request". malformed is the mechanism's own Reason.
func (v *Verifier) parseCredential(s string, malformed Reason) (keyID string, scope Scope, fault *Error) {
	parts := strings.Split(s, "/")
	if len(parts) != 5 {
		return "", Scope{}, refuse(malformed, malformedCredential).of(Credential, s)
	}
	keyID, scope = parts[0], Scope{Date: parts[1], Region: parts[2], Service: parts[3]}
	switch {
	case keyID == "" || len(keyID) > maxAccessKeyID || !printable(keyID):
		fault = refuse(malformed, malformedCredential).of(Credential, s)
	case !slices.Contains(v.services, scope.Service):
		fault = refuse(malformed, "incorrect service %q. This endpoint belongs to %q.", scope.Service, v.services[0]).of(ScopeService, scope.Service)
	case parts[4] != terminal:
		fault = refuse(malformed, "incorrect terminal %q. This endpoint uses %q.", parts[4], terminal).of(ScopeTerminal, parts[4])
	case !isDate(scope.Date):
		fault = refuse(malformed, "incorrect date format %q. This date in the credential must be in the format \"yyyyMMdd\".", scope.Date).
			of(ScopeDate, scope.Date)
	}
	if fault != nil {
		return "", Scope{}, fault
	}
	return keyID, scope, nil
}

func isDate(s string) bool {
	_, err := time.Parse(dateFormat, s)
	return err == nil && len(s) == len(dateFormat)
}

// printable reports whether s is ASCII without control characters and spaces.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// checkScope compares a scope with the endpoint's. malformed is the mechanism's own Reason.
func (v *Verifier) checkScope(scope Scope, signed time.Time, malformed Reason) *Error {
	if scope.Region != v.region && !slices.Contains(v.regions, scope.Region) {
		e := refuse(malformed, "the region %q is wrong; expecting %q", scope.Region, v.region).of(ScopeRegion, scope.Region)
		if malformed == AuthQueryMalformed {
			e.Detail = credentialFault + e.Detail
		}
		e.Region = v.region
		return e
	}
	if want := signed.Format(dateFormat); scope.Date != want {
		if malformed == AuthHeaderMalformed {
			return refuse(malformed, "The authorization header is malformed; Invalid credential date. Date is not the same as X-Amz-Date.").
				of(ScopeDate, scope.Date)
		}
		return refuse(malformed, "Invalid credential date %q. This date is not the same as X-Amz-Date: %q.", scope.Date, want).of(ScopeDate, scope.Date)
	}
	return nil
}
