package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const expiresWithin = time.Minute // three days of a second, and a pass, on a busy machine

// TestLifecycle: an object below the prefix of a rule goes when its day is over, by the worker of the real server and
// with a rule as the AWS SDK writes it.
func TestLifecycle(t *testing.T) {
	s := start(t, options{flags: []string{"--lifecycle-day", "1s"}})
	c, bucket := s.sdk(), aws.String("nightly")
	if _, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: bucket}); err != nil {
		t.Fatal(err)
	}
	put := func(key string) *s3.PutObjectOutput {
		t.Helper()
		out, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: &key, Body: strings.NewReader("x")})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	put("kept")
	put("logs/a")
	_, err := c.PutBucketLifecycleConfiguration(t.Context(), &s3.PutBucketLifecycleConfigurationInput{
		Bucket: bucket,
		LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{{
			ID: aws.String("logs"), Status: types.ExpirationStatusEnabled,
			Filter:     &types.LifecycleRuleFilter{Prefix: aws.String("logs/")},
			Expiration: &types.LifecycleExpiration{Days: aws.Int32(1)},
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if out := put("logs/b"); !strings.Contains(aws.ToString(out.Expiration), `rule-id="logs"`) {
		t.Errorf("x-amz-expiration is %q", aws.ToString(out.Expiration))
	}
	for _, key := range []string{"logs/a", "logs/b"} {
		eventually(t, expiresWithin, key+" goes", func() bool {
			_, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket, Key: &key})
			return statusOf(err) == http.StatusNotFound
		})
	}
	if _, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("kept")}); err != nil {
		t.Errorf("an object that no rule is about: %v", err)
	}
}
