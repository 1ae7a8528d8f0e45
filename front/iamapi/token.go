package iamapi

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"shoal/core/access"
)

// maxWebToken is how long a token is, in characters (API reference, AssumeRoleWithWebIdentity).
const maxWebToken = 20_000

// token is an ID token as it came: what it says is so only when its issuer has signed it.
type token struct {
	text     string
	issuer   string
	subject  string
	audience []string // azp when there is one, else aud
	intended []string // aud
	expires  int64    // seconds since 1970
	claims   map[string]any
}

// readToken reads a JWT without checking its signature. InvalidIdentityToken.
func readToken(text string) (token, error) {
	malformed := errorOf(codeInvalidWeb, tokenMalformed)
	parts := strings.Split(text, ".")
	if len(text) > maxWebToken || len(parts) != 3 {
		return token{}, malformed
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return token{}, malformed
	}
	t := token{text: text}
	if err := json.Unmarshal(payload, &t.claims); err != nil || t.claims == nil {
		return token{}, malformed
	}
	expires, _ := t.claims["exp"].(float64)
	t.expires = int64(expires)
	t.issuer, _ = t.claims["iss"].(string)
	t.subject, _ = t.claims["sub"].(string)
	t.intended = claimValues(t.claims["aud"])
	if t.audience = claimValues(t.claims["azp"]); len(t.audience) == 0 {
		t.audience = t.intended
	}
	for _, required := range []string{"iss", "sub", "aud", "exp"} {
		if len(claimValues(t.claims[required])) == 0 {
			return token{}, errorOf(codeInvalidWeb, "Missing a required claim: "+required+".")
		}
	}
	return t, nil
}

// claimValues returns the values of a claim as conditions compare them: a text, a number, a truth, or a list of such.
func claimValues(claim any) []string {
	switch v := claim.(type) {
	case string:
		return nonEmpty(v)
	case bool, float64:
		text, err := json.Marshal(v)
		if err != nil {
			return nil
		}
		return []string{string(text)}
	case []any:
		var all []string
		for _, one := range v {
			if _, nested := one.([]any); !nested {
				all = append(all, claimValues(one)...)
			}
		}
		return all
	}
	return nil
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// describe fills in what trust policies ask of a token of the provider ("Available keys for AWS OIDC federation" in the
// IAM user guide). They may ask for every claim.
func (t token) describe(c *access.Context, provider string) {
	for name, claim := range t.claims {
		c.Set(access.Key(provider+":"+name), claimValues(claim)...)
	}
	c.Set(access.Key(provider+":aud"), t.audience...)
	if t.claims["azp"] != nil {
		c.Set(access.Key(provider+":oaud"), t.intended...)
	}
}

// tellVerify gives the error of a WebIdentity its code. Whether the provider cannot be reached matters only to who would
// be let in: trusted.
func (t token) tellVerify(err error, trusted bool, now time.Time) error {
	switch {
	case errors.Is(err, ErrExpiredToken):
		return &apiError{code: codeExpiredWeb, message: fmt.Sprintf("Token expired: current date/time %d must be before the expiration date/time %d", now.Unix(), t.expires), err: err}
	case errors.Is(err, ErrUnreachable) && trusted:
		return &apiError{code: codeInvalidWeb, message: tokenUnreachable, err: err}
	}
	return &apiError{code: codeInvalidWeb, message: tokenInvalid, err: err}
}
