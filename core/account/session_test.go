package account

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/wire/torrent"
)

func sampleSession() Session {
	return Session{
		Kind: RoleSession, Account: someID, Identity: "r", ID: "AROA1", Name: "job", Issued: time.Unix(100, 0).UTC(), Expires: time.Unix(200, 0).UTC(),
		Policies: []string{readAll}, PolicyARNs: []string{"arn"}, Limited: true, Source: "s", Provider: "p", secret: "secret",
	}
}

// TestSessionToken: a token is good for its access key and its time, and no byte of it can be another.
func TestSessionToken(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	s, alice := iamStore(t, func() time.Time { return now })
	bob := makeIdentity(t, s, Identity{Kind: IAMUser, Account: alice.CanonicalID, Name: "bob"})
	k, err := s.CreateAccessKey(t.Context(), alice.CanonicalID, "bob")
	must(t, err)
	by, err := s.Caller(t.Context(), k.ID, "")
	must(t, err)
	made, err := s.SessionFor(t.Context(), by, time.Hour)
	must(t, err)
	c, err := s.Caller(t.Context(), made.AccessKey, made.Token)
	if err != nil || c.Principal.ARN != bob.ARN() || c.Key.Secret != made.Secret || !strings.HasPrefix(made.AccessKey, "ASIA") {
		t.Fatalf("got %+v, %v", c.Principal, err)
	}
	raw, err := base64.StdEncoding.DecodeString(made.Token)
	must(t, err)
	for n := range raw {
		forged := append([]byte(nil), raw...)
		forged[n] ^= 1
		_, err := s.Caller(t.Context(), made.AccessKey, base64.StdEncoding.EncodeToString(forged))
		if !fault.Is(err, fault.InvalidToken) {
			t.Fatalf("byte %d changed: got %v, want InvalidToken", n, err)
		}
	}
	for name, try := range map[string][2]string{
		"of another key":   {"ASIAOTHER", made.Token},
		"with a long key":  {k.ID, made.Token},
		"cut":              {made.AccessKey, made.Token[:40]},
		"not base64":       {made.AccessKey, "!"},
		"endless":          {made.AccessKey, strings.Repeat("A", MaxSessionToken+1)},
		"of another store": {made.AccessKey, tokenElsewhere(t, made)},
	} {
		_, err := s.Caller(t.Context(), try[0], try[1])
		wantKind(t, "a token "+name, err, fault.InvalidToken)
	}
	_, err = s.Caller(t.Context(), made.AccessKey, "")
	wantKind(t, "without the token", err, fault.NoSuchAccessKey)
	_, err = s.AnnounceToken(t.Context(), made.AccessKey, torrent.InfoHash{1}, now)
	wantKind(t, "announce token", err, fault.InvalidRequest)
	_, err = s.SessionFor(t.Context(), c, time.Hour)
	wantKind(t, "a session by a session", err, fault.AccessDenied)
	now = now.Add(time.Hour)
	_, err = s.Caller(t.Context(), made.AccessKey, made.Token)
	wantKind(t, "after its time", err, fault.ExpiredToken)
}

// tokenElsewhere is the same session, sealed by another store.
func tokenElsewhere(t *testing.T, made Credentials) string {
	t.Helper()
	token, err := New(newEngine(t), Options{}).seal(t.Context(), made.AccessKey, made.Session)
	must(t, err)
	return token
}

// TestSessionOutlivesRestart: the key of tokens is kept, so that another process takes them.
func TestSessionOutlivesRestart(t *testing.T) {
	engine := newEngine(t)
	s := New(engine, Options{})
	_, k := create(t, s, NewUser{Name: "alice"})
	by, err := s.Caller(t.Context(), k.ID, "")
	must(t, err)
	made, err := s.SessionFor(t.Context(), by, 0)
	must(t, err)
	c, err := New(engine, Options{}).Caller(t.Context(), made.AccessKey, made.Token)
	if err != nil || c.Principal.Identity != nil || c.Principal.UserName != "alice" {
		t.Errorf("got %+v, %v, want the account itself", c.Principal, err)
	}
	if got := made.Expires.Sub(made.Session.Issued); got != MaxAccountSession {
		t.Errorf("an account's session is of %v, want %v", got, MaxAccountSession)
	}
}

// TestSessionEndsWithItsMaker, also when another of the same name is made, and when the change is another process's.
func TestSessionEndsWithItsMaker(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	engine := newEngine(t)
	clock := Options{Now: func() time.Time { return now }}
	here, there := New(engine, clock), New(engine, clock)
	alice, _ := create(t, here, NewUser{Name: "alice"})
	makeIdentity(t, here, Identity{Kind: IAMUser, Account: alice.CanonicalID, Name: "bob"})
	k, err := here.CreateAccessKey(t.Context(), alice.CanonicalID, "bob")
	must(t, err)
	by, err := here.Caller(t.Context(), k.ID, "")
	must(t, err)
	made, err := here.SessionFor(t.Context(), by, time.Hour)
	must(t, err)
	_, err = here.Caller(t.Context(), made.AccessKey, made.Token)
	must(t, err)
	must(t, there.DeleteAccessKey(t.Context(), alice.CanonicalID, "bob", k.ID))
	must(t, there.DeleteIdentity(t.Context(), IAMUser, alice.CanonicalID, "bob"))
	makeIdentity(t, there, Identity{Kind: IAMUser, Account: alice.CanonicalID, Name: "bob"})
	now = now.Add(maxAge)
	for _, s := range []*Store{here, there} {
		_, err = s.Caller(t.Context(), made.AccessKey, made.Token)
		wantKind(t, "session of a user who is gone", err, fault.NoSuchAccessKey)
	}
}

