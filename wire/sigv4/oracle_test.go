package sigv4

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsv4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/minio/minio-go/v7/pkg/signer"
)

// Requests signed by two independent clients must verify, whatever is in them.

const oracleRounds = 300

type randomRequest struct {
	method, path, query string
	headers             []string
	strictPath          bool
}

func pick[T any](rng *rand.Rand, from ...T) T { return from[rng.IntN(len(from))] }

func randomRequests(rng *rand.Rand) randomRequest {
	q := randomRequest{method: pick(rng, "GET", "PUT", "DELETE", "HEAD", "POST"), strictPath: rng.IntN(2) == 0}
	q.path = "/bucket"
	for range rng.IntN(5) {
		q.path += pick(rng, "/", "//", "a b", "+", "%", "%2F", "ü", "日本", "~", "(x)", "'", "..", "/./", "&=", ":@", "!*", ";", "\\", "\x01")
	}
	var pairs []string
	for _, name := range []string{"list-type", "prefix", "torrent", "x y", "empty", "ü"} {
		if rng.IntN(3) > 0 {
			continue
		}
		switch name {
		case "torrent", "empty":
			pairs = append(pairs, name+pick(rng, "", "="))
		case "list-type":
			pairs = append(pairs, "list-type=1", "list-type=2")
		default:
			value := pick(rng, "", "a b", "a+b", "日本/", "%25", "a=b&c", "~;")
			pairs = append(pairs, url.QueryEscape(name)+"="+url.QueryEscape(value))
		}
	}
	rng.Shuffle(len(pairs), func(i, j int) {
		if !strings.HasPrefix(pairs[i], "list-type") && !strings.HasPrefix(pairs[j], "list-type") {
			pairs[i], pairs[j] = pairs[j], pairs[i]
		}
	})
	q.query = strings.Join(pairs, "&")
	if rng.IntN(2) == 0 {
		q.headers = append(q.headers, "X-Amz-Meta-Note", pick(rng, "plain", "  two   spaces  inside ", "ü", ""))
	}
	if rng.IntN(2) == 0 {
		q.headers = append(q.headers, "Content-Type", "text/plain; charset=utf-8")
	}
	return q
}

func (q randomRequest) build(t *testing.T, host string) *http.Request {
	t.Helper()
	r := newRequest(t, q.method, "http://"+host, "", q.headers...)
	r.URL.Path, r.URL.RawQuery = q.path, q.query
	if q.strictPath {
		r.URL.RawPath = string(appendEncoded(nil, q.path, true))
	}
	return r
}

func TestOracleAWS(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	s := awsv4.NewSigner(func(o *awsv4.SignerOptions) { o.DisableURIPathEscaping = true })
	v := New(Options{Region: "eu-central-1"})
	now := time.Now()
	for i := range oracleRounds {
		q := randomRequests(rng)
		r := q.build(t, pick(rng, "localhost:9000", "s3.example.test", "bucket.example.test:80", "h:443"))
		creds := aws.Credentials{AccessKeyID: exampleKey, SecretAccessKey: exampleSecret}
		if i%3 == 0 {
			creds.SessionToken = "token/+="
		}
		if i%2 == 0 {
			u, _, err := s.PresignHTTP(context.Background(), creds, withExpiry(r), UnsignedPayload, "s3", "eu-central-1", now)
			if err != nil {
				t.Fatal(err)
			}
			r = q.build(t, r.Host)
			if r.URL, err = url.Parse(u); err != nil {
				t.Fatal(err)
			}
			// What the signer moved into the query must not be sent as a header too.
			r.Header.Del("X-Amz-Meta-Note")
			if strings.Contains(u, "x-amz-meta-note") {
				r.Header.Set("X-Amz-Meta-Note", q.headers[1])
			}
		} else {
			r.Header.Set("X-Amz-Content-Sha256", EmptySHA256)
			if err := s.SignHTTP(context.Background(), creds, r, EmptySHA256, "s3", "eu-central-1", now); err != nil {
				t.Fatal(err)
			}
		}
		verifyOracle(t, v, r, now, creds.SessionToken)
	}
}

func withExpiry(r *http.Request) *http.Request {
	query := r.URL.Query()
	query.Set("X-Amz-Expires", "600")
	r.URL.RawQuery = query.Encode()
	return r
}

