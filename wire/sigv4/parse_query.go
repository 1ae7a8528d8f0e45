package sigv4

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// The query parameters of a presigned request.
const (
	queryAlgorithm     = "X-Amz-Algorithm"
	queryCredential    = "X-Amz-Credential"
	queryDate          = "X-Amz-Date"
	queryExpires       = "X-Amz-Expires"
	querySignedHeaders = "X-Amz-SignedHeaders"
	querySignature     = "X-Amz-Signature"
	queryContentSHA256 = "X-Amz-Content-Sha256"
)

// credentialFault begins what S3 says of a credential in the query.
const credentialFault = "Error parsing the X-Amz-Credential parameter; "

// queryMechanism reports whether the query carries a SigV4 credential or any part of one. Names
// are compared without case and X-Amz-* ones must occur once, so that no two readers of a URL can
// see different credentials in it.
func queryMechanism(params []param) (bool, error) {
	found := false
	seen := make(map[string]bool)
	v2 := 0
	for _, p := range params {
		switch p.name {
		case "AWSAccessKeyId", "Signature":
			v2++
		}
		name := strings.ToLower(p.name)
		if !strings.HasPrefix(name, "x-amz-") {
			continue
		}
		if seen[name] {
			return false, refuse(AuthQueryMalformed, "the parameter %s occurs more than once", name)
		}
		seen[name] = true
		switch name {
		case "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires",
			"x-amz-signedheaders", "x-amz-signature", "x-amz-security-token":
			found = true
		}
	}
	if v2 > 0 && !found {
		return false, &Error{Reason: SignatureV2}
	}
	return found, nil
}

func (v *Verifier) parsePresigned(req *Request) error {
	if err := v.presignComplete(req); err != nil {
		return err
	}
	switch a := req.Query.Get(queryAlgorithm); a {
	case algorithm:
	case algorithmV4A:
		return &Error{Reason: UnsupportedAlgorithm}
	default:
		return refuse(AuthQueryMalformed, "%s only supports %q", queryAlgorithm, algorithm+" and "+algorithmV4A).of(Algorithm, a)
	}
	var bad *Error
	if req.AccessKeyID, req.Scope, bad = v.parseCredential(req.Query.Get(queryCredential), AuthQueryMalformed); bad != nil {
		bad.Detail = credentialFault + bad.Detail
		return bad
	}
	var fault string
	if req.SignedHeaders, fault = parseSignedHeaders(req.Query.Get(querySignedHeaders)); fault != "" {
		return refuse(AuthQueryMalformed, "%s", fault)
	}
	req.signature = req.Query.Get(querySignature)
	if err := presignTime(req); err != nil {
		return err
	}
	if e := v.checkScope(req.Scope, req.Time, AuthQueryMalformed); e != nil {
		return e
	}
	tokens := append(req.Query[securityToken], req.http.Header.Values(securityToken)...)
	var err error
	if req.SecurityToken, err = oneToken(tokens); err != nil {
		return err
	}
	if err := checkSigned(req); err != nil {
		return err
	}
	return presignPayload(req)
}

// presignComplete: X-Amz-Expires is S3's.
func (v *Verifier) presignComplete(req *Request) error {
	names := []string{queryAlgorithm, queryCredential, querySignature, queryDate, querySignedHeaders}
	if slices.Contains(v.services, ServiceS3) {
		names = append(names, queryExpires)
	}
	for _, name := range names {
		if req.Query.Get(name) != "" {
			continue
		}
		e := refuse(AuthQueryMalformed, "Query-string authentication version 4 requires the X-Amz-Algorithm, "+
			"X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
		if name == queryAlgorithm {
			return e.of(Algorithm, "")
		}
		return e.of(MissingParameter, name)
	}
	return nil
}

// presignTime reads when the request was signed and for how long. Where Expires is not needed and not given it stays 0.
func presignTime(req *Request) error {
	var err error
	if req.Time, err = time.Parse(timeFormat, req.Query.Get(queryDate)); err != nil {
		return refuse(AuthQueryMalformed, "%s must be in the ISO8601 Long Format %q", queryDate, "yyyyMMdd'T'HHmmss'Z'").
			of(RequestDate, req.Query.Get(queryDate))
	}
	if req.Query.Get(queryExpires) == "" {
		return nil
	}
	seconds, err := strconv.ParseInt(req.Query.Get(queryExpires), 10, 64)
	switch {
	case err != nil:
		return refuse(AuthQueryMalformed, "%s should be a number", queryExpires)
	case seconds < 1:
		return refuse(AuthQueryMalformed, "%s must be non-negative", queryExpires)
	case seconds > int64(MaxPresign/time.Second):
		return refuse(AuthQueryMalformed, "%s must be less than a week (in seconds); that is, the given %s must be less than %d seconds",
			queryExpires, queryExpires, MaxPresign/time.Second)
	}
	req.Expires = time.Duration(seconds) * time.Second
	return nil
}

// presignPayload: the body is unsigned unless the header or the query says otherwise. Only S3 has unsigned bodies:
// elsewhere it is hashed as it came.
func presignPayload(req *Request) error {
	if req.Scope.Service != ServiceS3 {
		req.needBodyHash = true
		return nil
	}
	value := UnsignedPayload
	inQuery, inHeader := req.Query.Get(queryContentSHA256), req.http.Header.Get(contentSHA256)
	switch {
	case inQuery != "" && inHeader != "" && inQuery != inHeader:
		return refuse(InvalidContentSHA256, "the query and the header differ")
	case inHeader != "":
		value = inHeader
	case inQuery != "":
		value = inQuery
	}
	var err error
	req.Payload, err = parsePayload(value, req.http.Header)
	return err
}