// TestSessionOfFormerRole: the credentials stay valid and allow nothing, also where the bucket names the session.
func TestSessionOfFormerRole(t *testing.T) {
	s := New(newEngine(t), Options{})
	alice, _ := create(t, s, NewUser{Name: "alice"})
	made, err := s.issue(t.Context(), Session{
		Kind: RoleSession, Account: alice.CanonicalID, Identity: "reader", ID: "AROAFORMER", Name: "job",
	}, time.Hour)
	must(t, err)
	c, err := s.Caller(t.Context(), made.AccessKey, made.Token)
	must(t, err)
	arn := "arn:aws:sts::" + alice.CanonicalID.AccountID() + ":assumed-role/reader/job"
	if c.Principal.ARN != arn || c.Principal.UserID != "AROAFORMER:job" || c.Identity == nil {
		t.Errorf("got %s, %s, identity %v, want the session of a role", c.Principal.ARN, c.Principal.UserID, c.Identity)
	}
	policy, err := access.ParsePolicy([]byte(`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"`+arn+
		`"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}]}`), "bucket")
	must(t, err)
	d := access.Decide(access.Query{
		Principal: c.Principal, Action: access.GetObject, Key: "key",
		Bucket: access.Bucket{Name: "bucket", Owner: alice.CanonicalID, Policy: policy},
	})
	if d.Allowed || d.Reason != access.ByDefault {
		t.Errorf("got %+v, want a refusal because nothing allows it", d)
	}
}

// TestFederatedIsBothPolicies: what the maker may and the session policy says, and nothing without one.
func TestFederatedIsBothPolicies(t *testing.T) {
	s, alice := iamStore(t, nil)
	c, err := s.Caller(t.Context(), alice.AccessKeyIDs[0], "")
	must(t, err)
	for _, tt := range []struct {
		policy string
		want   bool
	}{{"", false}, {readAll, true}, {denyAll, false}} {
		made, err := s.Federate(t.Context(), c, SessionRequest{Name: "guest", Policy: tt.policy})
		must(t, err)
		guest, err := s.Caller(t.Context(), made.AccessKey, made.Token)
		must(t, err)
		q := access.Query{
			Principal: guest.Principal, Action: access.GetObject, Key: "k", Object: &access.Object{Owner: alice.CanonicalID},
			Bucket: access.Bucket{Name: "b", Owner: alice.CanonicalID},
		}
		if got := access.Decide(q).Allowed; got != tt.want {
			t.Errorf("with policy %q: got %v, want %v", tt.policy, got, tt.want)
		}
		q.Action = access.PutObject
		if access.Decide(q).Allowed {
			t.Errorf("with policy %q: may write", tt.policy)
		}
	}
	for name, r := range map[string]SessionRequest{
		"no name":      {},
		"long name":    {Name: strings.Repeat("g", maxFederatedName+1)},
		"short":        {Name: "guest", Duration: time.Minute},
		"long":         {Name: "guest", Duration: MaxUserSession + time.Second},
		"long policy":  {Name: "guest", Policy: readAll + strings.Repeat(" ", maxSessionPolicy)},
		"a wrong name": {Name: "g/uest"},
	} {
		_, err := s.Federate(t.Context(), c, r)
		wantKind(t, name, err, fault.InvalidArgument)
	}
	_, err = s.Federate(t.Context(), c, SessionRequest{Name: "guest", Policy: "{"})
	wantKind(t, "policy that is none", err, fault.MalformedPolicy)
	_, err = s.Federate(t.Context(), c, SessionRequest{Name: "guest", PolicyARNs: []string{"arn:aws:iam::aws:policy/None"}})
	wantKind(t, "policy that is not there", err, fault.NoSuchEntity)
}

func FuzzSessionToken(f *testing.F) {
	s := New(newEngine(f), Options{})
	token, err := s.seal(f.Context(), "ASIAKEY", sampleSession())
	if err != nil {
		f.Fatal(err)
	}
	f.Add("ASIAKEY", token)
	f.Add("ASIAKEY", "AQ==")
	f.Fuzz(func(t *testing.T, id, text string) {
		session, err := s.open(t.Context(), id, text)
		if err == nil && (id != "ASIAKEY" || session.secret != "secret") {
			t.Fatalf("a token that was not sealed was opened: %+v", session)
		}
		if err != nil && !fault.Is(err, fault.InvalidToken) {
			t.Fatalf("got %v, want InvalidToken", err)
		}
	})
}
