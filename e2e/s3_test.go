package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

const requestWithin = time.Minute

// sdk returns an AWS SDK client with the root key that tries everything once.
func (s *server) sdk() *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(s.url("")), UsePathStyle: true, Region: region,
		Credentials:      credentials.NewStaticCredentialsProvider(rootKey, rootSecret, ""),
		RetryMaxAttempts: 1,
		HTTPClient:       &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: requestWithin},
	})
}

// makeBucket makes a bucket whose objects anyone may read when public is set.
func (s *server) makeBucket(name string, public bool) {
	s.t.Helper()
	ctx, c := s.t.Context(), s.sdk()
	if _, err := c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name}); err != nil {
		s.t.Fatal(err)
	}
	if !public {
		return
	}
	if _, err := c.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &name, Policy: aws.String(readPolicy(name))}); err != nil {
		s.t.Fatal(err)
	}
}

// readPolicy lets anyone read the objects of a bucket.
func readPolicy(bucket string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::` + bucket + `/*"}]}`
}

func (s *server) put(bucket, key string, body []byte) {
	s.t.Helper()
	_, err := s.sdk().PutObject(s.t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(body)})
	if err != nil {
		s.t.Fatal(err)
	}
}

// objectURL escapes everything in the key that a URL path may not hold as it is.
func (s *server) objectURL(host, bucket, key string) string {
	return s.url(host) + "/" + bucket + "/" + escapeKey(key)
}

// answer is an HTTP answer, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// anonymous sends a request without a signature.
func anonymous(t testing.TB, method, url string) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), requestWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return exchange(t, req)
}

// exchange sends a request and reads the answer.
func exchange(t testing.TB, req *http.Request) answer {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	return answer{resp.StatusCode, resp.Header, body}
}

// torrentOf fetches the .torrent of a public object as anyone does.
func (s *server) torrentOf(host, bucket, key string) answer {
	s.t.Helper()
	return s.torrentAt(host, bucket, key, plainTorrent)
}

// torrentAt fetches the .torrent that a query names.
func (s *server) torrentAt(host, bucket, key, query string) answer {
	s.t.Helper()
	a := anonymous(s.t, http.MethodGet, s.objectURL(host, bucket, key)+query)
	if a.status != http.StatusOK {
		s.t.Fatalf("GET %s/%s%s: status %d\n%s", bucket, key, query, a.status, a.body)
	}
	return a
}

// errorCode returns the S3 code of an error, "" for nil and for one that is no answer of the server.
func errorCode(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// statusOf returns the HTTP status behind an error of the SDK, 0 when there was no answer.
func statusOf(err error) int {
	var r interface{ HTTPStatusCode() int }
	if errors.As(err, &r) {
		return r.HTTPStatusCode()
	}
	return 0
}

// keys lists the keys of a bucket, page by page.
func keys(ctx context.Context, c *s3.Client, bucket string) (map[string]int64, error) {
	found := map[string]int64{}
	p := s3.NewListObjectsV2Paginator(c, &s3.ListObjectsV2Input{Bucket: &bucket, MaxKeys: aws.Int32(37)})
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, o := range page.Contents {
			if _, twice := found[*o.Key]; twice {
				return nil, fmt.Errorf("%q is listed twice", *o.Key)
			}
			found[*o.Key] = *o.Size
		}
	}
	return found, nil
}

// escapeKey escapes a key for a URL path or a copy source, all but its slashes.
func escapeKey(key string) string { return strings.ReplaceAll(url.PathEscape(key), "%2F", "/") }
