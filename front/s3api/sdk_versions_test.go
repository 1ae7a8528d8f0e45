package s3api

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// setVersioning sets the versioning of a bucket by the AWS SDK.
func setVersioning(t *testing.T, c *s3.Client, bucket string, status types.BucketVersioningStatus) {
	t.Helper()
	done[*s3.PutBucketVersioningOutput](t, "put versioning")(c.PutBucketVersioning(context.Background(), &s3.PutBucketVersioningInput{
		Bucket: aws.String(bucket), VersioningConfiguration: &types.VersioningConfiguration{Status: status},
	}))
	got := done[*s3.GetBucketVersioningOutput](t, "versioning")(c.GetBucketVersioning(context.Background(), &s3.GetBucketVersioningInput{Bucket: aws.String(bucket)}))
	if got.Status != status || got.MFADelete != "" {
		t.Errorf("versioning %+v, want %s", got, status)
	}
}

// versionLine is one entry of a listing of versions as text.
func versionLine(key, id *string, latest *bool, marker bool) string {
	return fmt.Sprintf("%q %s latest %v marker %v", aws.ToString(key), aws.ToString(id), aws.ToBool(latest), marker)
}

// fillVersions makes a bucket in which each key has a null version, two others and, some, a delete marker. It
// returns what a listing shows, versions and markers apart as the SDK has them.
func fillVersions(t *testing.T, c *s3.Client, name string, keys []string) (versions, markers []string) {
	t.Helper()
	ctx, bucket := context.Background(), aws.String(name)
	done[*s3.CreateBucketOutput](t, "create")(c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket}))
	put := func(key, body string) *string {
		t.Helper()
		return done[*s3.PutObjectOutput](t, "put")(c.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: &key, Body: strings.NewReader(body)})).VersionId
	}
	for _, key := range keys {
		if id := put(key, "null"); id != nil {
			t.Errorf("put without versioning: version %s", *id)
		}
	}
	setVersioning(t, c, name, types.BucketVersioningStatusEnabled)
	slices.Sort(keys)
	for i, key := range keys {
		first, second := put(key, "first"), put(key, "second")
		hidden := i%2 == 0
		if hidden {
			out := done[*s3.DeleteObjectOutput](t, "delete")(c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: &key}))
			if !aws.ToBool(out.DeleteMarker) {
				t.Errorf("delete of %q: %+v, want a delete marker", key, out)
			}
			markers = append(markers, versionLine(&key, out.VersionId, aws.Bool(true), true))
		}
		versions = append(versions, versionLine(&key, second, aws.Bool(!hidden), false), versionLine(&key, first, aws.Bool(false), false),
			versionLine(&key, aws.String("null"), aws.Bool(false), false))
	}
	return versions, markers
}

// TestSDKVersions pages through versions with the AWS SDK, by every size of page, and deletes them all by what the
// pages say.
func TestSDKVersions(t *testing.T) {
	ctx, s := context.Background(), newTestServer(t, Options{})
	c, bucket := s.sdk(owner), aws.String("alpha")
	wantVersions, wantMarkers := fillVersions(t, c, "alpha", []string{"a b", "a+b", "../up", "d/é", "d/\t", "<&>\"'", "\U0001F41F"})
	var ids []types.ObjectIdentifier
	for size := int32(1); size <= 30; size += 3 {
		var versions, markers []string
		ids = nil
		pages := s3.NewListObjectVersionsPaginator(c, &s3.ListObjectVersionsInput{Bucket: bucket, MaxKeys: &size})
		for pages.HasMorePages() && len(versions) <= len(wantVersions) {
			page := done[*s3.ListObjectVersionsOutput](t, "list")(pages.NextPage(ctx))
			if n := len(page.Versions) + len(page.DeleteMarkers); n > int(size) || aws.ToBool(page.IsTruncated) && n < int(size) {
				t.Errorf("pages of %d: one has %d", size, n)
			}
			for _, v := range page.Versions {
				versions = append(versions, versionLine(v.Key, v.VersionId, v.IsLatest, false))
				ids = append(ids, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
			}
			for _, v := range page.DeleteMarkers {
				markers = append(markers, versionLine(v.Key, v.VersionId, v.IsLatest, true))
				ids = append(ids, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
			}
		}
		if !slices.Equal(versions, wantVersions) || !slices.Equal(markers, wantMarkers) {
			t.Errorf("pages of %d: got %q and %q, want %q and %q", size, versions, markers, wantVersions, wantMarkers)
		}
	}
	out := done[*s3.DeleteObjectsOutput](t, "delete")(c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{Objects: ids}}))
	gone := 0
	for _, d := range out.Deleted {
		if aws.ToBool(d.DeleteMarker) {
			gone++
			if aws.ToString(d.DeleteMarkerVersionId) != aws.ToString(d.VersionId) {
				t.Errorf("deleted marker %+v", d)
			}
		}
	}
	if len(out.Deleted) != len(ids) || gone != len(wantMarkers) || len(out.Errors) != 0 {
		t.Errorf("deleted %d of %d, %d markers of %d, errors %+v", len(out.Deleted), len(ids), gone, len(wantMarkers), out.Errors)
	}
	done[*s3.DeleteBucketOutput](t, "delete bucket")(c.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket}))
}

// TestSDKDeleteMarkers hides objects with DeleteObjects and brings one back.
func TestSDKDeleteMarkers(t *testing.T) {
	ctx, s := context.Background(), newTestServer(t, Options{})
	c, bucket := s.sdk(owner), aws.String("alpha")
	fillVersions(t, c, "alpha", []string{"a", "b"})
	del := &types.Delete{Objects: []types.ObjectIdentifier{{Key: aws.String("b")}, {Key: aws.String("never was")}}}
	out := done[*s3.DeleteObjectsOutput](t, "delete")(c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket, Delete: del}))
	for _, d := range out.Deleted {
		if !aws.ToBool(d.DeleteMarker) || d.DeleteMarkerVersionId == nil || d.VersionId != nil {
			t.Errorf("deleted %+v, want a delete marker made", d)
		}
	}
	if len(out.Deleted) != 2 {
		t.Fatalf("deleted %+v", out)
	}
	listed := done[*s3.ListObjectsV2Output](t, "list")(c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket}))
	if len(listed.Contents) != 0 {
		t.Errorf("hidden objects are listed: %+v", listed.Contents)
	}
	done[*s3.DeleteObjectOutput](t, "delete marker")(c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("b"), VersionId: out.Deleted[0].DeleteMarkerVersionId}))
	back := done[*s3.GetObjectOutput](t, "get")(c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("b")}))
	defer back.Body.Close()
	if body, err := io.ReadAll(back.Body); err != nil || string(body) != "second" {
		t.Errorf("the object is back as %q, %v", body, err)
	}
}
