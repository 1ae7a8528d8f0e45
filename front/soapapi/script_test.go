package soapapi

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"shoal/core/access"
	"shoal/core/encryption"
	"shoal/core/object"
	"shoal/wire/soap"
)

// TestScripts plays every script of testdata against a server of its own. A script is lines:
//
//	# a comment                     as other              who signs from here on; "as" alone does not
//	> CreateBucket                  a request             >> <Bucket>b</Bucket>   its children
//	>: Name: value                  a header of it        >@ dime text            an attachment: dime, swa or mtom
//	< ok                            it succeeds           < Client.NoSuchKey      it is this fault
//	<< text                         the answer holds text, in which * stands for anything
//	<! text                         the answer does not hold text
//	<: Name: value                  a header of the answer, in which * stands for anything
//	set bucket what                 what no request of the API sets: see settings
//
// ${other} and so on are the canonical ids of the users.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			s := &script{t: t, file: f, user: owner}
			s.w = newTestServer(t, Options{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError}))})
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

	operation string // of the request being collected, "" when none is
	children  string
	headers   []string
	packaging string // of its attachment, "" for none
	attached  string
	got       *reply
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
	for lines.Scan() {
		s.line++
		s.step(s.expand(lines.Text()))
	}
	if s.operation != "" {
		s.errorf("the last request expects nothing")
	}
}

var variable = regexp.MustCompile(`\$\{(\w+)\}`)

func (s *script) expand(line string) string {
	return variable.ReplaceAllStringFunc(line, func(v string) string {
		u, ok := s.w.users[variable.FindStringSubmatch(v)[1]]
		if !ok {
			s.errorf("no user %q", v)
		}
		return string(u.CanonicalID)
	})
}

func (s *script) step(line string) {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "", "#":
	case "as":
		s.user = rest
	case "set":
		s.set(rest)
	case ">":
		s.operation, s.children, s.headers, s.packaging, s.got = rest, "", nil, "", nil
	case ">>":
		s.children += rest
	case ">:":
		s.headers = append(s.headers, rest)
	case ">@":
		s.packaging, s.attached, _ = strings.Cut(rest, " ")
	default:
		s.send()
		s.expect(word, rest)
	}
}

// send sends the request that was collected, if there is one.
func (s *script) send() {
	if s.operation == "" {
		return
	}
	contentType, body := soap.MediaType, s.w.message(s.user, s.operation, s.children)
	if s.packaging != "" {
		contentType, body = pack(s.t, s.packaging, body, s.attached)
	}
	got := s.w.post(contentType, body, s.headers...)
	s.got, s.operation = &got, ""
	if got.header.Get("X-Amz-Request-Id") == "" || got.header.Get("X-Amz-Id-2") == "" {
		s.errorf("an answer without request ids: %v", got.header)
	}
	if length := got.header.Get("Content-Length"); length != strconv.Itoa(len(got.body)) {
		s.errorf("Content-Length %s of an answer of %d bytes", length, len(got.body))
	}
}

// pack returns the media type and the bytes of a message with an attachment.
func pack(t testing.TB, packaging, message, attached string) (contentType, body string) {
	t.Helper()
	p, ok := map[string]soap.Packaging{"dime": soap.DIME, "swa": soap.SwA, "mtom": soap.MTOM}[packaging]
	if !ok {
		t.Fatalf("no packaging %q", packaging)
	}
	f := soap.NewFrame(p, []byte(message), soap.Attachment{ID: "content", Type: "text/plain", Size: int64(len(attached))}, "edge")
	var b bytes.Buffer
	if err := f.WriteTo(&b, strings.NewReader(attached)); err != nil {
		t.Fatal(err)
	}
	return f.ContentType, b.String()
}

func (s *script) expect(word, rest string) {
	got := s.got
	switch {
	case got == nil:
		s.errorf("cannot read %q", word)
	case word == "<" && rest == "ok":
		if got.status != http.StatusOK {
			s.errorf("status %d\n%s", got.status, got.body)
		}
	case word == "<":
		if got.status != http.StatusInternalServerError || got.fault() != rest {
			s.errorf("status %d, fault %q, want %q\n%s", got.status, got.fault(), rest, got.body)
		}
	case word == "<<":
		if !like("*"+rest+"*", got.body) {
			s.errorf("the answer does not hold %q:\n%s", rest, got.body)
		}
	case word == "<!":
		if strings.Contains(got.body, rest) {
			s.errorf("the answer holds %q:\n%s", rest, got.body)
		}
	case word == "<:":
		name, value, _ := strings.Cut(rest, ": ")
		if text := got.header.Get(name); !like(value, text) {
			s.errorf("header %s is %q, want %q", name, text, value)
		}
	default:
		s.errorf("cannot read %q", word)
	}
}

// like reports whether text is pattern, in which * stands for anything.
func like(pattern, text string) bool {
	quoted := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `(?s:.*)`)
	return regexp.MustCompile(`^` + quoted + `$`).MatchString(text)
}

// set changes a bucket as REST can.
func (s *script) set(line string) {
	bucket, what, _ := strings.Cut(line, " ")
	name, rest, _ := strings.Cut(what, " ")
	if name == "customer-key" {
		s.putCustomer(bucket, rest)
		return
	}
	change, ok := settings[name]
	if !ok {
		s.errorf("no setting %q", name)
		return
	}
	err := s.w.objects.UpdateBucket(context.Background(), bucket, func(cfg *object.BucketConfig) error {
		change(cfg, rest)
		return nil
	})
	if err != nil {
		s.errorf("%v", err)
	}
}

// settings are what "set" can change.
var settings = map[string]func(cfg *object.BucketConfig, rest string){
	"versioning":     func(cfg *object.BucketConfig, _ string) { cfg.Versioning = object.VersioningEnabled },
	"requester-pays": func(cfg *object.BucketConfig, _ string) { cfg.RequesterPays = true },
	"enforced":       func(cfg *object.BucketConfig, _ string) { cfg.Ownership = access.BucketOwnerEnforced },
	"policy":         func(cfg *object.BucketConfig, rest string) { cfg.PolicyJSON = []byte(rest) },
	"block": func(cfg *object.BucketConfig, _ string) {
		cfg.PublicAccessBlock = &access.PublicAccessBlock{BlockPublicAcls: true}
	},
	"sse-s3": func(cfg *object.BucketConfig, _ string) {
		cfg.Encryption = &object.BucketEncryption{Mode: encryption.S3}
	},
	"sse-kms": func(cfg *object.BucketConfig, _ string) {
		cfg.Encryption = &object.BucketEncryption{Mode: encryption.KMS}
	},
	"locked": func(cfg *object.BucketConfig, _ string) {
		cfg.Versioning = object.VersioningEnabled
		cfg.ObjectLock = object.ObjectLock{Enabled: true, Default: object.DefaultRetention{Mode: object.Governance, Days: 1}}
	},
}

// putCustomer stores an object under a customer's key.
func (s *script) putCustomer(bucket, key string) {
	b, err := s.w.objects.Bucket(context.Background(), bucket)
	if err != nil {
		s.errorf("%v", err)
		return
	}
	_, err = s.w.objects.Put(context.Background(), object.PutRequest{
		Bucket: b, Key: key, Body: io.LimitReader(zeros{}, 10), Size: 10, Owner: b.AsOwner(), ACL: access.PrivateACL(b.AsOwner()),
		Encryption: encryption.Choice{Mode: encryption.Customer, Customer: &encryption.Key{1}},
	})
	if err != nil {
		s.errorf("%v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
