package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"shoal/config"
	"shoal/front/iamapi"
)

const (
	maxWebToken = 20_000          // characters of a token (STS API reference)
	tokenLeeway = 2 * time.Minute // of the issuer's clock and ours
)

// signingAlgorithms are those with a public key. "none" and the symmetric ones, which would take a public key for a
// secret, are not among them.
func signingAlgorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.ES256, jose.ES384, jose.EdDSA}
}

// keySource gives the keys of an issuer.
type keySource interface {
	// keys returns the public keys of that id; none when the issuer has no such key.
	keys(ctx context.Context, id string) ([]jose.JSONWebKey, error)
}

// oidcProvider checks the tokens of the OpenID Connect provider of the configuration.
type oidcProvider struct {
	issuer  string
	clients []string
	source  keySource
	now     func() time.Time
}

var _ iamapi.WebIdentity = oidcProvider{}

// newWebIdentity returns the provider of the configuration, nil when there is none.
func newWebIdentity(cfg config.Config) (iamapi.WebIdentity, error) {
	if cfg.OIDCIssuer == "" {
		return nil, nil
	}
	p := oidcProvider{issuer: cfg.OIDCIssuer, clients: cfg.OIDCClientID, now: time.Now}
	if cfg.OIDCJWKS == "" {
		p.source = newIssuerKeys(cfg.OIDCIssuer)
		return p, nil
	}
	set, err := readKeySet(cfg.OIDCJWKS)
	if err != nil {
		return nil, fmt.Errorf("--oidc-jwks: %w", err)
	}
	p.source = fixedKeys{set}
	return p, nil
}

// Provider implements iamapi.WebIdentity.
func (p oidcProvider) Provider() string {
	_, host, _ := strings.Cut(p.issuer, "://")
	return strings.TrimSuffix(host, "/")
}

// Verify implements iamapi.WebIdentity. Nothing that the token names is fetched: the issuer is the one of the
// configuration, or the token is refused.
func (p oidcProvider) Verify(ctx context.Context, token string) (iamapi.Claims, error) {
	refuse := func(why error) (iamapi.Claims, error) {
		return iamapi.Claims{}, fmt.Errorf("%w: %w", iamapi.ErrInvalidToken, why)
	}
	if len(token) > maxWebToken {
		return refuse(errors.New("too long"))
	}
	parsed, err := jwt.ParseSigned(token, signingAlgorithms())
	if err != nil {
		return refuse(err)
	}
	// Before the keys are asked for, so that strangers' tokens cost no fetch.
	var claimed jwt.Claims
	if err := parsed.UnsafeClaimsWithoutVerification(&claimed); err != nil || claimed.Issuer != p.issuer {
		return refuse(errors.New("another issuer"))
	}
	keys, err := p.source.keys(ctx, parsed.Headers[0].KeyID)
	if err != nil {
		return iamapi.Claims{}, fmt.Errorf("%w: %w", iamapi.ErrUnreachable, err)
	}
	for _, key := range keys {
		var claims jwt.Claims
		var more struct {
			AuthorisedParty string   `json:"azp"`
			Methods         []string `json:"amr"`
		}
		if parsed.Claims(key, &claims, &more) != nil {
			continue
		}
		if err := p.validate(claims); err != nil {
			return iamapi.Claims{}, err
		}
		audience := []string(claims.Audience)
		if more.AuthorisedParty != "" {
			audience = []string{more.AuthorisedParty} // as AWS sets the key aud
		}
		return iamapi.Claims{Subject: claims.Subject, Audience: audience, Methods: more.Methods}, nil
	}
	return refuse(errors.New("no key of the issuer verifies it"))
}

// validate checks what the signature covers.
func (p oidcProvider) validate(claims jwt.Claims) error {
	if claims.Expiry == nil || claims.Subject == "" {
		return fmt.Errorf("%w: no exp or no sub", iamapi.ErrInvalidToken)
	}
	if !slices.ContainsFunc(p.clients, claims.Audience.Contains) {
		return fmt.Errorf("%w: for another audience", iamapi.ErrInvalidToken)
	}
	err := claims.ValidateWithLeeway(jwt.Expected{Issuer: p.issuer, Time: p.now()}, tokenLeeway)
	if errors.Is(err, jwt.ErrExpired) {
		return fmt.Errorf("%w: %w", iamapi.ErrExpiredToken, err)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", iamapi.ErrInvalidToken, err)
	}
	return nil
}
