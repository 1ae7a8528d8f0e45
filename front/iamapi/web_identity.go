package iamapi

import (
	"context"
	"errors"
	"slices"
	"strings"

	"shoal/core/access"
	"shoal/core/account"
	"shoal/core/fault"
)

// WebIdentity reaches OpenID Connect providers. URLs are of providers that an account or the configuration has, never
// such as a token names.
type WebIdentity interface {
	// Common returns the provider of the configuration, whose URL has its scheme. ok is false when there is none.
	Common() (p CommonProvider, ok bool)
	// Verify checks the signature of a token by the keys of its issuer, and its times. The error is one of the Err values
	// of this package, wrapped.
	Verify(ctx context.Context, issuer, token string) error
	// Thumbprint returns that of the certificate authority of a provider's host, 40 hexadecimal digits.
	Thumbprint(ctx context.Context, provider string) (string, error)
}

// CommonProvider is the provider that every account has.
type CommonProvider struct {
	URL       string
	ClientIDs []string
}

// Errors of a WebIdentity.
var (
	ErrInvalidToken = errors.New("the web identity token is not valid")
	ErrExpiredToken = errors.New("the web identity token has expired")
	ErrUnreachable  = errors.New("the identity provider cannot be reached")
)

// noWebIdentity reaches no provider.
type noWebIdentity struct{}

func (noWebIdentity) Common() (CommonProvider, bool)               { return CommonProvider{}, false }
func (noWebIdentity) Verify(context.Context, string, string) error { return ErrUnreachable }
func (noWebIdentity) Thumbprint(context.Context, string) (string, error) {
	return "", ErrUnreachable
}

// commonProvider returns the provider of the configuration as one of an account.
func (h *Handler) commonProvider(of access.CanonicalID) (account.Provider, bool) {
	common, ok := h.o.WebIdentity.Common()
	_, host, _ := strings.Cut(common.URL, "://")
	return account.Provider{Account: of, URL: strings.TrimSuffix(host, "/"), ClientIDs: common.ClientIDs}, ok
}

// provider returns the provider of an account by its URL without scheme: the account's own, else the one of the
// configuration. NoSuchEntity.
func (h *Handler) provider(ctx context.Context, of access.CanonicalID, url string) (account.Provider, error) {
	p, err := h.accounts.Provider(ctx, of, url)
	if common, ok := h.commonProvider(of); ok && fault.Is(err, fault.NoSuchEntity) && common.URL == url {
		return common, nil
	}
	return p, err
}

// issuer returns the URL of p that the tokens of p have as iss.
func (h *Handler) issuer(p account.Provider) string {
	if common, ok := h.o.WebIdentity.Common(); ok {
		if of, _ := h.commonProvider(p.Account); of.URL == p.URL {
			return common.URL
		}
	}
	return "https://" + p.URL
}

// What STS says of a token that counts for nothing (messages of AssumeRoleWithWebIdentity).
const (
	tokenRefused     = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
	tokenMalformed   = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
	tokenInvalid     = "The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for requirements."
	tokenUnreachable = "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"
)

// assumeRoleWithWebIdentity finds the provider among those that the role trusts, so that nothing is fetched for the
// tokens of others, and lets its keys decide whether what the token says is so.
func (h *Handler) assumeRoleWithWebIdentity(c *call) (any, error) {
	r, text, err := c.webRequest()
	if err != nil {
		return nil, err
	}
	arn := c.form.get("RoleArn")
	role, trust, err := h.accounts.TrustPolicy(c.ctx, arn, r.Duration)
	if err != nil {
		return nil, tellRefusal(err)
	}
	token, err := readToken(text)
	if err != nil {
		return nil, err
	}
	provider, err := h.trustedProvider(c.ctx, role, trust, token)
	if err != nil {
		return nil, err
	}
	r.Provider = provider.ARN()
	c.describeSession(r)
	token.describe(&c.access, provider.URL)
	asking := access.Request{
		Principal: access.Principal{Kind: access.User, Federated: r.Provider}, Action: c.action.permission(),
		Resource: arn, ResourceOwner: role.Account, Context: c.access,
	}
	if err := h.admit(c.ctx, provider, token, access.Evaluate([]*access.Policy{trust}, asking).Effect); err != nil {
		return nil, err
	}
	made, err := h.accounts.AssumeRole(c.ctx, arn, asking, false, r)
	if err != nil {
		return nil, tellRefusal(err)
	}
	return struct {
		Credentials                 credentialsXML
		SubjectFromWebIdentityToken string
		AssumedRoleUser             assumedXML
		Provider                    string
		Audience                    string
	}{toCredentials(made), token.subject, assumedXML{made.UserID, made.ARN}, r.Provider, strings.Join(token.audience, ",")}, nil
}

// webRequest reads a request for a session, and the token that comes with it.
func (c *call) webRequest() (r account.SessionRequest, text string, err error) {
	if r, err = c.sessionRequest("RoleSessionName"); err != nil {
		return r, "", err
	}
	if err = c.refuse("SourceIdentity"); err != nil { // it is a claim of the token
		return r, "", err
	}
	text, err = c.form.need("WebIdentityToken")
	return r, text, err
}

// admit checks that a token is one of the provider and for one of its audiences. said is what the trust policy says of it:
// whom it denies, and who is for another audience, causes no fetch.
func (h *Handler) admit(ctx context.Context, p account.Provider, t token, said access.Effect) error {
	switch {
	case said == access.Deny:
		return errorOf(codeAccessDenied, tokenRefused)
	case !slices.ContainsFunc(t.audience, func(a string) bool { return slices.Contains(p.ClientIDs, a) }):
		return errorOf(codeInvalidWeb, tokenInvalid)
	}
	if err := h.o.WebIdentity.Verify(ctx, h.issuer(p), t.text); err != nil {
		return t.tellVerify(err, said == access.Allow, h.o.Now())
	}
	return nil
}

// tellRefusal gives a refusal of the core, also for a role that is not there, the words of STS.
func tellRefusal(err error) error {
	if fault.Is(err, fault.NoSuchEntity) || fault.Is(err, fault.AccessDenied) {
		return errorOf(codeAccessDenied, tokenRefused)
	}
	return err
}

// trustedProvider returns the provider of a role's account that the role trusts and that has issued the token.
// AccessDenied when the role trusts none that there is.
func (h *Handler) trustedProvider(ctx context.Context, role account.Identity, trust *access.Policy, t token) (account.Provider, error) {
	none := account.Provider{}
	refusal := errorOf(codeAccessDenied, tokenRefused)
	for _, arn := range trust.Federated() {
		url, ok := strings.CutPrefix(arn, account.Provider{Account: role.Account}.ARN())
		if !ok {
			continue
		}
		p, err := h.provider(ctx, role.Account, url)
		if fault.Is(err, fault.NoSuchEntity) {
			continue
		}
		if err != nil {
			return none, err
		}
		if h.issuer(p) == t.issuer {
			return p, nil
		}
		refusal = errorOf(codeInvalidWeb, tokenInvalid)
	}
	return none, refusal
}
