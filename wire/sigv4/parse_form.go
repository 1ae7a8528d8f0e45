package sigv4

import "time"

// Form holds the fields of a browser POST that carry its signature.
type Form struct {
	Algorithm     string // x-amz-algorithm
	Credential    string // x-amz-credential
	Date          string // x-amz-date
	Signature     string // x-amz-signature
	SecurityToken string // x-amz-security-token, may be empty
	Policy        string // policy, base64 as sent; its conditions and expiration are the caller's to check
}

// ParseForm checks the form fields of a POST upload as Parse checks a request. The time of signing
// is not compared with the clock: the policy's expiration takes that place.
func (v *Verifier) ParseForm(f Form) (*Request, error) {
	req := &Request{
		Mechanism: PostForm, SecurityToken: f.SecurityToken, signature: f.Signature, policy: f.Policy,
		Payload: Payload{value: UnsignedPayload},
	}
	if f.Algorithm == algorithmV4A {
		return nil, &Error{Reason: UnsupportedAlgorithm}
	}
	if f.Algorithm != algorithm || f.Signature == "" || f.Policy == "" {
		return nil, refuse(AuthFormMalformed, "the form needs a policy, an x-amz-signature and the x-amz-algorithm %s", algorithm)
	}
	if len(f.SecurityToken) > maxSecurityToken {
		return nil, &Error{Reason: InvalidToken}
	}
	var fault string
	if req.AccessKeyID, req.Scope, fault = parseCredential(f.Credential); fault != "" {
		return nil, refuse(AuthFormMalformed, "x-amz-credential: %s", fault)
	}
	var err error
	if req.Time, err = time.Parse(timeFormat, f.Date); err != nil {
		return nil, refuse(AuthFormMalformed, "x-amz-date must have the form YYYYMMDDTHHMMSSZ")
	}
	if e := v.checkScope(req.Scope, req.Time, AuthFormMalformed); e != nil {
		return nil, e
	}
	return req, nil
}
