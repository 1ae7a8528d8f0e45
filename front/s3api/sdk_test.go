package s3api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/minio/minio-go/v7"
	miniocredentials "github.com/minio/minio-go/v7/pkg/credentials"

	"shoal/core/object"
)

// sdk is an AWS SDK client of who.
func (s *testServer) sdk(who string) *s3.Client {
	k := s.keys[who]
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(s.url), Region: "us-east-1", UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(k.AccessKeyID, k.SecretAccessKey, ""),
	})
}

// done fails the test for an error of an SDK call.
func done[T any](t *testing.T, what string) func(T, error) T {
	return func(out T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		return out
	}
}

// TestSDKBucket reads our bucket documents with the AWS SDK.
func TestSDKBucket(t *testing.T) {
	ctx, s := context.Background(), newTestServer(t, Options{})
	c, bucket := s.sdk(owner), aws.String("alpha")
	done[*s3.CreateBucketOutput](t, "create")(c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket}))
	done[*s3.HeadBucketOutput](t, "head")(c.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: bucket}))
	buckets := done[*s3.ListBucketsOutput](t, "list buckets")(c.ListBuckets(ctx, &s3.ListBucketsInput{}))
	if len(buckets.Buckets) != 1 || aws.ToString(buckets.Buckets[0].Name) != "alpha" || buckets.Buckets[0].CreationDate.IsZero() {
		t.Errorf("buckets %+v", buckets.Buckets)
	}
	where := done[*s3.GetBucketLocationOutput](t, "location")(c.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: bucket}))
	if where.LocationConstraint != "" {
		t.Errorf("location %q, want none", where.LocationConstraint)
	}

	block := &types.PublicAccessBlockConfiguration{BlockPublicPolicy: aws.Bool(true)}
	done[*s3.PutPublicAccessBlockOutput](t, "put block")(c.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: bucket, PublicAccessBlockConfiguration: block}))
	gotBlock := done[*s3.GetPublicAccessBlockOutput](t, "get block")(c.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: bucket}))
	if b := gotBlock.PublicAccessBlockConfiguration; !aws.ToBool(b.BlockPublicPolicy) || aws.ToBool(b.BlockPublicAcls) {
		t.Errorf("block %+v", b)
	}
	rules := &types.OwnershipControls{Rules: []types.OwnershipControlsRule{{ObjectOwnership: types.ObjectOwnershipObjectWriter}}}
	done[*s3.PutBucketOwnershipControlsOutput](t, "put ownership")(c.PutBucketOwnershipControls(ctx, &s3.PutBucketOwnershipControlsInput{Bucket: bucket, OwnershipControls: rules}))
	gotRules := done[*s3.GetBucketOwnershipControlsOutput](t, "get ownership")(c.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: bucket}))
	if r := gotRules.OwnershipControls.Rules; len(r) != 1 || r[0].ObjectOwnership != types.ObjectOwnershipObjectWriter {
		t.Errorf("ownership %+v", r)
	}

	acl := done[*s3.GetBucketAclOutput](t, "get acl")(c.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: bucket}))
	acl.Grants = append(acl.Grants, types.Grant{
		Permission: types.PermissionRead,
		Grantee:    &types.Grantee{Type: types.TypeGroup, URI: aws.String("http://acs.amazonaws.com/groups/global/AllUsers")},
	})
	done[*s3.PutBucketAclOutput](t, "put acl")(c.PutBucketAcl(ctx, &s3.PutBucketAclInput{
		Bucket: bucket, AccessControlPolicy: &types.AccessControlPolicy{Owner: acl.Owner, Grants: acl.Grants},
	}))
	again := done[*s3.GetBucketAclOutput](t, "get acl")(c.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: bucket}))
	if len(again.Grants) != 2 || again.Grants[1].Grantee.Type != types.TypeGroup || again.Grants[0].Grantee.Type != types.TypeCanonicalUser {
		t.Errorf("grants %+v", again.Grants)
	}

	_, err := c.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: bucket})
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "NoSuchTagSet" {
		t.Errorf("tagging: %v, want NoSuchTagSet", err)
	}
	versioning := done[*s3.GetBucketVersioningOutput](t, "versioning")(c.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: bucket}))
	if versioning.Status != "" {
		t.Errorf("versioning %q, want none", versioning.Status)
	}
	done[*s3.DeleteBucketOutput](t, "delete")(c.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket}))
}

// TestSDKListAndDelete pages through strange keys with the AWS SDK and deletes them all.
func TestSDKListAndDelete(t *testing.T) {
	ctx, s := context.Background(), newTestServer(t, Options{})
	c, bucket := s.sdk(owner), aws.String("alpha")
	done[*s3.CreateBucketOutput](t, "create")(c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket}))
	keys := []string{"a b", "a+b", "../up", "//x", "d/\u00e9", "<&>\"'", "tab\there", "100%", "q?a=b#c", "\U0001F41F"}
	for _, k := range keys {
		done[*s3.PutObjectOutput](t, "put "+k)(c.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String(k), Body: strings.NewReader(k)}))
	}
	slices.Sort(keys)
	var got []string
	var ids []types.ObjectIdentifier
	pages := s3.NewListObjectsV2Paginator(c, &s3.ListObjectsV2Input{Bucket: bucket, MaxKeys: aws.Int32(3)})
	for pages.HasMorePages() {
		page := done[*s3.ListObjectsV2Output](t, "list")(pages.NextPage(ctx))
		for _, o := range page.Contents {
			got = append(got, aws.ToString(o.Key))
			ids = append(ids, types.ObjectIdentifier{Key: o.Key})
		}
	}
	if !slices.Equal(got, keys) {
		t.Errorf("listed %q, want %q", got, keys)
	}
	out := done[*s3.DeleteObjectsOutput](t, "delete")(c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{Objects: ids}}))
	if len(out.Deleted) != len(keys) || len(out.Errors) != 0 {
		t.Errorf("deleted %d of %d, errors %+v", len(out.Deleted), len(keys), out.Errors)
	}
	done[*s3.DeleteBucketOutput](t, "delete bucket")(c.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket}))
}

