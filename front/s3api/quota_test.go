package s3api

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"shoal/core/meter"
	"shoal/core/object"
	"shoal/core/quota"
)

// counts is a quota.Source: the store counts what buckets hold, nobody has sent anything before.
type counts struct {
	objects  *object.Store
	accounts map[string]quota.Limits
}

func (c counts) AccountLimits(context.Context) (map[string]quota.Limits, error) {
	return c.accounts, nil
}

func (c counts) Held(ctx context.Context, b quota.Bucket) (h quota.Held, err error) {
	if b.ID != (quota.BucketID{}) {
		h.Bytes, h.Objects, err = c.objects.Usage(ctx, object.BucketID(b.ID))
		return h, err
	}
	h.Bytes, h.Objects, err = c.objects.OwnerUsage(ctx, b.Account)
	return h, err
}

// Report implements meter.Reporter: nobody has sent anything before.
func (counts) Report(context.Context, meter.Query) ([]meter.Row, error) { return nil, nil }

// newQuotaServer returns a server with a bucket pond of these limits.
func newQuotaServer(t *testing.T, pond, account quota.Limits) *testServer {
	t.Helper()
	s := newTestServer(t, Options{})
	source := counts{s.objects, map[string]quota.Limits{string(s.users[owner].CanonicalID): account}}
	months := meter.NewMonths(source, s.usage, time.Now)
	keeper, err := quota.New(t.Context(), source, months, quota.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.handler.o.Quota, s.handler.meter = keeper, months
	s.must(t, owner, "PUT", "/pond", "")
	if err := s.objects.UpdateBucket(t.Context(), "pond", func(c *object.BucketConfig) error { c.Quota = pond; return nil }); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestQuotaOfBytes: every way to store is bounded, before the body is read; what was refused left nothing.
func TestQuotaOfBytes(t *testing.T) {
	s := newQuotaServer(t, quota.Limits{Bytes: 100}, quota.Limits{})
	full := func(method, target, body string, headers ...string) {
		t.Helper()
		s.refused(t, owner, method, target, body, 403, codeQuotaExceeded, headers...)
	}
	full("PUT", "/pond/k", strings.Repeat("x", 100)) // and a byte for the key
	if e := s.usage.events[len(s.usage.events)-1]; e.BytesIn != 0 {
		t.Errorf("%d bytes of the body were read", e.BytesIn)
	}
	s.must(t, owner, "PUT", "/pond/k", strings.Repeat("x", 59))
	full("PUT", "/pond/l", strings.Repeat("x", 40))
	full("PUT", "/pond/l", strings.Repeat("x", 30), "x-amz-meta-note: 0123456789")
	full("PUT", "/pond/copy", "", "x-amz-copy-source: pond/k")
	upload := s.begin(t, "/pond/upload")
	full("PUT", "/pond/upload?partNumber=1&uploadId="+upload, strings.Repeat("x", 41))
	full("PUT", "/pond/upload?partNumber=1&uploadId="+upload, "", "x-amz-copy-source: pond/k")
	part := s.must(t, owner, "PUT", "/pond/upload?partNumber=1&uploadId="+upload, strings.Repeat("x", 38))
	complete := "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>" + part.header.Get("Etag") + "</ETag></Part></CompleteMultipartUpload>"
	full("POST", "/pond/upload?uploadId="+upload, complete)
	fields := s.signedForm(t, func(p *minio.PostPolicy) { _ = p.SetKey("form") })
	if got := s.post(t, fields, "f", "data"); got.status != 403 || !strings.Contains(got.body, "<Code>QuotaExceeded</Code>") {
		t.Errorf("form: status %d, %s", got.status, got.body)
	}
	if err := s.objects.UpdateBucket(t.Context(), "pond", func(c *object.BucketConfig) error { c.Quota.Bytes = 104; return nil }); err != nil {
		t.Fatal(err)
	}
	s.must(t, owner, "POST", "/pond/upload?uploadId="+upload, complete) // its key has room
	b, err := s.objects.Bucket(t.Context(), "pond")
	if err != nil {
		t.Fatal(err)
	}
	if bytes, objects, err := s.objects.Usage(t.Context(), b.ID); err != nil || bytes != 104 || objects != 2 {
		t.Errorf("the bucket holds %d bytes in %d objects, %v, want 104 in 2", bytes, objects, err)
	}
}

// TestQuotaOfObjects: of racing writers, exactly as many win as there is room for, in all buckets of an account.
func TestQuotaOfObjects(t *testing.T) {
	s := newQuotaServer(t, quota.Limits{Objects: 5}, quota.Limits{Objects: 8})
	s.must(t, owner, "PUT", "/lake", "")
	race := func(bucket string, want int32) {
		t.Helper()
		var writers sync.WaitGroup
		var won atomic.Int32
		for i := range 12 {
			writers.Go(func() {
				switch r := s.do(t, owner, "PUT", fmt.Sprintf("/%s/%d", bucket, i), "x"); r.status {
				case 200:
					won.Add(1)
				case 403:
				default:
					t.Errorf("status %d", r.status)
				}
			})
		}
		writers.Wait()
		if won.Load() != want {
			t.Errorf("%d objects fitted into %s, want %d", won.Load(), bucket, want)
		}
	}
	race("pond", 5)
	race("lake", 3)
	s.must(t, other, "PUT", "/sea", "")
	s.must(t, other, "PUT", "/sea/k", "x") // another account
}

// TestQuotaOfEgress: once it is used up, GETs are refused, others are not.
func TestQuotaOfEgress(t *testing.T) {
	s := newQuotaServer(t, quota.Limits{Egress: 1000}, quota.Limits{})
	s.must(t, owner, "PUT", "/pond/k", strings.Repeat("x", 600), "x-amz-acl: public-read")
	for range 2 { // the second goes over, and is not cut off
		if r := s.must(t, anonymous, "GET", "/pond/k", ""); len(r.body) != 600 {
			t.Errorf("got %d bytes, want 600", len(r.body))
		}
	}
	s.refused(t, anonymous, "GET", "/pond/k", "", 403, codeQuotaExceeded)
	s.refused(t, owner, "GET", "/pond/k", "", 403, codeQuotaExceeded, "Range: bytes=0-1")
	s.must(t, owner, "HEAD", "/pond/k", "")
	s.must(t, owner, "PUT", "/pond/l", "x")
	s.must(t, anonymous, "GET", "/pond/k?torrent", "") // for the peers to help each other
}
