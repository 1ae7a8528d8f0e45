package s3api

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// TestCVE_2024_36107_ConditionsTellNothing (S15; MinIO): a condition on what one may not read is answered like every other
// request for it, whether it would hold or not.
func TestCVE_2024_36107_ConditionsTellNothing(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	etag := s.must(t, owner, "PUT", "/pond/frog", croak).header.Get("ETag")
	want := s.refused(t, other, "GET", "/pond/frog", "", 403, codeAccessDenied)
	for _, header := range []string{
		"If-Match: " + etag, "If-Match: \"0\"", "If-None-Match: " + etag, "If-None-Match: *", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT",
		"If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT", "Range: bytes=999999-", "Range: bytes=0-0",
	} {
		for _, key := range []string{"frog", "absent"} {
			for _, method := range []string{"GET", "HEAD", "PUT", "DELETE"} {
				got := s.do(t, other, method, "/pond/"+key, "", header)
				if got.status != http.StatusForbidden || got.header.Get("ETag") != "" || len(got.header) > len(want.header) {
					t.Errorf("%s %s, %s: status %d, %v", method, key, header, got.status, got.header)
				}
			}
		}
	}
	if got := s.do(t, owner, "GET", "/pond/frog", "", "If-None-Match: "+etag); got.status != http.StatusNotModified {
		t.Errorf("who may read: status %d, want 304", got.status)
	}
}

// TestGHSA_x298_ListsObeyThePublicAccessBlock (S7; RustFS): a bucket that is public by ACL or policy lists nothing to
// strangers once its block says so.
func TestGHSA_x298_ListsObeyThePublicAccessBlock(t *testing.T) {
	const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":["s3:ListBucket","s3:ListBucketVersions"],"Resource":"arn:aws:s3:::pond"}]}`
	tests := []struct{ acl, policy, block string }{
		{"public-read", "", "IgnorePublicAcls"},
		{"private", policy, "RestrictPublicBuckets"},
	}
	for _, tt := range tests {
		s := newTestServer(t, Options{})
		s.must(t, owner, "PUT", "/pond", "", "x-amz-acl: "+tt.acl)
		if tt.policy != "" {
			s.must(t, owner, "PUT", "/pond?policy", tt.policy)
		}
		targets := []string{"/pond", "/pond?list-type=2", "/pond?versions", "/pond?rss"}
		for _, target := range targets {
			s.must(t, anonymous, "GET", target, "")
		}
		s.must(t, owner, "PUT", "/pond?publicAccessBlock", "<PublicAccessBlockConfiguration><"+tt.block+">true</"+tt.block+"></PublicAccessBlockConfiguration>")
		for _, target := range targets {
			s.refused(t, anonymous, "GET", target, "", 403, codeAccessDenied)
		}
	}
}

// TestCVE_2026_22782_LogsTellNoSecrets (S10; RustFS, also CVE-2026-45040): nothing that signs stands in a log, and no
// request writes lines of its own into it.
func TestCVE_2026_22782_LogsTellNoSecrets(t *testing.T) {
	var log lockedBuffer
	s := newTestServer(t, Options{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	s.must(t, owner, "PUT", "/pond", "")
	s.keys[session] = s.session(t, owner, 0)
	for _, who := range []string{owner, reader, session} {
		s.do(t, who, "GET", "/pond/frog", "")
		s.do(t, who, "GET", "/pond/a%0Alevel=ERROR%20msg=forged", "", "User-Agent: a\" level=ERROR msg=forged", "Referer: x\ty")
	}
	s.do(t, anonymous, "GET", "/pond/x?a=%0d%0alevel=ERROR+msg=forged", "")
	text := log.String()
	if !strings.Contains(text, "pond") {
		t.Fatalf("nothing is logged at all:\n%s", text)
	}
	for who, k := range s.keys {
		for _, secret := range []string{k.SecretAccessKey, k.SessionToken} {
			if secret != "" && strings.Contains(text, secret) {
				t.Errorf("a secret of %s is in the log", who)
			}
		}
	}
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "time=") || strings.Contains(strings.SplitN(line, "msg=", 2)[0], "ERROR") {
			t.Errorf("a forged line: %s", line)
		}
	}
}

// lockedBuffer is a log of several goroutines.
type lockedBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
