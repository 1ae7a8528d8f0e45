package s3api

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"shoal/core/budget"
	"shoal/wire/sigv4"
)

// TestScripts plays every script of testdata against a server of its own. A script is lines:
//
//	# a comment                     as alice            who signs from here on; "anonymous" does not
//	> PUT /b/k?acl                  a request           > Name: value      its headers
//	>> text                         a line of its body  >" a\r\n"          quoted body, without a line end
//	>@ 9000                         a body of 9000 known bytes             presigned  (before >) sign in the URL
//	digest  (before >)              a Content-MD5 of the body
//	< 200                           the status          < Name: value      a header; * stands for anything
//	<! Name                         no such header      << text            the body holds text, which may have *
//	<= text                         the body is text    <@ 100 50          the body is 50 known bytes from 100
//	<$ id UploadId                  ${id} is from now on the text of that element, or of a header
//
// ${alice} and so on are the canonical ids of the users.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			s := newScript(t, f, &log)
			s.play()
			// Our own faults are logged; no request of a script is to find one.
			if log.Len() > 0 {
				t.Errorf("logged as an error: %s", &log)
			}
		})
	}
}

// script is one file being played.
type script struct {
	t    *testing.T
	w    *testServer
	file string
	line int
	user string
	vars map[string]string

	presign bool
	digest  bool
	method  string // of the request being collected, "" when none is
	target  string
	header  http.Header
	body    strings.Builder
	got     *reply
}

// scriptDomain is under which scripts name virtual hosts, scriptWebsite under which they name websites.
const (
	scriptDomain  = "s3.example.test"
	scriptWebsite = "web.example.test"
)

