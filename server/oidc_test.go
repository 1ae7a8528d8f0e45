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
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
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
// GHSA-ccrv: no exp): what a token says counts only when the issuer of the configuration signed it, for now.
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
	if err := p.Verify(t.Context(), iss, good); err != nil {
		t.Fatal(err)
	}
	if got, ok := p.Common(); !ok || got.URL != iss || len(got.ClientIDs) != 2 {
		t.Errorf("provider %+v", got)
	}
	if err := p.Verify(t.Context(), iss, token(t, jose.ES256, i.ec, "e", goodClaims(iss, nil))); err != nil {
		t.Errorf("ES256: %v", err)
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
		{"alg none", none, iamapi.ErrInvalidToken},
		{"the public key as an HMAC secret", token(t, jose.HS256, public, "r", goodClaims(iss, nil)), iamapi.ErrInvalidToken},
		{"a stranger's key", token(t, jose.RS256, stranger.rsa, "r", goodClaims(iss, nil)), iamapi.ErrInvalidToken},
		{"another key's id", token(t, jose.RS256, i.rsa, "e", goodClaims(iss, nil)), iamapi.ErrInvalidToken},
		{"an unknown key", token(t, jose.RS256, i.rsa, "x", goodClaims(iss, nil)), iamapi.ErrInvalidToken},
		{"another payload", parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"`+iss+`"}`)) + "." + parts[2], iamapi.ErrInvalidToken},
		{"another issuer", token(t, jose.RS256, i.rsa, "r", goodClaims("https://evil.example.test", nil)), iamapi.ErrInvalidToken},
		{"no issuer", token(t, jose.RS256, i.rsa, "r", goodClaims(iss, map[string]any{"iss": nil})), iamapi.ErrInvalidToken},
		{"no subject", token(t, jose.RS256, i.rsa, "r", goodClaims(iss, map[string]any{"sub": nil})), iamapi.ErrInvalidToken},
		{"no end", token(t, jose.RS256, i.rsa, "r", goodClaims(iss, map[string]any{"exp": nil})), iamapi.ErrInvalidToken},
		{"over", token(t, jose.RS256, i.rsa, "r", goodClaims(iss, map[string]any{"exp": past})), iamapi.ErrExpiredToken},
		{"not yet", token(t, jose.RS256, i.rsa, "r", goodClaims(iss, map[string]any{"nbf": time.Now().Add(time.Hour).Unix()})), iamapi.ErrInvalidToken},
	}
	for _, tt := range tests {
		if err := p.Verify(t.Context(), iss, tt.token); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
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
	provider := func() *webIdentity {
		p, err := newWebIdentity(config.Config{OIDCIssuer: server.URL, OIDCClientID: []string{"shoal"}})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := provider()
	if err := p.Verify(t.Context(), server.URL, token(t, jose.RS256, i.rsa, "r", goodClaims(stray.URL, nil))); !errors.Is(err, iamapi.ErrInvalidToken) {
		t.Errorf("another issuer's token: %v", err)
	}
	for range 3 {
		if err := p.Verify(t.Context(), server.URL, token(t, jose.RS256, i.rsa, "r", goodClaims(server.URL, nil))); err != nil {
			t.Error(err)
		}
		if err := p.Verify(t.Context(), server.URL, token(t, jose.RS256, i.rsa, "made up", goodClaims(server.URL, nil))); !errors.Is(err, iamapi.ErrInvalidToken) {
			t.Errorf("an unknown key: got %v", err)
		}
	}
	if fetched.Load() != 1 || strayed.Load() != 0 {
		t.Errorf("fetched %d times, %d times of the wrong one; want 1 and 0", fetched.Load(), strayed.Load())
	}
	named = stray.URL
	if err := provider().Verify(t.Context(), server.URL, token(t, jose.RS256, i.rsa, "r", goodClaims(server.URL, nil))); !errors.Is(err, iamapi.ErrUnreachable) {
		t.Errorf("a configuration of another issuer: got %v, want ErrUnreachable", err)
	}
	gone := newIssuerKeys(stray.URL+"/none", &http.Client{})
	stray.Close()
	for range 2 { // the second time without a try
		if _, err := gone.keys(context.Background(), "r"); err == nil {
			t.Error("keys of an issuer that is gone")
		}
	}
}

// TestProviderClient: what an account gives as its provider is fetched from public addresses only, or whoever may make
// providers reads the operator's network.
func TestProviderClient(t *testing.T) {
	asked := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer server.Close()
	w, err := newWebIdentity(config.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.client.Get(server.URL); err == nil || asked {
		t.Errorf("loopback: got %v, asked %v", err, asked)
	}
	if err := w.Verify(t.Context(), server.URL, token(t, jose.RS256, newIssuer(t).rsa, "r", goodClaims(server.URL, nil))); !errors.Is(err, iamapi.ErrUnreachable) || asked {
		t.Errorf("keys: got %v, asked %v", err, asked)
	}
	if _, err := w.Thumbprint(t.Context(), server.URL); !errors.Is(err, iamapi.ErrUnreachable) || asked {
		t.Errorf("thumbprint: got %v, asked %v", err, asked)
	}
	tests := map[string]bool{
		"1.1.1.1": true, "2606:4700::1111": true, "127.0.0.1": false, "::1": false, "10.0.0.1": false, "192.168.1.1": false,
		"172.16.0.1": false, "169.254.169.254": false, "fe80::1": false, "fd00::1": false, "0.0.0.0": false, "::": false,
		"100.64.0.1": false, "224.0.0.1": false, "255.255.255.255": false, "::ffff:127.0.0.1": false, "64:ff9b::7f00:1": false,
		"2002:7f00:1::": false, "198.51.100.7": false,
	}
	for text, want := range tests {
		if got := isPublic(netip.MustParseAddr(text)); got != want {
			t.Errorf("isPublic(%s) = %v", text, got)
		}
	}
}

// TestManyIssuers: those whose keys are kept are bounded.
func TestManyIssuers(t *testing.T) {
	w, err := newWebIdentity(config.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for n := range maxIssuers + 1 {
		w.keys(fmt.Sprint("https://", n))
	}
	if len(w.issuers) != 1 {
		t.Errorf("%d issuers are kept", len(w.issuers))
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
