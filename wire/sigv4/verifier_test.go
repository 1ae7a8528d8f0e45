package sigv4

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Every byte of a credential and every part of the request is covered: flip it and it is refused.
func TestMutationsAreRefused(t *testing.T) {
	base := func() *http.Request {
		return signed(t, "PUT", "http://host.test/bucket/key?partNumber=1&uploadId=abc", "", EmptySHA256,
			"Content-Type", "text/plain", "x-amz-meta-a", "value")
	}
	if _, err := check(New(Options{}), base(), exampleTime()); err != nil {
		t.Fatal(err)
	}
	refused := func(what string, r *http.Request) {
		t.Helper()
		if v, err := check(New(Options{}), r, exampleTime()); err == nil && v.Mechanism != Anonymous {
			t.Errorf("%s: accepted", what)
		}
	}
	auth := base().Header.Get("Authorization")
	for i := range len(auth) {
		r := base()
		mutated := []byte(auth)
		mutated[i] ^= 1
		r.Header.Set("Authorization", string(mutated))
		refused(fmt.Sprintf("authorization byte %d", i), r)
		r.Header.Set("Authorization", auth[:i])
		refused(fmt.Sprintf("authorization cut at %d", i), r)
	}
	for _, name := range []string{"Content-Type", "X-Amz-Meta-A", "X-Amz-Date", "X-Amz-Content-Sha256"} {
		value := base().Header.Get(name)
		for i := range len(value) {
			r := base()
			mutated := []byte(value)
			mutated[i] ^= 1
			r.Header.Set(name, string(mutated))
			refused(name, r)
		}
	}
	query := base().URL.RawQuery
	for i := range len(query) {
		r := base()
		r.URL.RawQuery = query[:i] + string(query[i]^1) + query[i+1:]
		refused("query "+r.URL.RawQuery, r)
	}
	for _, path := range []string{"/bucket/kez", "/bucket/key/", "/bucket//key", "/Bucket/key", "/"} {
		r := base()
		r.URL.Path = path
		refused(path, r)
	}
}

