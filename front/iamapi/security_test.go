package iamapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"shoal/core/access"
	"shoal/core/account"
)

// signed returns a request for a form, signed by alice over that form.
func (s *script) signed(service, body string) *http.Request {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodPost, s.url+"/", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", formType)
	sum := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(s.t.Context(), s.keys["alice"], r, hex.EncodeToString(sum[:]), service, globalRegion, time.Now()); err != nil {
		s.t.Fatal(err)
	}
	return r
}

// TestEveryActionNeedsItsSignature (S1; MinIO CVE-2025-31489, SeaweedFS PR 7954): each action, but those that say so,
// refuses who does not sign, signs another body or signs with a secret that is wrong. None of them runs.
func TestEveryActionNeedsItsSignature(t *testing.T) {
	s := newScript(t, "", Options{})
	for _, a := range actions() {
		form := "Action=" + a.name + "&Version=" + versions[a.service] + "&UserName=u&GroupName=g&RoleName=r&PolicyName=p&Path=/"
		changes := map[string]func() *http.Request{
			"unsigned": func() *http.Request {
				r := s.signed(a.service, form)
				r.Header.Del("Authorization")
				return r
			},
			"another body": func() *http.Request {
				r := s.signed(a.service, form)
				r.Body, r.ContentLength = io.NopCloser(strings.NewReader(form+"&x=1")), int64(len(form)+4)
				return r
			},
			"another body, its hash unsigned": func() *http.Request {
				r := s.signed(a.service, form)
				sum := sha256.Sum256([]byte(form + "&x=1"))
				r.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
				r.Body, r.ContentLength = io.NopCloser(strings.NewReader(form+"&x=1")), int64(len(form)+4)
				return r
			},
			"unsigned payload": func() *http.Request {
				r := s.signed(a.service, form)
				r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
				must(t, v4.NewSigner().SignHTTP(t.Context(), s.keys["alice"], r, "UNSIGNED-PAYLOAD", a.service, globalRegion, time.Now()))
				return r
			},
			"wrong secret": func() *http.Request {
				r := s.signed(a.service, form)
				c := aws.Credentials{AccessKeyID: s.keys["alice"].AccessKeyID, SecretAccessKey: "wrongwrong"}
				sum := sha256.Sum256([]byte(form))
				must(t, v4.NewSigner().SignHTTP(t.Context(), c, r, hex.EncodeToString(sum[:]), a.service, globalRegion, time.Now()))
				return r
			},
			"a session token that is not signed": func() *http.Request {
				r := s.signed(a.service, form)
				r.Header.Set("X-Amz-Security-Token", "token")
				return r
			},
			"for s3": func() *http.Request { return s.signed("s3", form) },
		}
		for name, change := range changes {
			if a.anonymous && name == "unsigned" {
				continue
			}
			s.exchange(change())
			if s.status < 400 || s.status == http.StatusNotImplemented || s.status >= 500 {
				t.Errorf("%s, %s: status %d\n%s", a.name, name, s.status, s.body)
			}
		}
	}
	for _, kind := range []account.IdentityKind{account.IAMUser, account.IAMGroup, account.IAMRole} {
		if all, err := s.store.Identities(t.Context(), kind, aliceID(t, s)); err != nil || len(all) != 0 {
			t.Errorf("made by who may not: %v, %v", all, err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func aliceID(t *testing.T, s *script) access.CanonicalID {
	t.Helper()
	u, err := s.store.User(t.Context(), "alice")
	must(t, err)
	return u.CanonicalID
}

// TestUsersMayNothingByThemselves (S7, S8; RustFS CVE-2026-22043): each IAM action refuses a user without policies, and
// one whose only policy is a deny.
func TestUsersMayNothingByThemselves(t *testing.T) {
	s := newScript(t, "", Options{})
	for _, line := range []string{"CreateUser UserName=bob", "CreateUser UserName=carol", "CreateGroup GroupName=g", "CreateAccessKey UserName=bob"} {
		s.send(line)
	}
	for _, line := range []string{"<$ id AccessKeyId", "<$ secret SecretAccessKey"} {
		s.step(line)
	}
	s.step(s.expand("key bob ${id} ${secret}"))
	const parameters = " UserName=carol GroupName=g RoleName=r PolicyName=p PolicyArn=arn:aws:iam::aws:policy/AdministratorAccess Name=guest" +
		" PermissionsBoundary=arn:aws:iam::aws:policy/AdministratorAccess PolicyDocument={} AccessKeyId=AKIAIOSFODNN7EXAMPLE Status=Active" +
		" Tags.member.1.Key=k Tags.member.1.Value=v TagKeys.member.1=k VersionId=v1 Url=https://id.example.test ClientID=c ThumbprintList.member.1=t" +
		" AssumeRolePolicyDocument={} Description=d"
	provider := " OpenIDConnectProviderArn=arn:aws:iam::" + s.vars["alice"] + ":oidc-provider/id.example.test"
	for _, policy := range []string{"", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:DeleteUser","Resource":"*"}]}`} {
		s.signer = "alice"
		if policy != "" {
			s.send("PutUserPolicy UserName=bob PolicyName=deny PolicyDocument=" + policy)
		}
		s.signer = "bob"
		for _, a := range actions() {
			if a.free {
				continue
			}
			s.send(a.name + parameters + provider)
			if s.status != http.StatusForbidden {
				t.Errorf("%s with policy %q: status %d, want 403\n%s", a.name, policy, s.status, s.body)
			}
		}
	}
}

// TestPresignedIdentity: GetCallerIdentity can be asked by a URL, as others ask who somebody is; nothing can be added
// to the URL, and it has no body.
func TestPresignedIdentity(t *testing.T) {
	s := newScript(t, "", Options{})
	r, err := http.NewRequest(http.MethodGet, s.url+"/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Expires=60", nil)
	must(t, err)
	sum := sha256.Sum256(nil)
	link, _, err := v4.NewSigner().PresignHTTP(t.Context(), s.keys["alice"], r, hex.EncodeToString(sum[:]), serviceSTS, globalRegion, time.Now())
	must(t, err)
	get := func(url string) {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, url, nil)
		must(t, err)
		s.exchange(r)
	}
	if get(link); s.status != http.StatusOK || !strings.Contains(s.body, ":root</Arn>") {
		t.Errorf("status %d: %s", s.status, s.body)
	}
	if get(link + "&UserName=x"); s.status != http.StatusForbidden {
		t.Errorf("with one more parameter: status %d: %s", s.status, s.body)
	}
	if get(strings.Replace(link, "GetCallerIdentity", "GetSessionToken", 1)); s.status != http.StatusForbidden {
		t.Errorf("for another action: status %d: %s", s.status, s.body)
	}
}

// TestServes: what is S3's is not taken.
func TestServes(t *testing.T) {
	tests := []struct {
		method, target, kind string
		want                 bool
	}{
		{"POST", "/", formType, true},
		{"POST", "/", formType + "; charset=utf-8", true},
		{"POST", "/", "multipart/form-data; boundary=x", false},
		{"POST", "/", "", false},
		{"POST", "/bucket", formType, false},
		{"POST", "/bucket/key?Action=GetUser", formType, false},
		{"PUT", "/", formType, false},
		{"GET", "/", "", false},
		{"GET", "/?Action=GetCallerIdentity", "", true},
		{"GET", "/bucket?Action=GetUser", "", false},
		{"GET", "//?Action=GetUser", "", false},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(tt.method, tt.target, nil)
		r.Header.Set("Content-Type", tt.kind)
		if got := Serves(r); got != tt.want {
			t.Errorf("%s %s of %q: got %v, want %v", tt.method, tt.target, tt.kind, got, tt.want)
		}
	}
}

// TestBodyIsBounded: an endless body is refused, and not kept.
func TestBodyIsBounded(t *testing.T) {
	s := newScript(t, "", Options{})
	r, err := http.NewRequest(http.MethodPost, s.url+"/", bytes.NewReader(bytes.Repeat([]byte("a"), maxForm+1)))
	must(t, err)
	r.Header.Set("Content-Type", formType)
	if s.exchange(r); s.status != http.StatusBadRequest || !strings.Contains(s.body, "MalformedQueryString") {
		t.Errorf("status %d: %s", s.status, s.body)
	}
	r, err = http.NewRequest(http.MethodPost, s.url+"/?Action=ListUsers", strings.NewReader("Action=GetUser"))
	must(t, err)
	r.Header.Set("Content-Type", formType)
	if s.exchange(r); s.status != http.StatusBadRequest {
		t.Errorf("an action in query and body: status %d: %s", s.status, s.body)
	}
}
