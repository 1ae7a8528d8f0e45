package iamapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// provider says yes to the tokens that it has.
type provider map[string]Claims

func (provider) Provider() string { return "id.example.test" }

func (p provider) Verify(_ context.Context, token string) (Claims, error) {
	switch c, ok := p[token]; {
	case ok:
		return c, nil
	case token == "old":
		return Claims{}, fmt.Errorf("%w: an hour ago", ErrExpiredToken)
	case token == "later":
		return Claims{}, fmt.Errorf("%w: refused", ErrUnreachable)
	}
	return Claims{}, ErrInvalidToken
}

// TestWebIdentity: a role is assumed by a token whose provider, audience and subject its trust policy names.
func TestWebIdentity(t *testing.T) {
	s := newScript(t, "", Options{WebIdentity: provider{
		"good": {Subject: "repo:x", Audience: []string{"shoal"}}, "another": {Subject: "repo:y", Audience: []string{"shoal"}},
	}})
	trust := func(host, condition string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::` + s.vars["alice"] + `:oidc-provider/` + host +
			`"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":` + condition + `}]}`
	}
	const both = `{"StringEquals":{"id.example.test:aud":"shoal","id.example.test:sub":"repo:x"}}`
	s.send("CreateRole RoleName=web AssumeRolePolicyDocument=" + trust("id.example.test", both))
	s.send("CreateRole RoleName=elsewhere AssumeRolePolicyDocument=" + trust("evil.example.test", both))
	s.send("CreateRole RoleName=user AssumeRolePolicyDocument=" + strings.ReplaceAll(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"ACCOUNT"},"Action":"sts:*"}]}`, "ACCOUNT", s.vars["alice"]))
	s.send("ListOpenIDConnectProviders")
	if !strings.Contains(s.body, ":oidc-provider/id.example.test</Arn>") {
		t.Errorf("no provider in %s", s.body)
	}
	s.signer = "anonymous"
	tests := []struct {
		role, token string
		status      int
		holds       string
	}{
		{"web", "good", http.StatusOK, "<SubjectFromWebIdentityToken>repo:x</SubjectFromWebIdentityToken>"},
		{"web", "another", http.StatusForbidden, "<Code>AccessDenied</Code>"},
		{"web", "forged", http.StatusBadRequest, "<Code>InvalidIdentityToken</Code>"},
		{"web", "old", http.StatusBadRequest, "<Code>ExpiredTokenException</Code>"},
		{"web", "later", http.StatusBadRequest, "<Code>IDPCommunicationError</Code>"},
		{"elsewhere", "good", http.StatusForbidden, "<Code>AccessDenied</Code>"},
		{"user", "good", http.StatusForbidden, "<Code>AccessDenied</Code>"},
		{"none", "good", http.StatusForbidden, "<Code>AccessDenied</Code>"},
	}
	for _, tt := range tests {
		s.send("AssumeRoleWithWebIdentity RoleArn=arn:aws:iam::" + s.vars["alice"] + ":role/" + tt.role + " RoleSessionName=job WebIdentityToken=" + tt.token)
		if s.status != tt.status || !strings.Contains(s.body, tt.holds) {
			t.Errorf("%s with %s: status %d, want %d and %s\n%s", tt.role, tt.token, s.status, tt.status, tt.holds, s.body)
		}
	}
	s.send("AssumeRoleWithWebIdentity RoleArn=arn:aws:iam::" + s.vars["alice"] + ":role/web RoleSessionName=job WebIdentityToken=good")
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
