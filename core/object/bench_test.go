package object

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/core/access"
	"shoal/core/encryption"
	"shoal/storage/blob/fileblob"
	"shoal/storage/kv/pebblekv"
	"shoal/wire/torrent"
)

const gib = 1 << 30

// newDiskStore is a Store below a directory of the real disk.
func newDiskStore(b *testing.B) (*Store, *Bucket) {
	b.Helper()
	dir := b.TempDir()
	engine, err := pebblekv.Open(dir+"/kv", pebblekv.Options{FS: vfs.Default})
	if err != nil {
		b.Fatalf("open engine: %v", err)
	}
	blobs, err := fileblob.Open(dir+"/blobs", fileblob.Options{FS: vfs.Default})
	if err != nil {
		b.Fatalf("open blobs: %v", err)
	}
	b.Cleanup(func() {
		blobs.Close()
		engine.Close()
	})
	s, err := New(engine, blobs, Options{})
	if err != nil {
		b.Fatalf("new store: %v", err)
	}
	bucket, err := s.CreateBucket(b.Context(), NewBucket{Name: "bucket", Owner: testOwner, Ownership: access.ObjectWriter})
	if err != nil {
		b.Fatalf("create bucket: %v", err)
	}
	return s, bucket
}

// BenchmarkPut stores bodies durably. Beside the time of a large one stands the sum of the times of its hashes,
// one after the other: what a store takes that hashes before or after it writes, and takes for the write on top.
func BenchmarkPut(b *testing.B) {
	for _, size := range []int{1 << 10, 64 << 10, 256 << 20} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			s, bucket := newDiskStore(b)
			content := randomContent(1, size)
			sum := sha256.Sum256(content)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				_, err := s.Put(b.Context(), PutRequest{
					Bucket: bucket, Key: "key", Body: bytes.NewReader(content), Size: int64(size), Owner: testOwner,
					Integrity: Integrity{SHA256: sum[:], Algorithm: CRC64NVME},
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			if size < blockSize {
				return
			}
			perGiB := float64(gib) / float64(size)
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)*perGiB, "wall-s/GiB")
			b.ReportMetric(hashSeconds(b, content)*perGiB, "hashes-s/GiB")
		})
	}
}

// hashSeconds returns how long the hashes of a PUT take, one after the other.
func hashSeconds(b *testing.B, content []byte) float64 {
	b.Helper()
	sum := sha256.Sum256(content)
	d, err := newDigests(Integrity{SHA256: sum[:], Algorithm: CRC64NVME})
	if err != nil {
		b.Fatal(err)
	}
	begin := time.Now()
	d.write(content)
	leaves := torrent.NewLayerHasher(torrent.PieceLength(int64(len(content))))
	leaves.Write(content) // never fails (hash.Hash)
	return time.Since(begin).Seconds()
}

// BenchmarkLookup finds the current version of a key, as every GET and HEAD does.
func BenchmarkLookup(b *testing.B) {
	s, bucket := newDiskStore(b)
	for i := range 1000 {
		if _, err := s.Put(b.Context(), PutRequest{
			Bucket: bucket, Key: fmt.Sprintf("key-%04d", i), Body: bytes.NewReader([]byte("x")), Size: 1, Owner: testOwner,
		}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, _, err := s.Lookup(b.Context(), bucket.Name, fmt.Sprintf("key-%04d", i%1000), VersionRef{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRead reads a large object from its start, and at random in runs of 16 blocks as the seeder does.
func BenchmarkRead(b *testing.B) {
	const size, run = 64 << 20, 256 << 10
	s, bucket := newDiskStore(b)
	v, err := s.Put(b.Context(), PutRequest{
		Bucket: bucket, Key: "key", Body: bytes.NewReader(randomContent(1, size)), Size: size, Owner: testOwner,
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("stream", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			r, err := s.Open(b.Context(), v, 0, size)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, r); err != nil {
				b.Fatal(err)
			}
			r.Close()
		}
	})
	b.Run("at", func(b *testing.B) {
		r, err := s.OpenAt(b.Context(), v)
		if err != nil {
			b.Fatal(err)
		}
		defer r.Close()
		buf := make([]byte, run)
		b.SetBytes(run)
		b.ReportAllocs()
		for off := int64(0); b.Loop(); off = (off + run) % size {
			if _, err := r.ReadAt(buf, off); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkEncryption puts and reads a body as it comes and encrypted (SSE-S3), by turns, on the same disk.
func BenchmarkEncryption(b *testing.B) {
	keys, err := encryption.OpenKeyFile(filepath.Join(b.TempDir(), "keys"))
	if err != nil {
		b.Fatal(err)
	}
	for _, size := range []int{1 << 10, 64 << 10, 256 << 20} {
		s, bucket := newDiskStore(b)
		s.o.Keys = keys
		content := randomContent(1, size)
		for _, how := range []struct {
			name   string
			choice encryption.Choice
		}{{"plain", encryption.Choice{}}, {"SSE-S3", encryption.Choice{Mode: encryption.S3}}} {
			put := func(b *testing.B) *Version {
				b.Helper()
				v, err := s.Put(b.Context(), PutRequest{
					Bucket: bucket, Key: how.name, Body: bytes.NewReader(content), Size: int64(size), Owner: testOwner, Encryption: how.choice,
				})
				if err != nil {
					b.Fatalf("put: %v", err)
				}
				return v
			}
			b.Run(fmt.Sprintf("put/%dKiB/%s", size>>10, how.name), func(b *testing.B) {
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					put(b)
				}
			})
			v := put(b)
			b.Run(fmt.Sprintf("get/%dKiB/%s", size>>10, how.name), func(b *testing.B) {
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					readWhole(b, s, v)
				}
			})
		}
	}
}

func readWhole(b *testing.B, s *Store, v *Version) {
	b.Helper()
	r, err := s.Open(b.Context(), v, 0, v.Size)
	if err == nil {
		_, err = io.Copy(struct{ io.Writer }{io.Discard}, r)
		err = errors.Join(err, r.Close())
	}
	if err != nil {
		b.Fatalf("read: %v", err)
	}
}

// BenchmarkReadAtEncrypted reads blocks as a seeder does.
func BenchmarkReadAtEncrypted(b *testing.B) {
	keys, err := encryption.OpenKeyFile(filepath.Join(b.TempDir(), "keys"))
	if err != nil {
		b.Fatal(err)
	}
	s, bucket := newDiskStore(b)
	s.o.Keys = keys
	content := randomContent(1, 64<<20)
	for name, c := range map[string]encryption.Choice{"plain": {}, "SSE-S3": {Mode: encryption.S3}} {
		v, err := s.Put(b.Context(), PutRequest{Bucket: bucket, Key: name, Body: bytes.NewReader(content), Size: int64(len(content)), Owner: testOwner, Encryption: c})
		if err != nil {
			b.Fatal(err)
		}
		r, err := s.OpenAt(b.Context(), v)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			block := make([]byte, 16<<10)
			b.SetBytes(int64(len(block)))
			b.ReportAllocs()
			for i := int64(0); b.Loop(); i++ {
				if _, err := r.ReadAt(block, i%4096*int64(len(block))); err != nil && err != io.EOF {
					b.Fatal(err)
				}
			}
		})
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
