package iamapi

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"shoal/core/access"
)

// provider is the one of the configuration, which says of a token what its jti is.
type provider struct{}

const issuer = "https://id.example.test"

func (provider) Common() (CommonProvider, bool) {
	return CommonProvider{URL: issuer, ClientIDs: []string{"shoal"}}, true
}

func (provider) Verify(_ context.Context, from, text string) error {
	if from != issuer && from != "https://own.example.test" {
		return fmt.Errorf("%w: not asked for %s", ErrUnreachable, from)
	}
	t, err := readToken(text)
	switch says := t.claims["jti"]; {
	case err != nil:
		return err
	case says == "good":
		return nil
	case says == "old":
		return fmt.Errorf("%w: an hour ago", ErrExpiredToken)
	case says == "later":
		return fmt.Errorf("%w: refused", ErrUnreachable)
	}
	return ErrInvalidToken
}

func (provider) Thumbprint(_ context.Context, of string) (string, error) {
	if of != "https://own.example.test" {
		return "", ErrUnreachable
	}
	return strings.Repeat("f0", 20), nil
}

// jwt is a token whose signature nobody can check.
func jwt(t *testing.T, jti string, more map[string]any) string {
	t.Helper()
	claims := map[string]any{"iss": issuer, "aud": "shoal", "sub": "repo:x", "exp": 9999999999, "jti": jti}
	maps.Copy(claims, more)
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	return "e30." + base64.RawURLEncoding.EncodeToString(payload) + ".c2ln"
}

