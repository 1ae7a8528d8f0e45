package e2e

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// What a job of GitHub Actions has of its issuer, and the suite expects.
const (
	actionsIssuer   = "https://token.actions.githubusercontent.com"
	actionsAudience = "versitygw-integration-tests"
	actionsProject  = "shoal/shoal"
)

// needsToken reports whether a test asks for a token as a job of GitHub Actions does.
func needsToken(test string) bool { return strings.HasPrefix(test, "S3IAMSession_") }

// suiteIssuer stands in for the issuer of GitHub Actions: it gives tokens, and its keys are in the server's configuration.
type suiteIssuer struct {
	url  string // where tokens are
	keys string // file with the key set
}

func newSuiteIssuer(t testing.TB) *suiteIssuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "1", Algorithm: string(jose.RS256), Use: "sig"}}})
	if err != nil {
		t.Fatal(err)
	}
	i := &suiteIssuer{keys: filepath.Join(t.TempDir(), "keys.json")}
	if err := os.WriteFile(i.keys, set, 0o600); err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "1"))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, err := jwt.Signed(signer).Claims(map[string]any{
			"iss": actionsIssuer, "aud": r.URL.Query().Get("audience"), "sub": "repo:" + actionsProject + ":ref:refs/heads/main",
			"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
		}).Serialize()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"value": token})
	}))
	t.Cleanup(server.Close)
	i.url = server.URL
	return i
}

// flags are those of a server that takes the tokens.
func (i *suiteIssuer) flags() []string {
	if i == nil {
		return nil
	}
	return []string{"--oidc-issuer", actionsIssuer, "--oidc-client-id", actionsAudience, "--oidc-jwks", i.keys}
}

// environ is what a job of GitHub Actions finds in its environment.
func (i *suiteIssuer) environ() []string {
	if i == nil {
		return nil
	}
	return []string{"ACTIONS_ID_TOKEN_REQUEST_URL=" + i.url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN=any", "GITHUB_REPOSITORY=" + actionsProject}
}
