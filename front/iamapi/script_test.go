package iamapi

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/core/access"
	"shoal/core/account"
	"shoal/storage/kv/pebblekv"
)

// TestScripts plays every script of testdata against a server of its own. A script is lines:
//
//	# a comment
//	> CreateUser UserName=bob       a request: the action and its parameters, which have no spaces
//	< 200                           the status
//	<< text                         the answer holds text, in which * stands for anything
//	<! text                         it does not
//	<$ id UserId                    ${id} is from now on the text of that element
//	key bob ID SECRET [TOKEN]       bob signs with this
//	as bob                          who signs from here on; "anonymous" does not
//	for sts eu-west-1               the service and region that the next request is signed for
//
// alice and dave are accounts, whose ids are ${alice} and ${dave}.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			s := newScript(t, f, Options{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
			s.play()
			for _, secret := range s.secrets {
				if strings.Contains(log.String(), secret) {
					t.Errorf("a secret is in the log: %s", secret)
				}
			}
			if strings.Contains(log.String(), "level=ERROR") {
				t.Errorf("logged as an error: %s", &log)
			}
		})
	}
}

type script struct {
	t       *testing.T
	url     string
	file    string
	line    int
	signer  string
	keys    map[string]aws.Credentials
	vars    map[string]string
	secrets []string

	service, region string // what the next request is signed for
	status          int
	body            string
	store           *account.Store
}

func newScript(t *testing.T, file string, o Options) *script {
	t.Helper()
	engine, err := pebblekv.Open("kv", pebblekv.Options{FS: vfs.NewMem(), ReserveBytes: -1, BallastBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &script{t: t, file: file, signer: "alice", keys: map[string]aws.Credentials{}, vars: map[string]string{}, store: account.New(engine, account.Options{Now: o.Now})}
	for _, name := range []string{"alice", "dave"} {
		u, k, err := s.store.CreateUser(t.Context(), account.NewUser{Name: name, Role: access.RoleUserPlus})
		if err != nil {
			t.Fatal(err)
		}
		s.vars[name] = u.CanonicalID.AccountID()
		s.keys[name] = aws.Credentials{AccessKeyID: k.ID, SecretAccessKey: k.Secret.Reveal()}
	}
	server := httptest.NewServer(New(s.store, o))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *script) errorf(format string, args ...any) {
	s.t.Helper()
	s.t.Errorf("%s:%d: "+format, append([]any{s.file, s.line}, args...)...)
}

func (s *script) play() {
	f, err := os.Open(s.file)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		s.line++
		s.step(s.expand(lines.Text()))
	}
}

// variable is ${name}; one of a policy has a colon in it.
var variable = regexp.MustCompile(`\$\{(\w+)\}`)

func (s *script) expand(line string) string {
	return variable.ReplaceAllStringFunc(line, func(v string) string {
		value, ok := s.vars[variable.FindStringSubmatch(v)[1]]
		if !ok {
			s.errorf("no variable %s", v)
		}
		return value
	})
}

func (s *script) step(line string) {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "", "#":
	case "as":
		s.signer = rest
	case "for":
		s.service, s.region, _ = strings.Cut(rest, " ")
	case "key":
		f := append(strings.Fields(rest), "")
		s.keys[f[0]] = aws.Credentials{AccessKeyID: f[1], SecretAccessKey: f[2], SessionToken: f[3]}
		s.secrets = append(s.secrets, f[2])
	case ">":
		s.send(rest)
	case "<":
		if strconv.Itoa(s.status) != rest {
			s.errorf("status %d, want %s\n%s", s.status, rest, s.body)
		}
	case "<<":
		if !holds(s.body, rest) {
			s.errorf("the answer does not hold %q:\n%s", rest, s.body)
		}
	case "<!":
		if holds(s.body, rest) {
			s.errorf("the answer holds %q:\n%s", rest, s.body)
		}
	case "<$":
		name, from, _ := strings.Cut(rest, " ")
		found := regexp.MustCompile(`<` + from + `>([^<]*)</`).FindStringSubmatch(s.body)
		if found == nil {
			s.t.Fatalf("%s:%d: no %s in:\n%s", s.file, s.line, from, s.body)
		}
		s.vars[name] = found[1]
	default:
		s.errorf("cannot read %q", line)
	}
}

func holds(text, pattern string) bool {
	return regexp.MustCompile(strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `(?s:.*)`)).MatchString(text)
}

// form returns the parameters of a request line with its Version.
func (s *script) form(line string) url.Values {
	name, rest, _ := strings.Cut(line, " ")
	form := url.Values{"Action": {name}, "Version": {versions[serviceIAM]}}
	for _, a := range actions() {
		if a.name == name {
			form.Set("Version", versions[a.service])
			if s.service == "" {
				s.service = a.service
			}
		}
	}
	for _, parameter := range strings.Fields(rest) {
		name, value, _ := strings.Cut(parameter, "=")
		form.Set(name, value)
	}
	return form
}

// send sends a request, signed by a signer that is not ours.
func (s *script) send(line string) {
	body := s.form(line).Encode()
	r, err := http.NewRequest(http.MethodPost, s.url+"/", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", formType+"; charset=utf-8")
	if s.region == "" {
		s.region = globalRegion
	}
	if s.signer != "anonymous" {
		sum := sha256.Sum256([]byte(body))
		err := v4.NewSigner().SignHTTP(s.t.Context(), s.keys[s.signer], r, hex.EncodeToString(sum[:]), s.service, s.region, time.Now())
		if err != nil {
			s.t.Fatal(err)
		}
	}
	s.service, s.region = "", ""
	s.exchange(r)
}

func (s *script) exchange(r *http.Request) {
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatalf("%s:%d: %v", s.file, s.line, err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		s.errorf("read answer: %v", err)
	}
	s.status, s.body = answer.StatusCode, string(data)
	id := answer.Header.Get("X-Amzn-RequestId")
	if id == "" || !strings.Contains(s.body, "<RequestId>"+id+"</RequestId>") {
		s.errorf("no request id %q in %s", id, s.body)
	}
	if s.status >= 400 && !holds(s.body, `<ErrorResponse xmlns="http*.com/*"><Error><Type>*</Type><Code>*</Code>*</Error><RequestId>`) {
		s.errorf("not the error form: %s", s.body)
	}
}
