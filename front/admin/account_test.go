package admin

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"shoal/core/access"
	"shoal/core/account"
	"shoal/core/object"
)

// identityPrincipal returns a user of an account whose own policy is document.
func identityPrincipal(t *testing.T, owner account.User, document string, limits ...access.Limit) access.Principal {
	t.Helper()
	return access.Principal{
		Kind: access.User, CanonicalID: owner.CanonicalID, AccountID: owner.CanonicalID.AccountID(), UserName: "ida",
		ARN:      "arn:aws:iam::" + owner.CanonicalID.AccountID() + ":user/ida",
		Identity: &access.Identity{Policies: []*access.Policy{identityPolicy(t, document)}, Limits: limits},
	}
}

func identityPolicy(t *testing.T, statement string) *access.Policy {
	t.Helper()
	p, err := access.LoadIdentityPolicy([]byte(`{"Version":"2012-10-17","Statement":[` + statement + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestAccounts: root reaches everything, an account what is told of its own money, its users that when policies allow
// it, and nobody else anything.
func TestAccounts(t *testing.T) {
	h := newTestHandler(t)
	made := make(map[string]account.User)
	for _, name := range []string{"ann", "bob"} {
		u, _, err := h.accounts.CreateUser(t.Context(), account.NewUser{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		made[name] = u
	}
	ann, bob := made["ann"], made["bob"]
	const (
		usage   = `{"Effect":"Allow","Action":"cur:GetUsageReport","Resource":"*"}`
		inside  = `{"Effect":"Allow","Action":"cur:*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}`
		nothing = `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`
		never   = usage + `,{"Effect":"Deny","Action":"cur:*","Resource":"*"}`
	)
	boundary := access.Limit{Reason: access.ByBoundary, Policies: []*access.Policy{identityPolicy(t, nothing)}}
	root, user := access.Principal{Kind: access.Root}, identityPrincipal(t, ann, usage)
	tests := []struct {
		name string
		p    access.Principal
		path string // of /v1
		want int
	}{
		{"root, all", root, "usage?", 200},
		{"root, a name", root, "usage?account=ANN", 200},
		{"root, a number", root, "usage?account=" + ann.CanonicalID.AccountID(), 200},
		{"root, an id that is gone", root, "usage?account=" + strings.Repeat("0", 64), 200},
		{"root, an unknown name", root, "usage?account=eve", 404},
		{"root, a long name", root, "usage?account=" + strings.Repeat("e", 5000), 404},
		{"root, users", root, "users", 200},
		{"an account", ann.Principal(), "usage?", 200},
		{"an account by its name", ann.Principal(), "usage?account=ann", 200},
		{"an account by its number", ann.Principal(), "usage?account=" + ann.CanonicalID.AccountID(), 200},
		{"an account by its id", ann.Principal(), "usage?account=" + string(ann.CanonicalID), 200},
		{"another account", ann.Principal(), "usage?account=bob", 403},
		{"another account by its id", ann.Principal(), "usage?account=" + string(bob.CanonicalID), 403},
		{"no account", ann.Principal(), "usage?account=eve", 403},
		{"an account, users", ann.Principal(), "users", 403},
		{"an account, itself", ann.Principal(), "users/ann", 403},
		{"an account, no route", ann.Principal(), "nothing", 403},
		{"a user with leave", user, "usage?", 200},
		{"a user with leave, another account", user, "usage?account=bob", 403},
		{"a user with leave, users", user, "users", 403},
		{"a user without", identityPrincipal(t, ann, nothing), "usage?", 403},
		{"a user who is denied", identityPrincipal(t, ann, never), "usage?", 403},
		{"a user within a boundary", identityPrincipal(t, ann, usage, boundary), "usage?", 403},
		{"a user from inside", identityPrincipal(t, ann, inside), "usage?", 200},
		{"a user from outside", identityPrincipal(t, ann, strings.Replace(inside, "10.0", "11.0", 1)), "usage?", 403},
		{"root, accounts", root, "accounts?", 200},
		{"an account, accounts", ann.Principal(), "accounts?", 200},
		{"an account, another one", ann.Principal(), "accounts?account=bob", 403},
		{"a user with other leave, accounts", user, "accounts?", 403},
		{"anonymous", access.Principal{}, "usage?", 403},
		{"a user of no account", access.Principal{Kind: access.User}, "usage?", 403},
	}
	var conditions access.Context
	conditions.Set(access.KeySourceIP, "10.1.2.3")
	const query = "&format=csv&from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z&granularity=hour"
	for _, tt := range tests {
		path := "/v1/" + tt.path
		if strings.Contains(path, "?") {
			path += query
		}
		w := httptest.NewRecorder()
		h.As(tt.p, conditions).ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != tt.want {
			t.Errorf("%s: %d %s, want %d", tt.name, w.Code, w.Body, tt.want)
		}
		if w.Code == http.StatusForbidden && strings.Contains(w.Body.String(), string(bob.CanonicalID)) {
			t.Errorf("%s: the refusal tells of another account: %s", tt.name, w.Body)
		}
	}
}

// TestListAccounts: each account with what is in it; what a user makes is his account's.
func TestListAccounts(t *testing.T) {
	h := newTestHandler(t)
	for _, name := range []string{"bob", "ann"} {
		if _, _, err := h.accounts.CreateUser(t.Context(), account.NewUser{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	ann, err := h.accounts.User(t.Context(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []account.Identity{{Kind: account.IAMUser, Name: "ida"}, {Kind: account.IAMUser, Name: "ian"}, {Kind: account.IAMGroup, Name: "all"}} {
		i.Account = ann.CanonicalID
		if _, err := h.accounts.CreateIdentity(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"pond", "lake", "river"} {
		if _, err := h.objects.CreateBucket(t.Context(), object.NewBucket{Name: name, Owner: access.Owner{ID: ann.CanonicalID}}); err != nil {
			t.Fatal(err)
		}
	}
	client := InProcess(h)
	list, err := client.Accounts(t.Context(), "")
	if err != nil || len(list) != 2 || list[1].Name != "bob" || list[1].Buckets != 0 || list[1].Users != 0 {
		t.Errorf("Accounts = %+v, %v, want ann and bob", list, err)
	}
	want := Account{
		Name: "ann", Number: ann.CanonicalID.AccountID(), CanonicalID: string(ann.CanonicalID), Role: "user", Created: ann.Created,
		Users: 2, Groups: 1, Buckets: 3,
	}
	for _, name := range []string{"Ann", want.Number, want.CanonicalID} {
		if list, err = client.Accounts(t.Context(), name); err != nil || len(list) != 1 || list[0] != want {
			t.Errorf("Accounts(%s) = %+v, %v, want %+v", name, list, err, want)
		}
	}
	if _, err := client.Accounts(t.Context(), strings.Repeat("0", 64)); err == nil {
		t.Error("an account that is not there is shown")
	}
}
