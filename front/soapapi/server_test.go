package soapapi

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/core/access"
	"shoal/core/account"
	"shoal/core/encryption"
	"shoal/core/meter"
	"shoal/core/object"
	"shoal/storage/blob/fileblob"
	"shoal/storage/kv"
	"shoal/storage/kv/pebblekv"
	"shoal/wire/soap"
)

// Users of a testServer. Anonymous is nobody.
const (
	anonymous = ""
	owner     = "owner" // makes buckets
	other     = "other" // makes buckets
)

// testServer is the front over real stores in memory. It ends with a full check of them.
type testServer struct {
	handler  *Handler
	objects  *object.Store
	engine   kv.Engine
	accounts *account.Store
	users    map[string]account.User
	keys     map[string]account.AccessKey
	events   []meter.Event
}

// Record implements meter.Recorder.
func (s *testServer) Record(e meter.Event) { s.events = append(s.events, e) }

func newTestServer(t testing.TB, o Options) *testServer {
	t.Helper()
	fs := vfs.NewMem()
	engine, err := pebblekv.Open("kv", pebblekv.Options{FS: fs, ReserveBytes: -1, BallastBytes: -1})
	if err != nil {
		t.Fatalf("open engine: %v", err)
	}
	blobs, err := fileblob.Open("blobs", fileblob.Options{FS: fs, ReserveBytes: -1})
	if err != nil {
		t.Fatalf("open blobs: %v", err)
	}
	keys, err := encryption.OpenKeyFile(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatalf("key file: %v", err)
	}
	objects, err := object.New(engine, blobs, object.Options{Keys: keys})
	if err != nil {
		t.Fatalf("new store: %v", err)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &testServer{
		objects: objects, engine: engine, accounts: account.New(engine, account.Options{}),
		users: map[string]account.User{}, keys: map[string]account.AccessKey{},
	}
	for _, name := range []string{owner, other} {
		s.addUser(t, name)
	}
	s.handler = New(objects, s.accounts, s, o)
	t.Cleanup(func() {
		report, err := objects.Fsck(context.Background(), object.FsckOptions{Recheck: time.Nanosecond})
		if err != nil || !report.Clean() {
			t.Errorf("check of the store: %v, findings %v", err, report.Findings)
		}
		if err := blobs.Close(); err != nil {
			t.Errorf("close blobs: %v", err)
		}
		if err := engine.Close(); err != nil {
			t.Errorf("close engine: %v", err)
		}
	})
	return s
}

func (s *testServer) addUser(t testing.TB, name string) {
	t.Helper()
	u, k, err := s.accounts.CreateUser(context.Background(), account.NewUser{
		Name: name, DisplayName: strings.ToUpper(name), Email: name + "@shoal.example", Role: access.RoleUserPlus,
	})
	if err != nil {
		t.Fatalf("create user %s: %v", name, err)
	}
	s.users[name], s.keys[name] = u, k
}

// addIAMUser makes an IAM user of owner's account who signs as name, with a policy.
func (s *testServer) addIAMUser(t *testing.T, name, policy string) {
	t.Helper()
	a := s.users[owner].CanonicalID
	_, err := s.accounts.CreateIdentity(t.Context(), account.Identity{Kind: account.IAMUser, Account: a, Name: name})
	if err == nil {
		err = s.accounts.PutInlinePolicy(t.Context(), account.IAMUser, a, name, account.InlinePolicy{Name: "p", Document: policy})
	}
	if err != nil {
		t.Fatal(err)
	}
	k, err := s.accounts.CreateAccessKey(t.Context(), a, name)
	if err != nil {
		t.Fatal(err)
	}
	s.keys[name] = k
}

// message returns an envelope with the request of who.
func (s *testServer) message(who, operation, children string) string {
	if who != anonymous {
		k, now := s.keys[who], time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
		children += signature(k.ID, now, soap.Sign(k.Secret.Reveal(), operation, now))
	}
	return envelope(operation, children)
}

func signature(key, timestamp, signature string) string {
	return "<AWSAccessKeyId>" + key + "</AWSAccessKeyId><Timestamp>" + timestamp + "</Timestamp><Signature>" + signature + "</Signature>"
}

func envelope(operation, children string) string {
	return `<?xml version="1.0" encoding="utf-8"?><soap-env:Envelope xmlns:soap-env="` + soap.EnvelopeNamespace + `" xmlns:xsi="` + soap.SchemaInstance + `"><soap-env:Body>` +
		`<` + operation + ` xmlns="` + namespace + `">` + children + `</` + operation + `></soap-env:Body></soap-env:Envelope>`
}

// reply is an answer, read whole.
type reply struct {
	status int
	header http.Header
	body   string
}

// post sends a message by TLS.
func (s *testServer) post(contentType, body string, headers ...string) reply {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.TLS = overTLS()
	r.Header.Set("Content-Type", contentType)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	return s.serve(r)
}

func overTLS() *tls.ConnectionState {
	return &tls.ConnectionState{Version: tls.VersionTLS13, CipherSuite: tls.TLS_AES_128_GCM_SHA256, HandshakeComplete: true}
}

func (s *testServer) serve(r *http.Request) reply {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return reply{w.Code, w.Result().Header, w.Body.String()}
}

// do sends one request of who in plain XML.
func (s *testServer) do(who, operation, children string) reply {
	return s.post(soap.MediaType, s.message(who, operation, children))
}

// must is do for a request that has to succeed.
func (s *testServer) must(t testing.TB, who, operation, children string) reply {
	t.Helper()
	got := s.do(who, operation, children)
	if got.status != http.StatusOK {
		t.Fatalf("%s by %q: status %d\n%s", operation, who, got.status, got.body)
	}
	return got
}

// element returns the text of the first element of that name.
func (r reply) element(name string) string {
	m := regexp.MustCompile("<" + name + "(?: [^>]*)?>([^<]*)</" + name + ">").FindStringSubmatch(r.body)
	if m == nil {
		return ""
	}
	return m[1]
}

// fault returns the code of a fault without its prefix, "" for none.
func (r reply) fault() string { return strings.TrimPrefix(r.element("faultcode"), "soapenv:") }
