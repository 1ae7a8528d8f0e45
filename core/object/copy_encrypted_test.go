package object

import (
	"bytes"
	"testing"

	"shoal/core/encryption"
)

// TestEncryptedCopies copies from each mode to each: inline content, a blob, and parts.
func TestEncryptedCopies(t *testing.T) {
	s := keyedStore(t)
	b := s.bucket(t, "bucket")
	for from, source := range choices() {
		sources := []*Version{
			s.putSealed(t, b, "small "+from, randomContent(1, 100), source),
			s.putSealed(t, b, "blob "+from, randomContent(2, 70_000), source),
		}
		parts := s.sealedParts(t, b, "parts "+from, source, randomContent(3, MinPart), randomContent(4, 500))
		for to, target := range choices() {
			shares := from == to && from != "customer"
			for _, v := range sources {
				s.checkCopy(t, b, v, target, shares && !v.Content.Inline)
			}
			if from == to || to == "none" {
				s.checkCopy(t, b, parts, target, shares)
			}
		}
	}
}

// checkCopy copies v and reads the copy. It shares the content of v, or not.
func (s *testStore) checkCopy(t *testing.T, b *Bucket, v *Version, c encryption.Choice, wantShared bool) {
	t.Helper()
	if _, err := s.Copy(t.Context(), CopyRequest{Source: v, Bucket: b, Key: "copy", Owner: testOwner, Encryption: c}); err != nil {
		t.Fatalf("copy %q to mode %d: %v", v.Key, c.Mode, err)
	}
	made := s.unlocked(t, s.lookup(t, b, "copy"), c)
	s.checkRead(t, made, s.read(t, v, 0, v.Size))
	if shared := !v.Content.Inline && bytes.Equal(s.atRest(t, v), s.atRest(t, made)); shared != wantShared {
		t.Errorf("copy %q to mode %d: the content is shared: %v", v.Key, c.Mode, shared)
	}
}

// TestCopyUnderAnotherKMSKey: the copy has a key of its own.
func TestCopyUnderAnotherKMSKey(t *testing.T) {
	s := keyedStore(t)
	b := s.bucket(t, "bucket")
	kms := func(id string) encryption.Choice { return encryption.Choice{Mode: encryption.KMS, KMSKeyID: id} }
	v := s.putSealed(t, b, "key", randomContent(1, 70_000), kms(encryption.DefaultKMSKey))
	s.checkCopy(t, b, v, kms(encryption.DefaultKMSKey), true)
	s.checkCopy(t, b, v, kms("alias/"+encryption.DefaultKMSKey), false)
}

func TestEncryptedPartCopies(t *testing.T) {
	s := keyedStore(t)
	b := s.bucket(t, "bucket")
	content := randomContent(1, 300_000)
	for from, source := range choices() {
		v := s.putSealed(t, b, "source", content, source)
		for to, target := range choices() {
			u, err := s.CreateUpload(t.Context(), NewUpload{Bucket: b, Key: "parts", Owner: testOwner, Encryption: target})
			if err == nil {
				u, err = s.UnlockUpload(t.Context(), u, target.Customer)
			}
			if err != nil {
				t.Fatal(err)
			}
			p, err := s.CopyPart(t.Context(), CopyPartRequest{Upload: u, Number: 1, Source: v, Off: 100, N: 200_000})
			if err != nil {
				t.Fatalf("%s to %s: %v", from, to, err)
			}
			if _, err := s.complete(t, b, u, CompletePart{Number: 1, ETag: p.ETag}); err != nil {
				t.Fatal(err)
			}
			s.checkRead(t, s.unlocked(t, s.lookup(t, b, "parts"), target), content[100:200_100])
		}
	}
}
