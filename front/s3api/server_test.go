package s3api

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
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
	"shoal/wire/sigv4"
)

// Users of a testServer. Anonymous is nobody.
const (
	anonymous = ""
	owner     = "owner" // makes buckets
	other     = "other" // makes buckets
	reader    = "reader"
	admin     = "operator"
)

// testServer is the front over real stores in memory. It ends with a full check of them.
type testServer struct {
	url     string
	web     http.RoundTripper // its own: closing another server breaks requests through the default one
	handler *Handler
	objects *object.Store
	engine  kv.Engine
	disk    vfs.FS
	users   map[string]account.User
	keys    map[string]sigv4.Credentials
	usage   *eventLog
}

// eventLog is a meter.Recorder that remembers.
type eventLog struct {
	mu     sync.Mutex // guards events
	events []meter.Event
}

func (l *eventLog) Record(e meter.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.Log.Lines = bytes.Clone(e.Log.Lines) // they are the caller's
	l.events = append(l.events, e)
}

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
	objects, err := object.New(engine, blobs, object.Options{Keys: testKeys(t)})
	if err != nil {
		t.Fatalf("new store: %v", err)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	accounts := account.New(engine, account.Options{})
	s := &testServer{objects: objects, engine: engine, disk: fs, users: map[string]account.User{}, keys: map[string]sigv4.Credentials{}, usage: &eventLog{}}
	roles := map[string]access.Role{owner: access.RoleUserPlus, other: access.RoleUserPlus, reader: access.RoleUser, admin: access.RoleAdmin}
	for name, role := range roles {
		s.addUser(t, accounts, name, role)
	}
	s.handler = New(objects, accounts, s.usage, o)
	web := httptest.NewUnstartedServer(s.handler)
	web.Config = NewHTTPServer(s.handler, o.Logger)
	web.Start()
	s.url, s.web = web.URL, web.Client().Transport
	t.Cleanup(func() {
		web.Close()
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

func testKeys(t testing.TB) encryption.Keys {
	t.Helper()
	keys, err := encryption.OpenKeyFile(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatalf("key file: %v", err)
	}
	return keys
}

func (s *testServer) addUser(t testing.TB, accounts *account.Store, name string, role access.Role) {
	t.Helper()
	u, k, err := accounts.CreateUser(context.Background(), account.NewUser{
		Name: name, DisplayName: strings.ToUpper(name), Email: name + "@shoal.example", Role: role,
	})
	if err != nil {
		t.Fatalf("create user %s: %v", name, err)
	}
	s.users[name] = u
	s.keys[name] = sigv4.Credentials{AccessKeyID: k.ID, SecretAccessKey: k.Secret.Reveal()}
}

// reply is an answer, read whole.
type reply struct {
	status int
	header http.Header
	body   string
}

// do sends one request signed by who. target is path and query as they go over the wire; each header is
// "Name: value".
func (s *testServer) do(t testing.TB, who, method, target, body string, headers ...string) reply {
	t.Helper()
	r, err := http.NewRequest(method, s.url+target, strings.NewReader(body))
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	if who != anonymous {
		sum := sha256.Sum256([]byte(body))
		if err := sigv4.Sign(r, s.keys[who], "us-east-1", hex.EncodeToString(sum[:]), time.Now()); err != nil {
			t.Fatalf("sign %s %s: %v", method, target, err)
		}
	}
	answer, err := s.web.RoundTrip(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("%s %s: read answer: %v", method, target, err)
	}
	return reply{status: answer.StatusCode, header: answer.Header, body: string(data)}
}

// must is do for a request that has to succeed.
func (s *testServer) must(t testing.TB, who, method, target, body string, headers ...string) reply {
	t.Helper()
	r := s.do(t, who, method, target, body, headers...)
	if r.status/100 != 2 {
		t.Fatalf("%s %s by %q: status %d\n%s", method, target, who, r.status, r.body)
	}
	return r
}

// refused is do for a request that has to fail with a status and an S3 code.
func (s *testServer) refused(t testing.TB, who, method, target, body string, status int, wantCode code, headers ...string) reply {
	t.Helper()
	r := s.do(t, who, method, target, body, headers...)
	var doc struct {
		XMLName   xml.Name `xml:"Error"`
		Code      string
		Message   string
		RequestID string `xml:"RequestId"`
		HostID    string `xml:"HostId"`
	}
	if err := xml.Unmarshal([]byte(r.body), &doc); err != nil {
		t.Fatalf("%s %s by %q: status %d, no error document: %v\n%s", method, target, who, r.status, err, r.body)
	}
	if r.status != status || doc.Code != string(wantCode) {
		t.Fatalf("%s %s by %q: %d %s, want %d %s\n%s", method, target, who, r.status, doc.Code, status, wantCode, r.body)
	}
	if doc.Message == "" || doc.RequestID == "" || doc.HostID == "" {
		t.Errorf("%s %s by %q: error document lacks message or ids\n%s", method, target, who, r.body)
	}
	return r
}

// element returns the text of the first element of that name.
func (r reply) element(name string) string {
	m := regexp.MustCompile("<" + name + "(?: [^>]*)?>([^<]*)</" + name + ">").FindStringSubmatch(r.body)
	if m == nil {
		return ""
	}
	return m[1]
}

// elements returns the texts of all elements of that name.
func (r reply) elements(name string) []string {
	var out []string
	for _, m := range regexp.MustCompile("<"+name+"(?: [^>]*)?>([^<]*)</"+name+">").FindAllStringSubmatch(r.body, -1) {
		out = append(out, m[1])
	}
	return out
}

func contentMD5(body string) string {
	sum := md5.Sum([]byte(body))
	return "Content-MD5: " + base64.StdEncoding.EncodeToString(sum[:])
}

// pattern returns n bytes that do not repeat soon.
func pattern(n int) string {
	var b bytes.Buffer
	for seed := sha256.Sum256([]byte("pattern")); b.Len() < n; seed = sha256.Sum256(seed[:]) {
		b.Write(seed[:])
	}
	return b.String()[:n]
}
