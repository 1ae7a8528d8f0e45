package s3api

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"shoal/core/access"
	"shoal/core/account"
	"shoal/wire/sigv4"
)

const allObjects = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*Object","Resource":"arn:aws:s3:::pond/*"}]}`

// addIAMUser makes an IAM user of owner's account who signs as name, with a policy when it is not empty.
func (s *testServer) addIAMUser(t *testing.T, name, policy string) {
	t.Helper()
	a := s.users[owner].CanonicalID
	_, err := s.handler.accounts.CreateIdentity(t.Context(), account.Identity{Kind: account.IAMUser, Account: a, Name: name})
	if err == nil && policy != "" {
		err = s.handler.accounts.PutInlinePolicy(t.Context(), account.IAMUser, a, name, account.InlinePolicy{Name: "p", Document: policy})
	}
	if err != nil {
		t.Fatal(err)
	}
	k, err := s.handler.accounts.CreateAccessKey(t.Context(), a, name)
	if err != nil {
		t.Fatal(err)
	}
	s.keys[name] = sigv4.Credentials{AccessKeyID: k.ID, SecretAccessKey: k.Secret.Reveal()}
}

// session makes temporary credentials of who, as they were made some time ago.
func (s *testServer) session(t *testing.T, who string, ago time.Duration) sigv4.Credentials {
	t.Helper()
	then := account.New(s.engine, account.Options{Now: func() time.Time { return time.Now().Add(-ago) }})
	by, err := then.Caller(t.Context(), s.keys[who].AccessKeyID, "")
	if err != nil {
		t.Fatal(err)
	}
	made, err := then.SessionFor(t.Context(), by, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return sigv4.Credentials{AccessKeyID: made.AccessKey, SecretAccessKey: made.Secret.Reveal(), SessionToken: made.Token}
}

func (got reply) code() string { return got.element("Code") }

// TestIAMUsersOnS3: what an IAM user makes is its account's, and what it may not, it may not by any way to an object.
func TestIAMUsersOnS3(t *testing.T) {
	s := newTestServer(t, Options{})
	s.addIAMUser(t, "bob", allObjects)
	s.addIAMUser(t, "carol", "")
	s.do(t, owner, "PUT", "/pond", "")
	s.do(t, owner, "PUT", "/sea", "")
	s.do(t, owner, "PUT", "/sea/k", "of the sea")
	tests := []struct {
		who, method, target, header string
		status                      int
	}{
		{"bob", "PUT", "/pond/k", "", 200},
		{"bob", "GET", "/pond/k", "", 200},
		{"bob", "GET", "/sea/k", "", 403},
		{"bob", "GET", "/sea/none", "", 403},
		{"bob", "PUT", "/pond/stolen", "x-amz-copy-source: /sea/k", 403},
		{"bob", "GET", "/pond", "", 403},
		{"bob", "GET", "/", "", 403},
		{"bob", "PUT", "/bobs", "", 403},
		{"bob", "GET", "/pond/k?acl", "", 403},
		{"bob", "PUT", "/pond/k?acl", "x-amz-acl: public-read", 403},
		{"bob", "PUT", "/pond?policy", "", 403},
		{"bob", "GET", "/pond/k?torrent", "", 200}, // one more way to read
		{"bob", "GET", "/sea/k?torrent", "", 403},
		{"bob", "POST", "/sea/k?uploads", "", 403},
		{"carol", "GET", "/pond/k", "", 403},
		{"carol", "GET", "/pond/k?torrent", "", 403},
		{"carol", "PUT", "/pond/k", "", 403},
		{"carol", "DELETE", "/pond/k", "", 403},
		{"carol", "GET", "/", "", 403},
		{owner, "GET", "/pond/k", "", 200},
		{other, "GET", "/pond/k", "", 403},
	}
	for _, tt := range tests {
		headers := []string{}
		if tt.header != "" {
			headers = append(headers, tt.header)
		}
		if got := s.do(t, tt.who, tt.method, tt.target, "", headers...); got.status != tt.status {
			t.Errorf("%s %s %s: status %d, want %d\n%s", tt.who, tt.method, tt.target, got.status, tt.status, got.body)
		}
	}
	got := s.do(t, owner, "GET", "/pond?list-type=2&fetch-owner=true", "")
	if want := "<ID>" + string(s.users[owner].CanonicalID) + "</ID><DisplayName>OWNER</DisplayName>"; !strings.Contains(got.body, want) {
		t.Errorf("what bob made is not its account's: no %s in %s", want, got.body)
	}
}

// TestSessionTokens: a session is what it is only with its token, signed, in its time (RustFS GHSA-ccrv).
func TestSessionTokens(t *testing.T) {
	s := newTestServer(t, Options{})
	s.addIAMUser(t, "bob", allObjects)
	s.do(t, owner, "PUT", "/pond", "")
	s.do(t, owner, "PUT", "/pond/k", "x")
	session := s.session(t, "bob", 0)
	with := func(c sigv4.Credentials, key, token string) sigv4.Credentials {
		if key != "" {
			c.AccessKeyID, c.SecretAccessKey = s.keys[key].AccessKeyID, s.keys[key].SecretAccessKey
		}
		c.SessionToken = token
		return c
	}
	tests := []struct {
		name   string
		keys   sigv4.Credentials
		status int
		code   string
	}{
		{"session", session, 200, ""},
		{"session of the account", s.session(t, owner, 0), 200, ""},
		{"token left out", with(session, "", ""), 403, "InvalidAccessKeyId"},
		{"token of another session", with(session, "", s.session(t, "bob", 0).SessionToken), 400, "InvalidToken"},
		{"token that is none", with(session, "", "bm90aGluZw=="), 400, "InvalidToken"},
		{"token with a key that stays", with(session, "bob", session.SessionToken), 400, "InvalidToken"},
		{"token with an administrator's key", with(session, admin, session.SessionToken), 400, "InvalidToken"},
		{"over", s.session(t, "bob", time.Hour), 400, "ExpiredToken"},
		{"wrong secret", sigv4.Credentials{AccessKeyID: session.AccessKeyID, SecretAccessKey: "x", SessionToken: session.SessionToken}, 403, "SignatureDoesNotMatch"},
	}
	for _, tt := range tests {
		s.keys["session"] = tt.keys
		if got := s.do(t, "session", "GET", "/pond/k", ""); got.status != tt.status || got.code() != tt.code {
			t.Errorf("%s: status %d %s, want %d %s", tt.name, got.status, got.code(), tt.status, tt.code)
		}
		r, err := http.NewRequest("GET", s.url+"/pond/k", nil)
		if err != nil {
			t.Fatal(err)
		}
		link, err := sigv4.Presign(r, tt.keys, sigv4.DefaultRegion, time.Minute, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if got := get(t, link); got.status != tt.status || got.code() != tt.code {
			t.Errorf("%s, presigned: status %d %s, want %d %s", tt.name, got.status, got.code(), tt.status, tt.code)
		}
	}
	s.keys["session"] = session
	r, err := http.NewRequest("GET", s.url+"/pond/k", nil)
	if err != nil {
		t.Fatal(err)
	}
	link, err := sigv4.Presign(r, session, sigv4.DefaultRegion, time.Minute, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Del("X-Amz-Security-Token")
	u.RawQuery = query.Encode()
	if got := get(t, u.String()); got.status != 403 {
		t.Errorf("token cut out of a presigned URL: status %d, want 403", got.status)
	}
}

func get(t *testing.T, link string) reply {
	t.Helper()
	answer, err := http.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{status: answer.StatusCode, header: answer.Header, body: string(body)}
}

// TestRootSessionsLimitThemselves: who federates from an administrator's key is none, and reaches no control API.
func TestRootSessionsLimitThemselves(t *testing.T) {
	s := newTestServer(t, Options{})
	s.do(t, owner, "PUT", "/pond", "")
	s.do(t, owner, "PUT", "/pond/k", "x")
	by, err := s.handler.accounts.Caller(t.Context(), s.keys[admin].AccessKeyID, "")
	if err != nil {
		t.Fatal(err)
	}
	made, err := s.handler.accounts.Federate(t.Context(), by, account.SessionRequest{Name: "guest", Policy: `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`})
	if err != nil {
		t.Fatal(err)
	}
	guest, err := s.handler.accounts.Caller(t.Context(), made.AccessKey, made.Token)
	if err != nil || guest.Principal.Kind != access.User {
		t.Fatalf("got %+v, %v, want a user", guest.Principal, err)
	}
	s.keys["guest"] = sigv4.Credentials{AccessKeyID: made.AccessKey, SecretAccessKey: made.Secret.Reveal(), SessionToken: made.Token}
	if got := s.do(t, admin, "GET", "/pond/k", ""); got.status != 200 {
		t.Errorf("the administrator: status %d", got.status)
	}
	if got := s.do(t, "guest", "GET", "/pond/k", ""); got.status != 403 {
		t.Errorf("his guest, on another account's object: status %d, want 403", got.status)
	}
	if got := s.do(t, "guest", "PUT", "/his", ""); got.status != 200 {
		t.Errorf("his guest, on his own account: status %d, want 200\n%s", got.status, got.body)
	}
}

// TestRequestsAreUses: whatever way an access key signs for S3, it is used; by a signature that is wrong it is not.
func TestRequestsAreUses(t *testing.T) {
	s := newTestServer(t, Options{})
	s.do(t, owner, "PUT", "/pond", "")
	tests := []struct {
		name string
		send func(who string) reply
		used bool
	}{
		{"header", func(who string) reply { return s.do(t, who, "GET", "/pond/k", "") }, true},
		{"presigned URL", func(who string) reply {
			r, err := http.NewRequest("GET", s.url+"/pond/k", nil)
			if err != nil {
				t.Fatal(err)
			}
			link, err := sigv4.Presign(r, s.keys[who], sigv4.DefaultRegion, time.Minute, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			return get(t, link)
		}, true},
		{"wrong secret", func(who string) reply {
			k := s.keys[who]
			k.SecretAccessKey = "x"
			s.keys["forger"] = k
			return s.do(t, "forger", "GET", "/pond/k", "")
		}, false},
	}
	for n, tt := range tests {
		who := "user" + strconv.Itoa(n)
		s.addIAMUser(t, who, "")
		if got := tt.send(who); got.status != http.StatusForbidden {
			t.Errorf("%s: status %d, want 403: the user may do nothing", tt.name, got.status)
		}
		got, err := s.handler.accounts.LastUsed(t.Context(), s.keys[who].AccessKeyID)
		if err != nil {
			t.Fatal(err)
		}
		want := account.Use{}
		if tt.used {
			want = account.Use{At: got.At, Service: "s3", Region: sigv4.DefaultRegion}
		}
		if got != want || tt.used == got.At.IsZero() {
			t.Errorf("%s: last use %+v, want %+v", tt.name, got, want)
		}
	}
}

// TestAccountsPayForTheirUsers: a bucket that an IAM user makes is its account's, who pays for what anyone does there.
func TestAccountsPayForTheirUsers(t *testing.T) {
	s := newTestServer(t, Options{})
	s.addIAMUser(t, "bob", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`)
	s.must(t, "bob", "PUT", "/bobs", "")
	s.must(t, "bob", "PUT", "/bobs/k", "hello", "x-amz-acl: public-read")
	s.must(t, "bob", "GET", "/", "")
	s.must(t, anonymous, "GET", "/bobs/k", "")
	s.must(t, other, "GET", "/bobs/k", "")
	pays := string(s.users[owner].CanonicalID)
	b, err := s.objects.Bucket(t.Context(), "bobs")
	if err != nil || b.Owner != pays {
		t.Fatalf("the bucket is %q's, %v, want %q's", b.Owner, err, pays)
	}
	for i, e := range s.usage.wait(t, 5) {
		if e.Account != pays || e.Requests != 1 {
			t.Errorf("event %d: %+v, want a request that %q pays for", i, e, pays)
		}
	}
}
