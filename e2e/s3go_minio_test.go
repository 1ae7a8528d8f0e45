package e2e

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// minioClient is minio-go.
type minioClient struct {
	c      *minio.Client
	bucket string
}

func newMinioClient(t testing.TB, s *server, bucket string) minioClient {
	t.Helper()
	c, err := minio.New(at("", s.s3), &minio.Options{
		Creds: credentials.NewStaticV4(rootKey, rootSecret, ""), Region: region, BucketLookup: minio.BucketLookupPath, MaxRetries: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	return minioClient{c, bucket}
}

// accepts: minio-go takes a blank key for an empty one.
func (minioClient) accepts(key string) bool { return strings.TrimSpace(key) != "" }

func (m minioClient) put(ctx context.Context, key string, body []byte, meta map[string]string) error {
	_, err := m.c.PutObject(ctx, m.bucket, key, bytes.NewReader(body), int64(len(body)), minio.PutObjectOptions{UserMetadata: meta})
	return err
}

func (m minioClient) multipart(ctx context.Context, key string, body []byte) error {
	_, err := m.c.PutObject(ctx, m.bucket, key, bytes.NewReader(body), int64(len(body)), minio.PutObjectOptions{PartSize: partSize, NumThreads: 2})
	return err
}

func (m minioClient) get(ctx context.Context, key string) ([]byte, map[string]string, error) {
	o, err := m.c.GetObject(ctx, m.bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return nil, nil, err
	}
	body, err := readAll(o)
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return nil, nil, errNotThere
	}
	if err != nil {
		return nil, nil, err
	}
	info, err := m.c.StatObject(ctx, m.bucket, key, minio.StatObjectOptions{})
	return body, info.UserMetadata, err
}

func (m minioClient) getRange(ctx context.Context, key string, first, last int64) ([]byte, error) {
	var opts minio.GetObjectOptions
	if err := opts.SetRange(first, last); err != nil {
		return nil, err
	}
	o, err := m.c.GetObject(ctx, m.bucket, key, opts)
	if err != nil {
		return nil, err
	}
	return readAll(o)
}

func (m minioClient) list(ctx context.Context, prefix string) ([]string, error) {
	var found []string
	for o := range m.c.ListObjects(ctx, m.bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true, MaxKeys: 3}) {
		if o.Err != nil {
			return nil, o.Err
		}
		found = append(found, o.Key)
	}
	return found, nil
}

func (m minioClient) copy(ctx context.Context, from, to string) error {
	_, err := m.c.CopyObject(ctx, minio.CopyDestOptions{Bucket: m.bucket, Object: to}, minio.CopySrcOptions{Bucket: m.bucket, Object: from})
	return err
}

func (m minioClient) presign(ctx context.Context, key string) (string, error) {
	u, err := m.c.PresignedGetObject(ctx, m.bucket, key, presignedFor, nil)
	if err != nil {
		return "", err
	}
	return u.String(), nil
}

func (m minioClient) remove(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if err := m.c.RemoveObject(ctx, m.bucket, key, minio.RemoveObjectOptions{}); err != nil {
			return err
		}
	}
	return nil
}
