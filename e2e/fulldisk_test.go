package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	// A server keeps some of the disk back: content stops 256 MiB before the end, so that metadata can
	// still be written, and metadata 64 MiB before it, so that deletes can.
	contentReserve  = 256 << 20
	metadataReserve = 64 << 20

	diskSize   = 512 << 20 // bytes
	fillBucket = "filled"
	freedIn    = 30 * time.Second
	fillMost   = 20_000 // objects; more never fit
)

// TestFullDisk fills the disk below the data directory: writes are refused as S3 refuses, nothing that was
// acknowledged is lost, deletes work, and when there is space again writes work again: deleted content makes it
// in seconds, deleted metadata when the engine compacts, so there something else must go.
func TestFullDisk(t *testing.T) {
	for _, c := range []struct {
		name string
		size int   // bytes of an object
		left int64 // bytes of the disk that something else leaves
		goes bool  // something else goes in the end
	}{
		{"of content", 1 << 20, contentReserve + 96<<20, false}, // half of it is more than the engine may take for a next log,
		{"of metadata", 2 << 10, metadataReserve + 4<<20, true}, // such small objects live in the metadata
	} {
		t.Run(c.name, func(t *testing.T) {
			disk := smallDisk(t)
			s := start(t, options{data: filepath.Join(disk, "data")})
			s.makeBucket(fillBucket, false)
			other := takeAllBut(t, disk, c.left)
			sdk := s.sdk()
			stored := fill(t, s, sdk, c.size)
			if stored == 0 {
				t.Fatal("no object fitted")
			}
			t.Logf("%d objects stored", stored)
			checkStored(t, sdk, 0, stored, 1, c.size)
			for i := 0; i < stored; i += 2 {
				if err := deleteFilled(t, sdk, i); err != nil {
					t.Fatalf("delete on a full disk: %v", err)
				}
			}
			if c.goes {
				if err := os.Remove(other); err != nil {
					t.Fatal(err)
				}
			}
			eventually(t, freedIn, "objects can be put again", func() bool { return putFilled(t, sdk, 0, c.size) == nil })
			s.kill()
			s.run()
			checkStored(t, sdk, 1, stored, 2, c.size)
			checkStored(t, sdk, 0, 1, 1, c.size)
		})
	}
}

// smallDisk mounts a memory file system; it is gone after the test.
func smallDisk(t *testing.T) string {
	t.Helper()
	shoalBinary(t)
	dir := t.TempDir()
	if os.Geteuid() != 0 {
		t.Skip("mounting a small disk needs root")
	}
	if err := syscall.Mount("shoal-e2e", dir, "tmpfs", 0, fmt.Sprintf("size=%d", diskSize)); err != nil {
		t.Skipf("mounting a small disk does not work here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
	return dir
}

// takeAllBut fills the disk up to that many free bytes with one file and returns its path.
func takeAllBut(t *testing.T, disk string, left int64) string {
	t.Helper()
	var free syscall.Statfs_t
	if err := syscall.Statfs(disk, &free); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(disk, "something else")
	if err := os.WriteFile(path, make([]byte, int64(free.Bavail)*free.Bsize-left), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// fill puts objects until one is refused, and returns how many were acknowledged.
func fill(t *testing.T, s *server, c *s3.Client, size int) int {
	t.Helper()
	for i := range fillMost {
		err := putFilled(t, c, i, size)
		if err == nil {
			continue
		}
		if status := statusOf(err); status != 503 && status != 507 {
			t.Errorf("PUT on a full disk: %v (server runs: %v), want status 503 or 507", err, s.proc.running())
		}
		if errorCode(err) == "" {
			t.Errorf("PUT on a full disk: %v, want an S3 error code", err)
		}
		return i
	}
	t.Fatalf("%d objects of %d bytes fit on a disk of %d", fillMost, size, diskSize)
	return 0
}

func filledKey(i int) *string { return aws.String(fmt.Sprintf("object-%05d", i)) }

func putFilled(t *testing.T, c *s3.Client, i, size int) error {
	_, err := c.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String(fillBucket), Key: filledKey(i), Body: bytes.NewReader(contentBytes(uint64(i), size)),
	})
	return err
}

func deleteFilled(t *testing.T, c *s3.Client, i int) error {
	_, err := c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(fillBucket), Key: filledKey(i)})
	return err
}

// checkStored reads every step-th object from first.
func checkStored(t *testing.T, c *s3.Client, first, end, step, size int) {
	t.Helper()
	for i := first; i < end; i += step {
		out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(fillBucket), Key: filledKey(i)})
		if err != nil {
			t.Errorf("acknowledged object %d: %v", i, err)
			return
		}
		body, err := readAll(out.Body)
		if err != nil || !bytes.Equal(body, contentBytes(uint64(i), size)) {
			t.Errorf("acknowledged object %d: %d bytes, %v", i, len(body), err)
		}
	}
}
