package e2e

import (
	"bytes"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// storageDown is for how long no server runs.
const storageDown = 1100 * time.Millisecond

// TestStorageOverKillNine: an object counts its bytes from the second of its PUT until that of its DELETE, over a kill and a while
// without a server, and the report of a killed server's data says the same as that of one that runs.
func TestStorageOverKillNine(t *testing.T) {
	const size = 40_000_000
	s := start(t, options{})
	bucket, key := "stored", "object"
	s.makeBucket(bucket, false)
	_, err := s.sdk().PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: &bucket, Key: &key, Body: bytes.NewReader(make([]byte, size)), StorageClass: types.StorageClassStandardIa,
	})
	if err != nil {
		t.Fatal(err)
	}
	head, err := s.sdk().HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	put := head.LastModified.Unix()
	s.kill()
	<-time.After(storageDown)
	s.run()
	before := time.Now().Unix()
	if _, err := s.sdk().DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: &key}); err != nil {
		t.Fatal(err)
	}
	after := time.Now().Unix()

	const counted = size + int64(len("object"))
	least, most := counted*(before-put)/3600-2, counted*(after-put)/3600 // of two hours each is rounded down
	s.kill()
	offline := storedByteHours(s, put, bucket)
	s.run()
	if online := storedByteHours(s, put, bucket); offline < least || offline > most || online != offline {
		t.Errorf("%d byte-hours without a server, %d with one, want both equal and from %d to %d", offline, online, least, most)
	}
}

// storedByteHours returns the byte-hours of STANDARD_IA of a bucket since a second.
func storedByteHours(s *server, since int64, bucket string) int64 {
	s.t.Helper()
	from := time.Unix(since, 0).UTC().Format(time.RFC3339)
	return parseCSVUsage(s.t, s.report("csv", "--granularity", "hour", "--from", from))[usageKey{"StandardIAStorage", "TimedStorage-SIA-ByteHrs", bucket}]
}
