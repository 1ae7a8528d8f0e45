package object

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"shoal/core/fault"
)

// TestConcurrentOperations mixes writers, copiers, deleters, readers and the collector on a few keys. What a
// reader gets is always one version whole; the check at the end finds nothing lost or left over.
func TestConcurrentOperations(t *testing.T) {
	t.Run("unversioned", func(t *testing.T) {
		s := newTestStore(t)
		s.stress(t, s.bucket(t, "bucket"))
	})
	t.Run("versioned", func(t *testing.T) {
		s := newTestStore(t)
		s.stress(t, s.versionedBucket(t, "bucket"))
	})
}

func (s *testStore) stress(t *testing.T, b *Bucket) {
	var work sync.WaitGroup
	for g := range uint64(6) {
		work.Go(func() {
			random := rand.New(rand.NewPCG(g, 1))
			for range 150 {
				if err := s.step(t, b, random); err != nil {
					t.Errorf("worker %d: %v", g, err)
					return
				}
			}
		})
	}
	work.Go(func() {
		for range 40 {
			if _, err := s.CollectOnce(t.Context(), s.clock); err != nil {
				t.Errorf("collect: %v", err)
			}
		}
	})
	work.Wait()
	s.collect(t)
}

func (s *testStore) step(t *testing.T, b *Bucket, random *rand.Rand) error {
	key := func() string { return fmt.Sprint("key", random.IntN(4)) }
	size := []int{0, 10, InlineMax + 1, 60_000}[random.IntN(4)]
	content := randomContent(random.Uint64N(1000), size)
	switch target := key(); random.IntN(5) {
	case 0:
		_, err := s.Put(t.Context(), PutRequest{Bucket: b, Key: target, Body: bytes.NewReader(content), Size: -1})
		return err
	case 1:
		r := DeleteRequest{Bucket: b, Key: target}
		if _, v, err := s.Lookup(t.Context(), b.Name, target, VersionRef{}); err == nil && !v.Null && random.IntN(2) == 0 {
			r.Ref = VersionRef{ID: v.ID, Set: true}
		}
		_, err := s.Delete(t.Context(), r)
		return err
	case 2:
		_, src, err := s.Lookup(t.Context(), b.Name, key(), VersionRef{})
		if err == nil {
			_, err = s.Copy(t.Context(), CopyRequest{Source: src, Bucket: b, Key: target})
		}
		return unlessGone(err)
	case 3:
		return unlessGone(s.multipart(t, b, target, key(), content))
	}
	_, v, err := s.Lookup(t.Context(), b.Name, key(), VersionRef{})
	if err != nil || v.DeleteMarker {
		return unlessGone(err)
	}
	r, err := s.Open(t.Context(), v, 0, v.Size)
	if err != nil {
		return unlessGone(err)
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err == nil && v.PartCount == 0 && md5ETag(got) != v.ETag {
		return fmt.Errorf("version %x has %d other bytes", v.ID, len(got))
	}
	return unlessGone(err)
}

// multipart completes one part, that of the lower number: another is left over.
func (s *testStore) multipart(t *testing.T, b *Bucket, key, from string, content []byte) error {
	u, err := s.CreateUpload(t.Context(), NewUpload{Bucket: b, Key: key, Algorithm: CRC32C})
	if err != nil {
		return err
	}
	p, err := s.PutPart(t.Context(), PutPartRequest{Upload: u, Number: 2, Body: bytes.NewReader(content), Size: -1})
	if err != nil {
		return err
	}
	if _, src, err := s.Lookup(t.Context(), b.Name, from, VersionRef{}); err == nil && src.Size > 0 {
		c, err := s.CopyPart(t.Context(), CopyPartRequest{Upload: u, Number: 1, Source: src, N: src.Size})
		if err == nil {
			p = c
		} else if !fault.Is(err, fault.NoSuchKey) {
			return err
		}
	}
	_, err = s.CompleteUpload(t.Context(), CompleteRequest{Bucket: b, Upload: u, Parts: []CompletePart{{Number: p.Number, ETag: p.ETag}}, Size: p.Size})
	return err
}

func unlessGone(err error) error {
	if fault.Is(err, fault.NoSuchKey) {
		return nil
	}
	return err
}
