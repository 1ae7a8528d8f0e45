package sigv4

import "time"

// Verify checks that req was signed with the secret of its access key, at a time that now allows.
// The caller has looked secret up by req.AccessKeyID and refuses unknown keys itself. The error is
// an *Error; nothing about req may be trusted when there is one.
func (v *Verifier) Verify(req *Request, secret string, now time.Time) (*Verified, error) {
	switch req.Mechanism {
	case Header, Presigned, PostForm:
	default:
		return nil, refuse(SignatureMismatch, "the request carries no credentials")
	}
	if secret == "" {
		return nil, refuse(SignatureMismatch, "the access key has no secret")
	}
	if req.needBodyHash {
		return nil, refuse(MissingContentSHA256, "the hash of the body is not known")
	}
	if err := v.checkTime(req, now.UTC()); err != nil {
		return nil, err
	}
	key := v.keys.get(req.AccessKeyID, secret, req.Scope)
	if err := req.checkSignature(key); err != nil {
		return nil, err
	}
	return &Verified{
		Mechanism: req.Mechanism, AccessKeyID: req.AccessKeyID, Payload: req.Payload,
		key: key, seed: req.signature, scope: req.Scope.String(), time: req.Time.Format(timeFormat),
		minChunk: v.minChunk,
	}, nil
}

// Anonymous accepts a request that Parse found to carry no credentials. Whether the anonymous
// account may do what it asks is the caller's to decide.
func (v *Verifier) Anonymous(req *Request) (*Verified, error) {
	if req.Mechanism != Anonymous {
		return nil, refuse(SignatureMismatch, "the request carries credentials")
	}
	return &Verified{Mechanism: Anonymous, Payload: req.Payload, minChunk: v.minChunk}, nil
}

func (v *Verifier) checkTime(req *Request, now time.Time) error {
	e := &Error{RequestTime: req.Time, ServerTime: now, MaxSkew: v.maxSkew, Expires: req.Expires}
	switch {
	case req.Mechanism == Header || req.Mechanism == Presigned && req.Expires == 0:
		if d := now.Sub(req.Time); d > v.maxSkew || d < -v.maxSkew {
			e.Reason = RequestTimeTooSkewed
			return e
		}
	case req.Mechanism == Presigned:
		if req.Time.Sub(now) > v.maxSkew {
			e.Reason = PresignNotYetValid
			return e
		}
		if !now.Before(req.Time.Add(req.Expires)) {
			e.Reason = ExpiredPresign
			return e
		}
	}
	return nil
}

func (r *Request) checkSignature(key signingKey) error {
	if r.Mechanism == PostForm {
		if !sameSignature(r.signature, key.sign(r.policy)) {
			return r.mismatch(r.policy, "")
		}
		return nil
	}
	omit := ""
	if r.Mechanism == Presigned {
		omit = querySignature
	}
	var firstText, firstCanonical string
	for i, s := range spellings(r.http, r.params) {
		canonical := canonicalRequest(nil, r.http, s, omit, r.SignedHeaders, r.Payload.value)
		text := stringToSign(r.Time, r.Scope, canonical)
		if sameSignature(r.signature, key.sign(text)) {
			return nil
		}
		if i == 0 {
			firstText, firstCanonical = text, string(canonical)
		}
	}
	return r.mismatch(firstText, firstCanonical)
}

func (r *Request) mismatch(text, canonical string) *Error {
	return &Error{Reason: SignatureMismatch, Mismatch: &Mismatch{
		AWSAccessKeyID: r.AccessKeyID, StringToSign: text,
		SignatureProvided: r.signature, CanonicalRequest: canonical,
	}}
}
