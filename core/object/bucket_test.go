package object

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"shoal/core/access"
	"shoal/core/fault"
)

func TestBucketNames(t *testing.T) {
	s := newTestStore(t)
	valid := []string{"abc", "a.b.c", "a-b", "1bucket", strings.Repeat("a", 63), "1.2.3"}
	invalid := []string{
		"", "ab", strings.Repeat("a", 64), "Abc", "a_b", "-ab", "ab-", ".ab", "ab.", "a..b", "192.168.5.4", "xn--bucket",
		"sthree-x", "my-s3alias", "a/b", "é12",
	}
	for _, name := range valid {
		s.bucket(t, name)
	}
	for _, name := range invalid {
		_, err := s.CreateBucket(t.Context(), NewBucket{Name: name, Owner: testOwner})
		wantKind(t, err, fault.InvalidBucketName)
	}
	_, err := s.CreateBucket(t.Context(), NewBucket{Name: "abc", Owner: testOwner})
	wantKind(t, err, fault.BucketAlreadyOwnedByYou)
	_, err = s.CreateBucket(t.Context(), NewBucket{Name: "abc", Owner: access.Owner{ID: "other"}})
	wantKind(t, err, fault.BucketAlreadyExists)
}

func TestListBuckets(t *testing.T) {
	s := newTestStore(t)
	for _, name := range []string{"bbb", "aaa", "ccc", "abc"} {
		s.bucket(t, name)
	}
	if _, err := s.CreateBucket(t.Context(), NewBucket{Name: "bba", Owner: access.Owner{ID: "other"}}); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		r    ListBucketsRequest
		want string
	}{
		{ListBucketsRequest{}, "aaa abc bba bbb ccc|"},
		{ListBucketsRequest{Owner: "owner", Max: 3}, "aaa abc bbb|bbb"},
		{ListBucketsRequest{Owner: "owner", Max: 3, After: "bbb"}, "ccc|"},
		{ListBucketsRequest{Prefix: "b"}, "bba bbb|"},
		{ListBucketsRequest{Prefix: "a", After: "aaa"}, "abc|"},
		{ListBucketsRequest{Max: 5}, "aaa abc bba bbb ccc|"},
	}
	for _, tt := range tests {
		page, err := s.ListBuckets(t.Context(), tt.r)
		if err != nil {
			t.Fatalf("list %+v: %v", tt.r, err)
		}
		var names []string
		for _, b := range page.Buckets {
			names = append(names, b.Name)
		}
		if got := strings.Join(names, " ") + "|" + page.Next; got != tt.want {
			t.Errorf("list %+v: got %s, want %s", tt.r, got, tt.want)
		}
	}
}

func TestUpdateBucket(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	policy := []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}]}`)
	err := s.UpdateBucket(t.Context(), "bucket", func(c *BucketConfig) error {
		c.PolicyJSON = policy
		c.PublicAccessBlock = &access.PublicAccessBlock{RestrictPublicBuckets: true}
		return nil
	})
	if err != nil {
		t.Fatalf("update: %v", err)
	}
	got, err := s.Bucket(t.Context(), "bucket")
	if err != nil {
		t.Fatalf("read back: %v", err)
	}
	if !bytes.Equal(got.Config.PolicyJSON, policy) || !got.Config.Policy.IsPublic() || *got.Config.PublicAccessBlock != (access.PublicAccessBlock{RestrictPublicBuckets: true}) {
		t.Errorf("got config %+v", got.Config)
	}
	if got.ID != b.ID || got.Config.Ownership != access.ObjectWriter || !got.Created.Equal(b.Created) {
		t.Errorf("got %+v, want %+v otherwise", got, b)
	}
	if again, _ := s.Bucket(t.Context(), "bucket"); again != got {
		t.Errorf("an unchanged bucket was parsed again")
	}
	err = s.UpdateBucket(t.Context(), "bucket", func(c *BucketConfig) error { c.PolicyJSON = []byte("{"); return nil })
	wantKind(t, err, fault.MalformedPolicy)
	err = s.UpdateBucket(t.Context(), "nowhere", func(*BucketConfig) error { return nil })
	wantKind(t, err, fault.NoSuchBucket)
}

func TestDeleteBucket(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	s.put(t, b, "key", []byte("x"))
	u := s.upload(t, b, "key", NoChecksum, FullObject)
	s.part(t, u, 1, []byte("part"))
	wantKind(t, s.DeleteBucket(t.Context(), "bucket"), fault.BucketNotEmpty)
	s.put(t, b, "key", []byte("the bucket still takes writes"))
	if _, err := s.Delete(t.Context(), DeleteRequest{Bucket: b, Key: "key"}); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteBucket(t.Context(), "bucket"); err != nil {
		t.Fatalf("delete an empty bucket: %v", err)
	}
	wantKind(t, s.DeleteBucket(t.Context(), "bucket"), fault.NoSuchBucket)
	_, err := s.Put(t.Context(), PutRequest{Bucket: b, Key: "key", Body: strings.NewReader(""), Size: 0})
	wantKind(t, err, fault.NoSuchBucket)
	_, _, err = s.Lookup(t.Context(), "bucket", "key", VersionRef{})
	wantKind(t, err, fault.NoSuchBucket)
	if again := s.bucket(t, "bucket"); again.ID == b.ID {
		t.Errorf("the bucket made again has the old identity")
	}
	if c := s.collect(t); c.Blobs != 1 {
		t.Errorf("got %d blobs collected, want that of the part", c.Blobs)
	}
}

// TestDeleteBucketRace holds that an object acknowledged beside a delete of the bucket is never lost.
func TestDeleteBucketRace(t *testing.T) {
	s := newTestStore(t)
	for i := range 50 {
		b := s.bucket(t, fmt.Sprintf("bucket-%d", i))
		var wg sync.WaitGroup
		var putErr, deleteErr error
		wg.Go(func() {
			_, putErr = s.Put(t.Context(), PutRequest{Bucket: b, Key: "key", Body: strings.NewReader("x"), Size: 1})
		})
		wg.Go(func() { deleteErr = s.DeleteBucket(t.Context(), b.Name) })
		wg.Wait()
		switch {
		case putErr == nil && fault.Is(deleteErr, fault.BucketNotEmpty):
			s.lookup(t, b, "key")
		case deleteErr == nil && fault.Is(putErr, fault.NoSuchBucket):
		default:
			t.Fatalf("put: %v; delete: %v", putErr, deleteErr)
		}
	}
}

func TestIfAbsentHasOneWinner(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	const rivals = 16
	var wg sync.WaitGroup
	errs := make([]error, rivals)
	for i := range rivals {
		wg.Go(func() {
			content := randomContent(uint64(i), 20_000)
			_, errs[i] = s.Put(t.Context(), PutRequest{
				Bucket: b, Key: "key", Body: bytes.NewReader(content), Size: int64(len(content)), Condition: WriteCondition{IfAbsent: true},
			})
		})
	}
	wg.Wait()
	winner := -1
	for i, err := range errs {
		switch {
		case err == nil && winner < 0:
			winner = i
		case err == nil:
			t.Errorf("%d and %d both won", winner, i)
		default:
			wantKind(t, err, fault.PreconditionFailed)
		}
	}
	if v := s.lookup(t, b, "key"); v.ETag != md5ETag(randomContent(uint64(winner), 20_000)) {
		t.Errorf("the content is not the winner's")
	}
	s.collect(t)
	if got, err := s.blobs.List(t.Context(), [16]byte{}, 10); err != nil || len(got) != 1 {
		t.Errorf("got %d blobs, error %v, want 1", len(got), err)
	}
}
