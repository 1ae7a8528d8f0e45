package e2e

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// wipe deletes all buckets of the worker's server, as the next test makes some of the same names.
func (w *suiteWorker) wipe() error {
	ctx, cancel := context.WithTimeout(context.Background(), requestWithin)
	defer cancel()
	c := w.s.sdk()
	listed, err := c.ListBuckets(ctx, &s3.ListBucketsInput{})
	if err != nil {
		return err
	}
	var errs []error
	for _, b := range listed.Buckets {
		if err := wipeBucket(ctx, c, b.Name); err != nil {
			errs = append(errs, fmt.Errorf("bucket %s: %w", *b.Name, err))
		}
	}
	return errors.Join(errs...)
}

func wipeBucket(ctx context.Context, c *s3.Client, bucket *string) error {
	_, _ = c.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: bucket}) // it may deny what follows
	pages := s3.NewListObjectVersionsPaginator(c, &s3.ListObjectVersionsInput{Bucket: bucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		if err := wipeVersions(ctx, c, bucket, page); err != nil {
			return err
		}
	}
	_, err := c.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket})
	return err
}

func wipeVersions(ctx context.Context, c *s3.Client, bucket *string, page *s3.ListObjectVersionsOutput) error {
	var ids []types.ObjectIdentifier
	for _, v := range page.Versions {
		ids = append(ids, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
	}
	for _, m := range page.DeleteMarkers {
		ids = append(ids, types.ObjectIdentifier{Key: m.Key, VersionId: m.VersionId})
	}
	for _, id := range ids {
		_, err := c.DeleteObject(ctx, &s3.DeleteObjectInput{
			Bucket: bucket, Key: id.Key, VersionId: id.VersionId, BypassGovernanceRetention: aws.Bool(true),
		})
		if err != nil {
			return err
		}
	}
	return nil
}
