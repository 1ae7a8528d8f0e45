package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// sdkClient is aws-sdk-go-v2, with its own defaults: CRC32 in a trailer of a streamed body.
type sdkClient struct {
	c      *s3.Client
	bucket string
}

func (sdkClient) accepts(string) bool { return true }

func (s sdkClient) put(ctx context.Context, key string, body []byte, meta map[string]string) error {
	_, err := s.c.PutObject(ctx, &s3.PutObjectInput{Bucket: &s.bucket, Key: &key, Body: bytes.NewReader(body), Metadata: meta})
	return err
}

func (s sdkClient) multipart(ctx context.Context, key string, body []byte) error {
	up, err := s.c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: &s.bucket, Key: &key, ChecksumAlgorithm: types.ChecksumAlgorithmCrc64nvme,
	})
	if err != nil {
		return err
	}
	var done []types.CompletedPart
	for n := int32(1); len(body) > 0; n++ {
		part := body[:min(partSize, len(body))]
		body = body[len(part):]
		out, err := s.c.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: &s.bucket, Key: &key, UploadId: up.UploadId, PartNumber: &n, Body: bytes.NewReader(part),
			ChecksumAlgorithm: types.ChecksumAlgorithmCrc64nvme,
		})
		if err != nil {
			return err
		}
		done = append(done, types.CompletedPart{ETag: out.ETag, PartNumber: &n, ChecksumCRC64NVME: out.ChecksumCRC64NVME})
	}
	listed, err := s.c.ListParts(ctx, &s3.ListPartsInput{Bucket: &s.bucket, Key: &key, UploadId: up.UploadId})
	if err != nil {
		return err
	}
	if len(listed.Parts) != len(done) {
		return fmt.Errorf("%d parts listed, %d uploaded", len(listed.Parts), len(done))
	}
	_, err = s.c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &s.bucket, Key: &key, UploadId: up.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: done},
	})
	return err
}

func (s sdkClient) get(ctx context.Context, key string) ([]byte, map[string]string, error) {
	out, err := s.c.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &key})
	if errorCode(err) == "NoSuchKey" {
		return nil, nil, errNotThere
	}
	if err != nil {
		return nil, nil, err
	}
	body, err := readAll(out.Body)
	return body, out.Metadata, err
}

func (s sdkClient) getRange(ctx context.Context, key string, first, last int64) ([]byte, error) {
	out, err := s.c.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &key, Range: aws.String(fmt.Sprintf("bytes=%d-%d", first, last))})
	if err != nil {
		return nil, err
	}
	return readAll(out.Body)
}

// list asks for small pages and escaped keys: XML cannot hold all of them.
func (s sdkClient) list(ctx context.Context, prefix string) ([]string, error) {
	var found []string
	p := s3.NewListObjectsV2Paginator(s.c, &s3.ListObjectsV2Input{
		Bucket: &s.bucket, Prefix: &prefix, MaxKeys: aws.Int32(3), EncodingType: types.EncodingTypeUrl,
	})
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, o := range page.Contents {
			key, err := url.QueryUnescape(*o.Key)
			if err != nil {
				return nil, err
			}
			found = append(found, key)
		}
	}
	return found, nil
}

func (s sdkClient) copy(ctx context.Context, from, to string) error {
	_, err := s.c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: &s.bucket, Key: &to, CopySource: aws.String(s.bucket + "/" + escapeKey(from))})
	return err
}

func (s sdkClient) presign(ctx context.Context, key string) (string, error) {
	r, err := s3.NewPresignClient(s.c).PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &key}, s3.WithPresignExpires(presignedFor))
	if err != nil {
		return "", err
	}
	return r.URL, nil
}

// remove deletes one by one what XML cannot hold, and the rest by one DeleteObjects.
func (s sdkClient) remove(ctx context.Context, keys ...string) error {
	var ids []types.ObjectIdentifier
	for _, key := range keys {
		if !inXML(key) {
			if _, err := s.c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &key}); err != nil {
				return err
			}
			continue
		}
		ids = append(ids, types.ObjectIdentifier{Key: &key})
	}
	if len(ids) == 0 {
		return nil
	}
	out, err := s.c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &s.bucket, Delete: &types.Delete{Objects: ids}})
	if err != nil {
		return err
	}
	if len(out.Errors) > 0 {
		return fmt.Errorf("delete %q: %s", *out.Errors[0].Key, *out.Errors[0].Code)
	}
	return nil
}

// inXML reports whether every character of s may stand in XML 1.0 and survives a parser.
func inXML(s string) bool {
	for _, r := range s {
		if r < ' ' {
			return false
		}
	}
	return true
}