func TestAnonymous(t *testing.T) {
	v := New(Options{})
	req, err := v.Parse(received(t, newRequest(t, "GET", "http://h/b/k?torrent", "")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(req, exampleSecret, exampleTime()); ReasonOf(err) != SignatureMismatch {
		t.Fatalf("Verify of an anonymous request = %v", err)
	}
	got, err := v.Anonymous(req)
	if err != nil || got.Mechanism != Anonymous || got.Payload.Mode != Unsigned || got.AccessKeyID != "" {
		t.Fatalf("Anonymous = %+v, %v", got, err)
	}
	_, err = v.Parse(received(t, newRequest(t, "PUT", "http://h/b/k", "",
		"x-amz-content-sha256", StreamingSignedPayload, "x-amz-decoded-content-length", "1")))
	wantReason(t, err, AnonymousStreaming)
	req, err = v.Parse(received(t, newRequest(t, "PUT", "http://h/b/k", "",
		"x-amz-content-sha256", StreamingUnsignedTrailer, "x-amz-decoded-content-length", "1")))
	if err != nil {
		t.Fatal(err)
	}
	if got, err = v.Anonymous(req); err != nil {
		t.Fatal(err)
	}
	if content, _, err := decode(t, got, "1\r\na\r\n0\r\n\r\n"); err != nil || content != "a" {
		t.Fatalf("decoded %q, %v", content, err)
	}
}

// net/http takes these out of the header map; clients sign them nevertheless.
func TestHeadersThatTransportsTake(t *testing.T) {
	names := []string{"content-length", "expect", "host", "trailer", "transfer-encoding", "x-amz-content-sha256", "x-amz-date"}
	r := &http.Request{
		Method: "PUT", Host: "h", URL: &url.URL{Path: "/b/k"}, ContentLength: 7,
		TransferEncoding: []string{"chunked"}, Trailer: http.Header{"X-A": nil},
		Header: http.Header{"X-Amz-Date": {"20130524T000000Z"}, "X-Amz-Content-Sha256": {UnsignedPayload}},
	}
	canonical := "PUT\n/b/k\n\ncontent-length:7\nexpect:100-continue\nhost:h\ntrailer:X-A\ntransfer-encoding:chunked\n" +
		"x-amz-content-sha256:UNSIGNED-PAYLOAD\nx-amz-date:20130524T000000Z\n\n" + strings.Join(names, ";") + "\nUNSIGNED-PAYLOAD"
	scope := newScope(exampleTime(), DefaultRegion, ServiceS3)
	signature := deriveKey(exampleSecret, scope).sign(stringToSign(exampleTime(), scope, []byte(canonical)))
	r.Header.Set("Authorization", algorithm+" Credential="+exampleKey+"/"+scope.String()+
		",SignedHeaders="+strings.Join(names, ";")+",Signature="+signature)
	if _, err := check(New(Options{}), r, exampleTime()); err != nil {
		t.Fatalf("%v\n%+v", err, mismatchOf(err))
	}
}

func TestOtherServicesNeedTheBodyHash(t *testing.T) {
	v := New(Options{Services: []string{ServiceS3, "sts"}})
	const body = "Action=GetCallerIdentity&Version=2011-06-15"
	sum := sha256.Sum256([]byte(body))
	r := newRequest(t, "POST", "http://h/", body)
	r.Header.Set("X-Amz-Date", exampleTime().Format(timeFormat))
	scope := newScope(exampleTime(), DefaultRegion, "sts")
	canonical := canonicalRequest(nil, r, spellings(r, nil)[0], "", []string{"host", "x-amz-date"}, fmt.Sprintf("%x", sum))
	r.Header.Set("Authorization", algorithm+" Credential="+exampleKey+"/"+scope.String()+
		", SignedHeaders=host;x-amz-date, Signature="+deriveKey(exampleSecret, scope).sign(stringToSign(exampleTime(), scope, canonical)))
	req, err := v.Parse(received(t, r))
	if err != nil || !req.NeedBodySHA256() {
		t.Fatalf("Parse = %+v, %v, want one that needs the body", req, err)
	}
	_, err = v.Verify(req, exampleSecret, exampleTime())
	wantReason(t, err, MissingContentSHA256)
	req.SetBodySHA256(sum)
	if _, err := v.Verify(req, exampleSecret, exampleTime()); err != nil {
		t.Fatal(err)
	}
}

func TestMismatchTellsTheClientEnough(t *testing.T) {
	r := signed(t, "GET", "http://h/b/k?acl", "", EmptySHA256)
	req, err := New(Options{}).Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	_, err = New(Options{}).Verify(req, "wrong", exampleTime())
	wantReason(t, err, SignatureMismatch)
	m := mismatchOf(err)
	if m == nil || m.AWSAccessKeyID != exampleKey || m.SignatureProvided != req.signature ||
		!strings.HasPrefix(m.CanonicalRequest, "GET\n/b/k\nacl=\nhost:h\n") ||
		!strings.HasPrefix(m.StringToSign, "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n") {
		t.Fatalf("mismatch = %+v", m)
	}
}

func TestHashReader(t *testing.T) {
	sum := sha256.Sum256([]byte("content"))
	if got, err := io.ReadAll(NewHashReader(strings.NewReader("content"), sum)); err != nil || string(got) != "content" {
		t.Fatalf("read %q, %v", got, err)
	}
	for _, body := range []string{"", "contenT", "content "} {
		r := NewHashReader(strings.NewReader(body), sum)
		_, err := io.ReadAll(r)
		wantReason(t, err, ContentSHA256Mismatch)
		_, err = r.Read(make([]byte, 1))
		wantReason(t, err, ContentSHA256Mismatch)
	}
}

func TestKeyCache(t *testing.T) {
	c := newKeyCache(2)
	scope := newScope(exampleTime(), DefaultRegion, ServiceS3)
	for i := range 10 {
		id := fmt.Sprint("key", i%3)
		if got, want := c.get(id, id, scope), deriveKey(id, scope); got != want {
			t.Fatalf("key of %s is wrong", id)
		}
		if len(c.entries) > 2 || c.recent.Len() > 2 {
			t.Fatalf("the cache holds %d keys, want at most 2", len(c.entries))
		}
	}
	// A rotated secret replaces the key, whatever was remembered.
	if c.get("a", "old", scope) == c.get("a", "new", scope) {
		t.Fatal("the key of the old secret is still good")
	}
	if c.get("a", "old", scope) != deriveKey("old", scope) {
		t.Fatal("wrong key")
	}
}

func TestSecretsStayOutOfText(t *testing.T) {
	c := exampleCredentials()
	c.SessionToken = "session-token"
	var log bytes.Buffer
	l := slog.New(slog.NewJSONHandler(&log, nil))
	v, err := check(New(Options{}), signed(t, "GET", "http://h/", "", EmptySHA256), exampleTime())
	if err != nil {
		t.Fatal(err)
	}
	key := deriveKey(exampleSecret, newScope(exampleTime(), DefaultRegion, ServiceS3))
	l.Info("test", "credentials", c, "key", key, "verified", v)
	text := log.String() + fmt.Sprintf("%v %+v %#v %s %v %+v %#v", c, c, c, c, v, v, v)
	for _, secret := range []string{exampleSecret, c.SessionToken, fmt.Sprint(key[:]), fmt.Sprintf("%x", key[:])} {
		if strings.Contains(text, secret) {
			t.Fatalf("%q is in %s", secret, text)
		}
	}
	r := newRequest(t, "GET", "http://h/b", "")
	if err := Sign(r, c, DefaultRegion, EmptySHA256, exampleTime()); err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Range", "bytes=0-1")
	req, err := New(Options{}).Parse(received(t, r))
	if err != nil {
		t.Fatal(err)
	}
	_, err = New(Options{}).Verify(req, "other", exampleTime())
	if err == nil || strings.Contains(err.Error(), c.SessionToken) {
		t.Fatalf("error text %v", err)
	}
}

func TestReasonsHaveTexts(t *testing.T) {
	seen := make(map[string]bool)
	for _, r := range Reasons() {
		if s := r.String(); s == "" || seen[s] || strings.HasPrefix(s, "reason ") {
			t.Errorf("reason %d has the text %q", r, s)
		}
		seen[r.String()] = true
	}
	if got := ReasonOf(errors.New("other")); got != 0 {
		t.Errorf("ReasonOf a foreign error = %v", got)
	}
}

func TestContentEncoding(t *testing.T) {
	tests := []struct{ header, want string }{
		{"", ""},
		{"aws-chunked", ""},
		{"aws-chunked,gzip", "gzip"},
		{"gzip, AWS-Chunked", "gzip"},
		{"gzip, br", "gzip,br"},
	}
	for _, tt := range tests {
		if got := ContentEncoding(tt.header); got != tt.want {
			t.Errorf("ContentEncoding(%q) = %q, want %q", tt.header, got, tt.want)
		}
	}
}

func TestQueryBounds(t *testing.T) {
	for _, raw := range []string{"a=%zz", "%", strings.Repeat("&", maxQueryParams), strings.Repeat("a", maxQueryBytes+1)} {
		r := &http.Request{Method: "GET", Host: "h", URL: &url.URL{Path: "/", RawQuery: raw}}
		_, err := New(Options{}).Parse(r)
		wantReason(t, err, MalformedURI)
	}
}

func TestPresignRefusesBadLifetimes(t *testing.T) {
	for _, d := range []time.Duration{0, -1, time.Second - 1, MaxPresign + 1} {
		if _, err := Presign(newRequest(t, "GET", "http://h/", ""), exampleCredentials(), DefaultRegion, d, exampleTime()); err == nil {
			t.Errorf("Presign for %v: no error", d)
		}
	}
}

// TestFurtherRegions: IAM is signed for us-east-1 everywhere, and for no region that is not named.
func TestFurtherRegions(t *testing.T) {
	v := New(Options{Region: "eu-central-1", Regions: []string{"us-east-1"}})
	for region, want := range map[string]Reason{"eu-central-1": 0, "us-east-1": 0, "eu-west-1": AuthHeaderMalformed} {
		r := newRequest(t, "GET", "http://iam.example.test/", "")
		if err := Sign(r, exampleCredentials(), region, EmptySHA256, exampleTime()); err != nil {
			t.Fatal(err)
		}
		if _, err := v.Parse(received(t, r)); ReasonOf(err) != want {
			t.Errorf("%s: got %v, want reason %v", region, err, want)
		}
	}
}
