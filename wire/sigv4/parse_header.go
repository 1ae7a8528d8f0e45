package sigv4

import (
	"net/http"
	"strings"
	"time"
)

const (
	// maxAuthorization and maxSignedHeaders are above what net/http lets through in header counts
	// that S3 clients send (metadata is 2 KiB in all).
	maxAuthorization = 16 << 10
	maxSignedHeaders = 256
	// maxSecurityToken is twice the longest session token that AWS hands out.
	maxSecurityToken = 16 << 10

	securityToken = "X-Amz-Security-Token"
)

// parseHeader reads "AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...".
func (v *Verifier) parseHeader(req *Request, values []string) error {
	if len(values) > 1 || len(values[0]) > maxAuthorization {
		return refuse(AuthHeaderMalformed, "there must be one Authorization header of at most %d bytes", maxAuthorization)
	}
	scheme, rest, found := strings.Cut(strings.TrimSpace(values[0]), " ")
	if !found && scheme != algorithm {
		return refuse(UnsupportedAuthorization, "Authorization header is invalid -- one and only one ' ' (space) required.").
			about("Authorization", values[0])
	}
	if err := checkScheme(scheme); err != nil {
		return err
	}
	fields, err := splitAuthorization(rest)
	if err != nil {
		return err
	}
	var bad *Error
	if req.AccessKeyID, req.Scope, bad = v.parseCredential(fields.credential, AuthHeaderMalformed); bad != nil {
		return bad
	}
	var fault string
	if req.SignedHeaders, fault = parseSignedHeaders(fields.signedHeaders); fault != "" {
		return refuse(AuthHeaderMalformed, "%s", fault)
	}
	req.signature = fields.signature
	if req.Time, err = headerTime(req.http.Header); err != nil {
		return err
	}
	if e := v.checkScope(req.Scope, req.Time, AuthHeaderMalformed); e != nil {
		return e
	}
	if req.SecurityToken, err = oneToken(req.http.Header.Values(securityToken)); err != nil {
		return err
	}
	if err := checkSigned(req); err != nil {
		return err
	}
	return headerPayload(req)
}

// headerPayload: only S3 reads x-amz-content-sha256. Elsewhere the body is hashed as it came.
func headerPayload(req *Request) error {
	if req.Scope.Service != ServiceS3 {
		req.needBodyHash = true
		return nil
	}
	values := req.http.Header.Values(contentSHA256)
	if len(values) == 0 {
		return &Error{Reason: MissingContentSHA256}
	}
	var err error
	req.Payload, err = parsePayload(values[0], req.http.Header)
	return err
}

func checkScheme(scheme string) error {
	switch scheme {
	case algorithm:
		return nil
	case algorithmV4A:
		return &Error{Reason: UnsupportedAlgorithm}
	case "AWS":
		return &Error{Reason: SignatureV2}
	}
	if strings.HasPrefix(scheme, "AWS4-") {
		return refuse(AuthHeaderMalformed, "the algorithm must be %s", algorithm).of(Algorithm, scheme)
	}
	return (&Error{Reason: UnsupportedAuthorization}).about("Authorization", scheme)
}

type authorization struct {
	credential, signedHeaders, signature string
}

// splitAuthorization takes the three fields in any order, each exactly once and none else.
func splitAuthorization(s string) (authorization, error) {
	fields := strings.Split(s, ",")
	if len(fields) != 3 {
		return authorization{}, refuse(AuthHeaderMalformed,
			"the authorization header requires three components: Credential, SignedHeaders, and Signature.")
	}
	var a authorization
	for _, field := range fields {
		field = strings.TrimSpace(field)
		name, value, ok := strings.Cut(field, "=")
		dst := a.field(name)
		if !ok || dst != nil && *dst != "" {
			return authorization{}, refuse(AuthHeaderMalformed, "the authorization component %q is malformed.", field).of(Component, field)
		}
		if dst != nil {
			*dst = value
		} // otherwise one of the three is missing
	}
	for _, name := range []string{"Credential", "SignedHeaders", "Signature"} {
		if *a.field(name) == "" {
			return authorization{}, refuse(AuthHeaderMalformed, "missing %s.", name).of(MissingComponent, name)
		}
	}
	return a, nil
}

// field returns the field of that name, nil when there is none.
func (a *authorization) field(name string) *string {
	switch name {
	case "Credential":
		return &a.credential
	case "SignedHeaders":
		return &a.signedHeaders
	case "Signature":
		return &a.signature
	}
	return nil
}

// headerTime is the time of x-amz-date or, when there is none, of Date.
func headerTime(h http.Header) (time.Time, error) {
	if values := h.Values("X-Amz-Date"); len(values) > 0 {
		t, err := time.Parse(timeFormat, values[0])
		if err != nil || len(values) > 1 {
			return time.Time{}, (&Error{Reason: MissingDate}).of(RequestDate, values[0])
		}
		return t, nil
	}
	values := h.Values("Date")
	if len(values) != 1 {
		return time.Time{}, (&Error{Reason: MissingDate}).of(RequestDate, "")
	}
	if t, err := time.Parse(timeFormat, values[0]); err == nil {
		return t, nil
	}
	t, err := http.ParseTime(values[0])
	if err != nil {
		return time.Time{}, (&Error{Reason: MissingDate}).of(RequestDate, values[0])
	}
	return t.UTC(), nil
}

func oneToken(values []string) (string, error) {
	switch {
	case len(values) == 0:
		return "", nil
	case len(values) > 1 || values[0] == "" || len(values[0]) > maxSecurityToken:
		return "", &Error{Reason: InvalidToken}
	}
	return values[0], nil
}
