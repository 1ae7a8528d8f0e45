package server

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"shoal/config"
	"shoal/front/iamapi"
)

// issuer signs tokens as an OpenID Connect provider does.
type issuer struct {
	rsa *rsa.PrivateKey
	ec  *ecdsa.PrivateKey
}

func newIssuer(t *testing.T) issuer {
	t.Helper()
	r, err1 := rsa.GenerateKey(rand.Reader, 2048)
	e, err2 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return issuer{r, e}
}

func (i issuer) keySet(t *testing.T) []byte {
	t.Helper()
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: i.rsa.Public(), KeyID: "r", Algorithm: "RS256", Use: "sig"}, {Key: i.ec.Public(), KeyID: "e", Algorithm: "ES256", Use: "sig"},
	}}
	text, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// token signs claims with a key.
func token(t *testing.T, alg jose.SignatureAlgorithm, key any, id string, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", id))
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func goodClaims(iss string, more map[string]any) map[string]any {
	claims := map[string]any{"iss": iss, "sub": "repo:x", "aud": "shoal", "exp": time.Now().Add(time.Hour).Unix(), "amr": []string{"mfa"}}
	for name, v := range more {
		if claims[name] = v; v == nil {
			delete(claims, name)
		}
	}
	return claims
}

// TestWebIdentityTokens (S9; Ceph CVE-2024-48916: alg none, MinIO CVE-2026-33322: algorithm confusion, RustFS
// GHSA-ccrv: no exp): what a token says counts only when the issuer of the configuration signed it, for us, for now.
func TestWebIdentityTokens(t *testing.T) {
	const iss = "https://id.example.test/realm"
	i, stranger := newIssuer(t), newIssuer(t)
	file := filepath.Join(t.TempDir(), "jwks.json")
	if err := os.WriteFile(file, i.keySet(t), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := newWebIdentity(config.Config{OIDCIssuer: iss, OIDCClientID: []string{"other", "shoal"}, OIDCJWKS: file})
	if err != nil {
		t.Fatal(err)
	}
	good := token(t, jose.RS256, i.rsa, "r", goodClaims(iss, nil))
	got, err := p.Verify(t.Context(), good)
	if err != nil || got.Subject != "repo:x" || len(got.Audience) != 1 || got.Audience[0] != "shoal" || got.Methods[0] != "mfa" {
		t.Fatalf("got %+v, %v", got, err)
	}
	if p.Provider() != "id.example.test/realm" {
		t.Errorf("provider %q", p.Provider())
	}
	if _, err := p.Verify(t.Context(), token(t, jose.ES256, i.ec, "e", goodClaims(iss, nil))); err != nil {
		t.Errorf("ES256: %v", err)
	}
	if got, err := p.Verify(t.Context(), token(t, jose.RS256, i.rsa, "r", goodClaims(iss, map[string]any{"azp": "app"}))); err != nil || got.Audience[0] != "app" {
		t.Errorf("azp: got %+v, %v, want the audience app", got, err)
	}
	public, err := x509.MarshalPKIXPublicKey(i.rsa.Public())
	if err != nil {
		t.Fatal(err)
	}
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + strings.Split(good, ".")[1] + "."
	parts := strings.Split(good, ".")
	past := time.Now().Add(-time.Hour).Unix()
	tests := []struct {
		name, token string
		want        error
	}{
		{"nothing", "", iamapi.ErrInvalidToken},
		{"not a token", "a.b.c", iamapi.ErrInvalidToken},
		{"endless", good + strings.Repeat("A", maxWebToken), iamapi.ErrInvalidToken},
		{"alg none", none, iamapi.ErrInvalidToken},
		{"the public key as an HMAC secret", token(t, jose.HS256, public, "r", goodClaims(iss, nil)), iamapi.ErrInvalidToken},
		{"a stranger's key", token(t, jose.RS256, stranger.rsa, "r", goodClaims(iss, nil)), iamapi.ErrInvalidToken},
		{"another key's id", token(t, jose.RS256, i.rsa, "e", goodClaims(iss, nil)), iamapi.ErrInvalidToken},
		{"an unknown key", token(t, jose.RS256, i.rsa, "x", goodClaims(iss, nil)), iamapi.ErrInvalidToken},
		{"another payload", parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"`+iss+`"}`)) + "." + parts[2], iamapi.ErrInvalidToken},
		{"another issuer", token(t, jose.RS256, i.rsa, "r", goodClaims("https://evil.example.test", nil)), iamapi.ErrInvalidToken},
		{"no issuer", token(t, jose.RS256, i.rsa, "r", goodClaims(iss, map[string]any{"iss": nil})), iamapi.ErrInvalidToken},
		{"another audience", token(t, jose.RS256, i.rsa, "r", goodClaims(iss, map[string]any{"aud": "else"})), iamapi.ErrInvalidToken},
		{"no audience", token(t, jose.RS256, i.rsa, "r", goodClaims(iss, map[string]any{"aud": nil})), iamapi.ErrInvalidToken},
		{"no subject", token(t, jose.RS256, i.rsa, "r", goodClaims(iss, map[string]any{"sub": nil})), iamapi.ErrInvalidToken},
		{"no end", token(t, jose.RS256, i.rsa, "r", goodClaims(iss, map[string]any{"exp": nil})), iamapi.ErrInvalidToken},
		{"over", token(t, jose.RS256, i.rsa, "r", goodClaims(iss, map[string]any{"exp": past})), iamapi.ErrExpiredToken},
		{"not yet", token(t, jose.RS256, i.rsa, "r", goodClaims(iss, map[string]any{"nbf": time.Now().Add(time.Hour).Unix()})), iamapi.ErrInvalidToken},
	}
	for _, tt := range tests {
		if got, err := p.Verify(t.Context(), tt.token); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %+v, %v, want %v", tt.name, got, err, tt.want)
		}
	}
}

// TestIssuerKeys: the keys are fetched of the configured issuer alone, once for many tokens, and not again for key ids
// that somebody makes up.
func TestIssuerKeys(t *testing.T) {
	i := newIssuer(t)
	var fetched, strayed atomic.Int64
	stray := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strayed.Add(1) }))
	defer stray.Close()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	defer server.Close()
	named := server.URL
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": named, "jwks_uri": server.URL + "/keys"})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		fetched.Add(1)
		_, _ = w.Write(i.keySet(t))
	})
	provider := func() iamapi.WebIdentity {
		p, err := newWebIdentity(config.Config{OIDCIssuer: server.URL, OIDCClientID: []string{"shoal"}})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := provider()
	if _, err := p.Verify(t.Context(), token(t, jose.RS256, i.rsa, "r", goodClaims(stray.URL, nil))); !errors.Is(err, iamapi.ErrInvalidToken) || fetched.Load() != 0 {
		t.Errorf("another issuer's token: %v, after %d fetches", err, fetched.Load())
	}
	for range 3 {
		if _, err := p.Verify(t.Context(), token(t, jose.RS256, i.rsa, "r", goodClaims(server.URL, nil))); err != nil {
			t.Error(err)
		}
		if _, err := p.Verify(t.Context(), token(t, jose.RS256, i.rsa, "made up", goodClaims(server.URL, nil))); !errors.Is(err, iamapi.ErrInvalidToken) {
			t.Errorf("an unknown key: got %v", err)
		}
	}
	if fetched.Load() != 1 || strayed.Load() != 0 {
		t.Errorf("fetched %d times, %d times of the wrong one; want 1 and 0", fetched.Load(), strayed.Load())
	}
	named = stray.URL
	if _, err := provider().Verify(t.Context(), token(t, jose.RS256, i.rsa, "r", goodClaims(server.URL, nil))); !errors.Is(err, iamapi.ErrUnreachable) {
		t.Errorf("a configuration of another issuer: got %v, want ErrUnreachable", err)
	}
	gone := newIssuerKeys(stray.URL + "/none")
	stray.Close()
	if _, err := gone.keys(context.Background(), "r"); err == nil {
		t.Error("keys of an issuer that is gone")
	}
}

func FuzzDecodeKeySet(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := decodeKeySet(strings.NewReader(string(data)))
		if err != nil {
			return
		}
		for _, k := range set.Keys {
			if !k.IsPublic() {
				t.Fatalf("a key that is no public one was taken: %s", data)
			}
		}
	})
}
