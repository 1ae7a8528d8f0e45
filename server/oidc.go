package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"shoal/config"
	"shoal/front/iamapi"
)

const (
	tokenLeeway = 2 * time.Minute // of the issuer's clock and ours
	// maxIssuers bounds the issuers whose keys are kept; beyond it they are fetched anew.
	maxIssuers = 256
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

// webIdentity reaches the OpenID Connect provider of the configuration and those that accounts have.
type webIdentity struct {
	common iamapi.CommonProvider // its URL is empty when there is none
	source keySource             // of common
	client *http.Client          // for the providers of accounts
	now    func() time.Time

	mu      sync.Mutex           // guards issuers
	issuers map[string]keySource // by URL
}

var _ iamapi.WebIdentity = &webIdentity{}

// newWebIdentity returns one with the provider of the configuration, if there is one.
func newWebIdentity(cfg config.Config) (*webIdentity, error) {
	w := &webIdentity{
		common: iamapi.CommonProvider{URL: cfg.OIDCIssuer, ClientIDs: cfg.OIDCClientID},
		client: newProviderClient(), now: time.Now, issuers: make(map[string]keySource),
	}
	switch {
	case cfg.OIDCIssuer == "":
	case cfg.OIDCJWKS == "":
		w.source = newIssuerKeys(cfg.OIDCIssuer, &http.Client{})
	default:
		set, err := readKeySet(cfg.OIDCJWKS)
		if err != nil {
			return nil, fmt.Errorf("--oidc-jwks: %w", err)
		}
		w.source = fixedKeys{set}
	}
	return w, nil
}

// Common implements iamapi.WebIdentity.
func (w *webIdentity) Common() (iamapi.CommonProvider, bool) { return w.common, w.common.URL != "" }

// keys returns the source of the keys of an issuer.
func (w *webIdentity) keys(issuer string) keySource {
	if issuer == w.common.URL {
		return w.source
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	source, ok := w.issuers[issuer]
	if !ok {
		if len(w.issuers) >= maxIssuers {
			clear(w.issuers)
		}
		source = newIssuerKeys(issuer, w.client)
		w.issuers[issuer] = source
	}
	return source
}

// Verify implements iamapi.WebIdentity. Nothing that the token names is fetched.
func (w *webIdentity) Verify(ctx context.Context, issuer, token string) error {
	parsed, err := jwt.ParseSigned(token, signingAlgorithms())
	if err != nil {
		return fmt.Errorf("%w: %w", iamapi.ErrInvalidToken, err)
	}
	keys, err := w.keys(issuer).keys(ctx, parsed.Headers[0].KeyID)
	if err != nil {
		return fmt.Errorf("%w: %w", iamapi.ErrUnreachable, err)
	}
	for _, key := range keys {
		var claims jwt.Claims
		if parsed.Claims(key, &claims) == nil {
			return w.validate(issuer, claims)
		}
	}
	return fmt.Errorf("%w: no key of the issuer verifies it", iamapi.ErrInvalidToken)
}

// validate checks what the signature covers.
func (w *webIdentity) validate(issuer string, claims jwt.Claims) error {
	if claims.Expiry == nil || claims.Subject == "" {
		return fmt.Errorf("%w: no exp or no sub", iamapi.ErrInvalidToken)
	}
	err := claims.ValidateWithLeeway(jwt.Expected{Issuer: issuer, Time: w.now()}, tokenLeeway)
	if errors.Is(err, jwt.ErrExpired) {
		return fmt.Errorf("%w: %w", iamapi.ErrExpiredToken, err)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", iamapi.ErrInvalidToken, err)
	}
	return nil
}
