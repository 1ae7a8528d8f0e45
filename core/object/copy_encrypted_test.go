package object

import (
	"bytes"
	"testing"
)

// TestEncryptedCopies copies from each mode to each.
func TestEncryptedCopies(t *testing.T) {
	s := keyedStore(t)
	b := s.bucket(t, "bucket")
	small, one, two := randomContent(1, 100), randomContent(2, MinPart), randomContent(3, 500)
	for from, source := range choices() {
		for to, target := range choices() {
			for _, v := range []*Version{s.putSealed(t, b, "small", small, source), s.sealedParts(t, b, "large", source, one, two)} {
				want := s.read(t, v, 0, v.Size)
				if _, err := s.Copy(t.Context(), CopyRequest{Source: v, Bucket: b, Key: "copy", Owner: testOwner, Encryption: target}); err != nil {
					t.Fatalf("%s to %s: %v", from, to, err)
				}
				made := s.unlocked(t, s.lookup(t, b, "copy"), target)
				s.checkRead(t, made, want)
				shared := !v.Content.Inline && bytes.Equal(s.atRest(t, v), s.atRest(t, made))
				if wantShared := from == to && from != "customer" && !v.Content.Inline; shared != wantShared {
					t.Errorf("%s to %s: the content is shared: %v", from, to, shared)
				}
			}
		}
	}
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