// TestSDKMultipart uploads in parts with each checksum that the AWS SDK computes.
func TestSDKMultipart(t *testing.T) {
	ctx, s := context.Background(), newTestServer(t, Options{})
	c, bucket := s.sdk(owner), aws.String("alpha")
	done[*s3.CreateBucketOutput](t, "create")(c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket}))
	parts := []string{pattern(object.MinPart), "the end"}
	for _, algorithm := range []types.ChecksumAlgorithm{"", types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmCrc32c, types.ChecksumAlgorithmCrc64nvme, types.ChecksumAlgorithmSha1, types.ChecksumAlgorithmSha256} {
		t.Run(fmt.Sprintf("checksum %s", algorithm), func(t *testing.T) {
			key := aws.String("key-" + string(algorithm))
			up := done[*s3.CreateMultipartUploadOutput](t, "begin")(c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key, ChecksumAlgorithm: algorithm}))
			var list []types.CompletedPart
			for i, p := range parts {
				n := aws.Int32(int32(i + 1))
				part := done[*s3.UploadPartOutput](t, "part")(c.UploadPart(ctx, &s3.UploadPartInput{
					Bucket: bucket, Key: key, UploadId: up.UploadId, PartNumber: n, Body: strings.NewReader(p), ChecksumAlgorithm: algorithm,
				}))
				list = append(list, types.CompletedPart{
					PartNumber: n, ETag: part.ETag, ChecksumCRC32: part.ChecksumCRC32, ChecksumCRC32C: part.ChecksumCRC32C,
					ChecksumCRC64NVME: part.ChecksumCRC64NVME, ChecksumSHA1: part.ChecksumSHA1, ChecksumSHA256: part.ChecksumSHA256,
				})
			}
			listed := done[*s3.ListPartsOutput](t, "list parts")(c.ListParts(ctx, &s3.ListPartsInput{Bucket: bucket, Key: key, UploadId: up.UploadId}))
			if len(listed.Parts) != 2 || aws.ToInt64(listed.Parts[0].Size) != object.MinPart {
				t.Errorf("parts %+v", listed.Parts)
			}
			end := done[*s3.CompleteMultipartUploadOutput](t, "complete")(c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
				Bucket: bucket, Key: key, UploadId: up.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: list},
			}))
			if !strings.HasSuffix(aws.ToString(end.ETag), `-2"`) {
				t.Errorf("ETag %s, want one of 2 parts", aws.ToString(end.ETag))
			}
			got := done[*s3.GetObjectOutput](t, "get")(c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key, ChecksumMode: types.ChecksumModeEnabled}))
			data, err := io.ReadAll(got.Body)
			if err != nil || string(data) != strings.Join(parts, "") {
				t.Errorf("read %d bytes, %v", len(data), err)
			}
			got.Body.Close()
		})
	}
}

// TestMinioClient has minio-go do what its users do: upload a stream in parts, list, compose, remove.
func TestMinioClient(t *testing.T) {
	ctx, s := context.Background(), newTestServer(t, Options{})
	k := s.keys[owner]
	c, err := minio.New(strings.TrimPrefix(s.url, "http://"), &minio.Options{
		Creds: miniocredentials.NewStaticV4(k.AccessKeyID, k.SecretAccessKey, ""),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.MakeBucket(ctx, "alpha", minio.MakeBucketOptions{}); err != nil {
		t.Fatalf("make bucket: %v", err)
	}
	data := []byte(pattern(2*object.MinPart + 1000))
	info, err := c.PutObject(ctx, "alpha", "dir/a b", bytes.NewReader(data), -1, minio.PutObjectOptions{PartSize: object.MinPart})
	if err != nil || info.Size != int64(len(data)) {
		t.Fatalf("put stream: %+v, %v", info, err)
	}
	if _, err := c.ComposeObject(ctx, minio.CopyDestOptions{Bucket: "alpha", Object: "twice"},
		minio.CopySrcOptions{Bucket: "alpha", Object: "dir/a b"}, minio.CopySrcOptions{Bucket: "alpha", Object: "dir/a b"}); err != nil {
		t.Fatalf("compose: %v", err)
	}
	var names []string
	for o := range c.ListObjects(ctx, "alpha", minio.ListObjectsOptions{Recursive: true}) {
		if o.Err != nil {
			t.Fatalf("list: %v", o.Err)
		}
		names = append(names, fmt.Sprintf("%s %d", o.Key, o.Size))
	}
	if want := []string{fmt.Sprintf("dir/a b %d", len(data)), fmt.Sprintf("twice %d", 2*len(data))}; !slices.Equal(names, want) {
		t.Errorf("listed %q, want %q", names, want)
	}
	all := make(chan minio.ObjectInfo, 2)
	all <- minio.ObjectInfo{Key: "dir/a b"}
	all <- minio.ObjectInfo{Key: "twice"}
	close(all)
	for e := range c.RemoveObjects(ctx, "alpha", all, minio.RemoveObjectsOptions{}) {
		t.Errorf("remove %s: %v", e.ObjectName, e.Err)
	}
	if err := c.RemoveBucket(ctx, "alpha"); err != nil {
		t.Errorf("remove bucket: %v", err)
	}
}