func TestOracleMinIO(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	v := New(Options{})
	for i := range oracleRounds {
		q := randomRequests(rng)
		q.strictPath = true // as minio-go builds its URLs
		r := q.build(t, pick(rng, "localhost:9000", "s3.example.test"))
		token := ""
		if i%3 == 0 {
			token = "token/+="
		}
		if i%2 == 0 {
			r = signer.PreSignV4(*r, exampleKey, exampleSecret, token, DefaultRegion, 600)
		} else {
			r.Header.Set("X-Amz-Content-Sha256", EmptySHA256)
			r = signer.SignV4(*r, exampleKey, exampleSecret, token, DefaultRegion)
		}
		verifyOracle(t, v, r, time.Now(), token)
	}
}

func verifyOracle(t *testing.T, v *Verifier, r *http.Request, now time.Time, token string) {
	t.Helper()
	got := received(t, r)
	req, err := v.Parse(got)
	if err != nil {
		t.Fatalf("parse %s %s: %v", got.Method, got.RequestURI, err)
	}
	if req.SecurityToken != token {
		t.Fatalf("token = %q, want %q", req.SecurityToken, token)
	}
	if _, err = v.Verify(req, exampleSecret, now); err != nil {
		t.Fatalf("verify %s %s: %v\n%+v", got.Method, got.RequestURI, err, mismatchOf(err))
	}
	_, err = v.Verify(req, exampleSecret+"x", now)
	wantReason(t, err, SignatureMismatch)
	got.Method = "PATCH"
	_, err = v.Verify(req, exampleSecret, now)
	wantReason(t, err, SignatureMismatch)
}

func mismatchOf(err error) *Mismatch {
	if e, ok := err.(*Error); ok {
		return e.Mismatch
	}
	return nil
}

// sha256Closer is the hasher that minio-go's streaming signer asks for.
type sha256Closer struct{ hash.Hash }

func (sha256Closer) Close() {}

func TestOracleMinIOStreaming(t *testing.T) {
	for _, size := range []int{1, 100, 65536, 65537, 200000} {
		for _, trailer := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d bytes, trailer %v", size, trailer), func(t *testing.T) {
				content := strings.Repeat("shoal", size/5+1)[:size]
				r := newRequest(t, "PUT", "http://localhost:9000/b/k", content)
				if trailer {
					r.Trailer = http.Header{"X-Amz-Checksum-Crc32c": {"sOO8/Q=="}}
				}
				r = signer.StreamingSignV4(r, exampleKey, exampleSecret, "", DefaultRegion, int64(size),
					time.Now().UTC(), sha256Closer{sha256.New()})
				readOracle(t, r, content, trailer)
			})
		}
	}
}

func TestOracleMinIOUnsignedTrailer(t *testing.T) {
	for _, size := range []int{1, 65536, 200000} {
		content := strings.Repeat("shoal", size/5+1)[:size]
		r := newRequest(t, "PUT", "http://localhost:9000/b/k", content)
		r.Trailer = http.Header{"X-Amz-Checksum-Crc32c": {"sOO8/Q=="}}
		r = signer.StreamingUnsignedV4(r, "", int64(size), time.Now().UTC())
		body := r.Body
		r.Header.Set("X-Amz-Content-Sha256", StreamingUnsignedTrailer)
		r.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32c")
		r.Header.Set("X-Amz-Decoded-Content-Length", fmt.Sprint(size))
		r = signer.SignV4(*r, exampleKey, exampleSecret, "", DefaultRegion)
		r.Body = body
		readOracle(t, r, content, true)
	}
}

func readOracle(t *testing.T, r *http.Request, content string, trailer bool) {
	t.Helper()
	got := received(t, r)
	v, err := check(New(Options{EnforceMinSize: true}), got, time.Now())
	if err != nil {
		t.Fatalf("%v\n%+v", err, mismatchOf(err))
	}
	c, err := v.ChunkedReader(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(c)
	if err != nil || string(data) != content {
		t.Fatalf("decoded %d bytes, %v, want %d", len(data), err, len(content))
	}
	if value, ok := c.Trailers()["x-amz-checksum-crc32c"]; ok != trailer || trailer && value != "sOO8/Q==" {
		t.Fatalf("trailers = %v", c.Trailers())
	}
}

func TestQueryIsIndependentOfOrder(t *testing.T) {
	v := New(Options{})
	for _, raw := range []string{"versionId=b&versionId=a", "versionId=a&versionId=b"} {
		req, err := v.Parse(received(t, newRequest(t, "GET", "http://h/b/k?"+raw, "")))
		if err != nil {
			t.Fatal(err)
		}
		if got := req.Query["versionId"]; !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("%s: Query = %v, want the values sorted", raw, got)
		}
	}
}