func newScript(t *testing.T, file string, log io.Writer) *script {
	w := newTestServer(t, Options{
		Domains: []string{scriptDomain}, WebsiteDomains: []string{scriptWebsite},
		EventTarget: func(arn string) string {
			if strings.HasSuffix(arn, "::hook:webhook") {
				return "hook"
			}
			return ""
		},
		Budgets: scriptBudgets{},
		Announce: func(host string) []string {
			return []string{"http://" + host + ":6969/announce", "udp://" + host + ":6969"}
		},
		PrivateAnnounce: func(host, token string) []string {
			return []string{"http://" + host + ":6969/announce/" + token, "udp://" + host + ":6969/announce/" + token}
		},
		Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	s := &script{t: t, w: w, file: file, user: anonymous, vars: map[string]string{}}
	for name, u := range w.users {
		s.vars[name] = string(u.CanonicalID)
	}
	return s
}

// scriptBudgets says by the name of a bucket which action is in force.
type scriptBudgets struct{}

func (scriptBudgets) InForce(_, bucket string) budget.Action {
	if a, err := budget.ParseAction(bucket); err == nil {
		return a
	}
	return budget.None
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
	if s.method != "" {
		s.errorf("the last request expects nothing")
	}
}

var variable = regexp.MustCompile(`\$\{(\w+)\}`)

func (s *script) expand(line string) string {
	return variable.ReplaceAllStringFunc(line, func(v string) string {
		name := variable.FindStringSubmatch(v)[1]
		value, ok := s.vars[name]
		if !ok {
			s.errorf("no variable %q", name)
		}
		return value
	})
}

func (s *script) step(line string) {
	word, rest, _ := strings.Cut(line, " ")
	switch {
	case line == "" || strings.HasPrefix(line, "#"):
	case word == "as":
		s.user = strings.TrimPrefix(rest, "anonymous")
	case word == "presigned":
		s.presign = true
	case word == "digest":
		s.digest = true
	case strings.HasPrefix(line, ">"):
		s.collect(word, rest, line)
	case strings.HasPrefix(line, "<"):
		s.send()
		if s.got != nil {
			s.expect(word, rest)
		}
	default:
		s.errorf("cannot read %q", line)
	}
}

// collect adds a line to the request.
func (s *script) collect(word, rest, line string) {
	switch {
	case strings.HasPrefix(line, `>"`):
		text, err := strconv.Unquote(line[1:])
		if err != nil {
			s.errorf("%v", err)
		}
		s.body.WriteString(text)
	case word == ">>":
		s.body.WriteString(rest)
	case word == ">@":
		n, err := strconv.Atoi(rest)
		if err != nil {
			s.errorf("%v", err)
		}
		s.body.WriteString(pattern(n))
	case s.method == "":
		s.method, s.target, _ = strings.Cut(rest, " ")
		s.header, s.got = http.Header{}, nil
	default:
		name, value, _ := strings.Cut(rest, ": ")
		s.header.Add(name, value)
	}
}

// send sends the request that was collected, if there is one.
func (s *script) send() {
	if s.method == "" {
		return
	}
	got := s.exchange(s.request(s.body.String()))
	s.got = &got
	if got.header.Get("X-Amz-Request-Id") == "" || got.header.Get("X-Amz-Id-2") == "" || got.header.Get("Date") == "" {
		s.errorf("an answer without request ids: %v", got.header)
	}
	page := got.header.Get("X-Amz-Error-Code") != "" // of a website
	if got.status >= 400 && s.method != http.MethodHead && !page {
		s.checkErrorShape(got)
	}
	s.method, s.presign, s.digest = "", false, false
	s.body.Reset()
}

// request makes the collected request, which goes over the wire as it is written, and signs it.
func (s *script) request(body string) *http.Request {
	r, err := http.NewRequest(s.method, s.w.url+s.target, strings.NewReader(body))
	if err != nil {
		s.t.Fatalf("%s:%d: %v", s.file, s.line, err)
	}
	r.Header = s.header
	if s.digest {
		_, sum, _ := strings.Cut(contentMD5(body), ": ")
		r.Header.Set("Content-MD5", sum)
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
		r.Header.Del("Host")
	}
	hash := r.Header.Get("x-amz-content-sha256")
	if hash == "" {
		sum := sha256.Sum256([]byte(body))
		hash = hex.EncodeToString(sum[:])
	}
	switch {
	case s.user == anonymous:
	case s.presign:
		var link string
		if link, err = sigv4.Presign(r, s.w.keys[s.user], sigv4.DefaultRegion, time.Minute, time.Now()); err == nil {
			r.URL, err = r.URL.Parse(link)
		}
	default:
		err = sigv4.Sign(r, s.w.keys[s.user], sigv4.DefaultRegion, hash, time.Now())
	}
	if err != nil {
		s.t.Fatalf("%s:%d: sign: %v", s.file, s.line, err)
	}
	return r
}

func (s *script) exchange(r *http.Request) reply {
	answer, err := s.w.web.RoundTrip(r)
	if err != nil {
		s.t.Fatalf("%s:%d: %v", s.file, s.line, err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		s.errorf("read answer: %v", err)
	}
	return reply{status: answer.StatusCode, header: answer.Header, body: string(data)}
}

func (s *script) checkErrorShape(got reply) {
	for _, element := range []string{"Code", "Message", "Resource", "RequestId", "HostId"} {
		if got.element(element) == "" {
			s.errorf("an error without %s: %s", element, got.body)
		}
	}
}

func (s *script) expect(word, rest string) {
	got := s.got
	switch word {
	case "<":
		name, value, isHeader := strings.Cut(rest, ": ")
		if !isHeader {
			if strconv.Itoa(got.status) != rest {
				s.errorf("status %d, want %s\n%s", got.status, rest, got.body)
			}
			return
		}
		if text := strings.Join(got.header.Values(name), ", "); !like(value, text) {
			s.errorf("header %s is %q, want %q", name, text, value)
		}
	case "<!":
		if v, ok := got.header[http.CanonicalHeaderKey(rest)]; ok {
			s.errorf("header %s is %q, want none", rest, v)
		}
	case "<<":
		if !like("*"+rest+"*", got.body) {
			s.errorf("the body does not hold %q:\n%s", rest, got.body)
		}
	case "<=":
		if got.body != rest {
			s.errorf("the body is %q, want %q", got.body, rest)
		}
	case "<@":
		s.expectPattern(rest)
	case "<$":
		s.keep(rest)
	default:
		s.errorf("cannot read %q", word)
	}
}

func (s *script) expectPattern(rest string) {
	a, b, _ := strings.Cut(rest, " ")
	off, err1 := strconv.Atoi(a)
	n, err2 := strconv.Atoi(b)
	if err1 != nil || err2 != nil {
		s.errorf("cannot read %q", rest)
		return
	}
	if want := pattern(off + n)[off:]; s.got.body != want {
		s.errorf("the body has %d bytes that are not the %d from %d", len(s.got.body), n, off)
	}
}

func (s *script) keep(rest string) {
	name, from, _ := strings.Cut(rest, " ")
	value := s.got.element(from)
	if value == "" {
		value = s.got.header.Get(from)
	}
	if value == "" {
		s.errorf("nothing for %q in:\n%s", from, s.got.body)
	}
	s.vars[name] = value
}

// like reports whether text is pattern, in which * stands for anything.
func like(pattern, text string) bool {
	quoted := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `(?s:.*)`)
	return regexp.MustCompile(`^` + quoted + `$`).MatchString(text)
}
