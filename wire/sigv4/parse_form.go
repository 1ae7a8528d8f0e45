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

// The form fields, as their faults name them.
const (
	fieldCredential = "x-amz-credential"
	fieldDate       = "X-Amz-Date"
	fieldAlgorithm  = "X-Amz-Algorithm"
)

// ParseForm checks the form fields of a POST upload as Parse checks a request. The time of signing
// is not compared with the clock: the policy's expiration takes that place.
func (v *Verifier) ParseForm(f Form) (*Request, error) {
	if err := f.complete(); err != nil {
		return nil, err
	}
	req := &Request{
		Mechanism: PostForm, SecurityToken: f.SecurityToken, signature: f.Signature, policy: f.Policy,
		Payload: Payload{value: UnsignedPayload},
	}
	switch f.Algorithm {
	case algorithm:
	case algorithmV4A:
		return nil, &Error{Reason: UnsupportedAlgorithm}
	default:
		return nil, refuse(AuthFormMalformed, "Only %s is supported", algorithm).about(fieldAlgorithm, f.Algorithm)
	}
	if len(f.SecurityToken) > maxSecurityToken {
		return nil, &Error{Reason: InvalidToken}
	}
	var fault *Error
	if req.AccessKeyID, req.Scope, fault = v.parseCredential(f.Credential, AuthFormMalformed); fault != nil {
		return nil, fault.about(fieldCredential, f.Credential)
	}
	var err error
	if req.Time, err = time.Parse(timeFormat, f.Date); err != nil {
		return nil, refuse(AuthFormMalformed, "%s must be formated via ISO8601 Long format", fieldDate).about(fieldDate, f.Date)
	}
	if e := v.checkScope(req.Scope, req.Time, AuthFormMalformed); e != nil {
		return nil, e.about(fieldCredential, f.Credential)
	}
	return req, nil
}

// complete reports the first field that is missing.
func (f *Form) complete() error {
	for _, field := range []struct{ name, value string }{
		{"policy", f.Policy},
		{"x-amz-signature", f.Signature},
		{fieldCredential, f.Credential},
		{"x-amz-date", f.Date},
		{"x-amz-algorithm", f.Algorithm},
	} {
		if field.value == "" {
			return refuse(AuthFormMalformed,
				"Bucket POST must contain a field named '%s'.  If it is specified, please check the order of the fields.", field.name).
				about(field.name, "")
		}
	}
	return nil
}
