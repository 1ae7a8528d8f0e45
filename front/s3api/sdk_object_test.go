package s3api

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// TestSDKObject: the AWS SDK for Go puts, gets and checks with each checksum, and has a torrent.
func TestSDKObject(t *testing.T) {
	s := newTestServer(t, Options{})
	ctx := context.Background()
	client := s.sdk(owner)
	if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("pond")}); err != nil {
		t.Fatal(err)
	}
	content := pattern(200_000)
	for _, algorithm := range []types.ChecksumAlgorithm{"", "CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256", "SHA512"} {
		key := aws.String("key " + string(algorithm))
		_, err := client.PutObject(ctx, &s3.PutObjectInput{
			Bucket: aws.String("pond"), Key: key, Body: strings.NewReader(content), ChecksumAlgorithm: algorithm,
			Metadata: map[string]string{"Kind": "test"},
		})
		if err != nil {
			t.Errorf("put with %q: %v", algorithm, err)
			continue
		}
		got, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("pond"), Key: key, ChecksumMode: types.ChecksumModeEnabled})
		if err != nil {
			t.Errorf("get with %q: %v", algorithm, err)
			continue
		}
		data, err := io.ReadAll(got.Body)
		if err != nil || string(data) != content || got.Metadata["kind"] != "test" {
			t.Errorf("get with %q: %d bytes, %v, metadata %v", algorithm, len(data), err, got.Metadata)
		}
	}
	out, err := client.GetObjectTorrent(ctx, &s3.GetObjectTorrentInput{Bucket: aws.String("pond"), Key: aws.String("key ")})
	if err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(out.Body); err != nil || !bytes.HasPrefix(data, []byte("d10:created by5:Shoal")) {
		t.Errorf("torrent %.40q, %v", data, err)
	}
	link, err := s3.NewPresignClient(client).PresignGetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("pond"), Key: aws.String("key SHA1")})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.do(t, anonymous, "GET", strings.TrimPrefix(link.URL, s.url), ""); got.status != 200 || got.body != content {
		t.Errorf("presigned: status %d, %d bytes", got.status, len(got.body))
	}
}

// TestMinioSignedChunks: minio-go signs every chunk of its uploads.
func TestMinioSignedChunks(t *testing.T) {
	s := newTestServer(t, Options{})
	ctx := context.Background()
	client, err := minio.New(strings.TrimPrefix(s.url, "http://"), &minio.Options{
		Creds: credentials.NewStaticV4(s.keys[owner].AccessKeyID, s.keys[owner].SecretAccessKey, ""), Region: "us-east-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.MakeBucket(ctx, "pond", minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 1, 64 << 10, 300_000, 12 << 20} {
		content := pattern(size)
		// The last one is more than a part.
		_, err := client.PutObject(ctx, "pond", "dir/ключ", strings.NewReader(content), int64(size), minio.PutObjectOptions{PartSize: 5 << 20})
		if err != nil {
			t.Errorf("put %d bytes: %v", size, err)
			continue
		}
		got, err := client.GetObject(ctx, "pond", "dir/ключ", minio.GetObjectOptions{})
		if err != nil {
			t.Errorf("get %d bytes: %v", size, err)
			continue
		}
		data, err := io.ReadAll(got)
		if err != nil || string(data) != content {
			t.Errorf("get %d bytes: %d, %v", size, len(data), err)
		}
		if err := got.Close(); err != nil {
			t.Error(err)
		}
	}
}