// TestWebIdentity: a role is assumed by a token whose provider, audience and subject its trust policy names.
func TestWebIdentity(t *testing.T) {
	s := newScript(t, "", Options{WebIdentity: provider{}})
	trust := func(host, condition string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::` + s.vars["alice"] + `:oidc-provider/` + host +
			`"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":` + condition + `}]}`
	}
	const both = `{"StringEquals":{"id.example.test:aud":"shoal","id.example.test:sub":"repo:x"}}`
	s.send("CreateRole RoleName=web AssumeRolePolicyDocument=" + trust("id.example.test", both))
	s.send("CreateRole RoleName=elsewhere AssumeRolePolicyDocument=" + trust("evil.example.test", both))
	s.send("CreateRole RoleName=user AssumeRolePolicyDocument=" + strings.ReplaceAll(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"ACCOUNT"},"Action":"sts:*"}]}`, "ACCOUNT", s.vars["alice"]))
	s.send("CreateRole RoleName=barred AssumeRolePolicyDocument=" + strings.Replace(trust("id.example.test", "{}"), "]}", `,{"Effect":"Deny","Principal":"*","Action":"*"}]}`, 1))
	s.send("ListOpenIDConnectProviders")
	if !strings.Contains(s.body, ":oidc-provider/id.example.test</Arn>") {
		t.Errorf("no provider in %s", s.body)
	}
	s.send("CreateOpenIDConnectProvider Url=https://own.example.test ClientIDList.member.1=app")
	s.send("CreateRole RoleName=own AssumeRolePolicyDocument=" + trust("own.example.test", `{"StringEquals":{"own.example.test:oaud":"backend"},"Bool":{"own.example.test:admin":"true"},"NumericLessThan":{"own.example.test:level":"7"}}`))
	s.signer = "anonymous"
	const refused, invalid = "<Code>AccessDenied</Code>", "<Code>InvalidIdentityToken</Code>"
	claims := func(jti string, more map[string]any) string { return jwt(t, jti, more) }
	another := map[string]any{"sub": "repo:y"}
	own := map[string]any{"iss": "https://own.example.test", "aud": "backend", "azp": "app", "admin": true, "level": 5}
	without := func(name string) map[string]any { c := maps.Clone(own); delete(c, name); return c }
	tests := []struct {
		name, role, token string
		status            int
		holds             string
	}{
		{"good", "web", claims("good", nil), http.StatusOK, "<SubjectFromWebIdentityToken>repo:x</SubjectFromWebIdentityToken>"},
		{"another subject", "web", claims("good", another), http.StatusForbidden, refused},
		{"another subject's, forged", "web", claims("forged", another), http.StatusBadRequest, invalid},
		{"another subject's, later", "web", claims("later", another), http.StatusBadRequest, "The web identity token provided could not be validated."},
		{"forged", "web", claims("forged", nil), http.StatusBadRequest, invalid},
		{"old", "web", claims("old", nil), http.StatusBadRequest, "<Code>ExpiredTokenException</Code><Message>Token expired: current date/time "},
		{"later", "web", claims("later", nil), http.StatusBadRequest, invalid + "<Message>Couldn&#39;t retrieve verification key"},
		{"another audience", "web", claims("good", map[string]any{"aud": []string{"other"}}), http.StatusBadRequest, invalid},
		{"one of two audiences", "web", claims("good", map[string]any{"aud": []string{"other", "shoal"}}), http.StatusOK, "<Audience>other,shoal</Audience>"},
		{"another issuer", "web", claims("good", map[string]any{"iss": "https://evil.example.test"}), http.StatusBadRequest, invalid},
		{"another scheme", "web", claims("good", map[string]any{"iss": "http://id.example.test"}), http.StatusBadRequest, invalid},
		{"no subject", "web", claims("good", map[string]any{"sub": nil}), http.StatusBadRequest, "Missing a required claim: sub."},
		{"no token", "web", "not-a-token", http.StatusBadRequest, invalid + "<Message>The ID Token provided is not a valid JWT."},
		{"too long", "web", claims("good", nil) + strings.Repeat("A", maxWebToken), http.StatusBadRequest, "<Code>ValidationError</Code>"},
		{"a provider that is not there", "elsewhere", claims("good", nil), http.StatusForbidden, refused},
		{"a role for users", "user", claims("good", nil), http.StatusForbidden, refused},
		{"no role", "none", claims("good", nil), http.StatusForbidden, refused},
		{"denied", "barred", claims("forged", nil), http.StatusForbidden, refused},
		{"the account's own", "own", claims("good", own), http.StatusOK, "<Audience>app</Audience>"},
		{"without a claim", "own", claims("good", without("level")), http.StatusForbidden, refused},
		{"without azp", "own", claims("good", without("azp")), http.StatusBadRequest, invalid},
	}
	for _, tt := range tests {
		s.send("AssumeRoleWithWebIdentity RoleArn=arn:aws:iam::" + s.vars["alice"] + ":role/" + tt.role + " RoleSessionName=job WebIdentityToken=" + tt.token)
		if s.status != tt.status || !strings.Contains(s.body, tt.holds) {
			t.Errorf("%s: status %d, want %d and %s\n%s", tt.name, s.status, tt.status, tt.holds, s.body)
		}
	}
	s.send("AssumeRoleWithWebIdentity RoleArn=arn:aws:iam::" + s.vars["alice"] + ":role/web RoleSessionName=job DurationSeconds=7200 WebIdentityToken=" + claims("good", nil))
	if !strings.Contains(s.body, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.") {
		t.Errorf("longer than the role allows: %s", s.body)
	}
	s.send("AssumeRoleWithWebIdentity RoleArn=arn:aws:iam::" + s.vars["alice"] + ":role/web RoleSessionName=job WebIdentityToken=" + claims("good", nil))
	for _, line := range []string{"<$ id AccessKeyId", "<$ secret SecretAccessKey", "<$ token SessionToken"} {
		s.step(line)
	}
	s.step(s.expand("key job ${id} ${secret} ${token}"))
	s.signer = "job"
	s.send("GetCallerIdentity")
	if want := "<Arn>arn:aws:sts::" + s.vars["alice"] + ":assumed-role/web/job</Arn>"; s.status != http.StatusOK || !strings.Contains(s.body, want) {
		t.Errorf("status %d, want %s in %s", s.status, want, s.body)
	}
}

// FuzzReadToken: no token does harm before its signature is checked.
func FuzzReadToken(f *testing.F) {
	f.Add("e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"https://a","sub":"b","aud":["c",1,true,[2]],"exp":1e300,"x":{"y":null}}`)) + ".c2ln")
	f.Add("e30.bnVsbA.c2ln")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := readToken(text)
		if err == nil && (got.issuer == "" && len(claimValues(got.claims["iss"])) == 0 || len(got.audience) == 0) {
			t.Errorf("a token without issuer or audience: %+v", got)
		}
		var c access.Context
		got.describe(&c, "id.example.test")
	})
}
