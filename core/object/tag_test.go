package object

import (
	"fmt"
	"strings"
	"testing"

	"shoal/core/access"
	"shoal/core/fault"
)

func manyTags(n int) (tags []access.Tag) {
	for i := range n {
		tags = append(tags, access.Tag{Key: fmt.Sprint("key", i)})
	}
	return tags
}

func TestCheckTags(t *testing.T) {
	one := func(key, value string) []access.Tag { return []access.Tag{{Key: key, Value: value}} }
	tests := []struct {
		name  string
		tags  []access.Tag
		limit int
		want  fault.Kind // Internal: none
	}{
		{"none", nil, MaxObjectTags, fault.Internal},
		{"every character", one("aZ9 ü文+-=._:/@", "aZ9 ü文+-=._:/@"), MaxObjectTags, fault.Internal},
		{"no value", one("a", ""), MaxObjectTags, fault.Internal},
		{"longest", one(strings.Repeat("ü", 128), strings.Repeat("ü", 256)), MaxObjectTags, fault.Internal},
		{"key too long", one(strings.Repeat("a", 129), ""), MaxObjectTags, fault.InvalidTag},
		{"value too long", one("a", strings.Repeat("a", 257)), MaxObjectTags, fault.InvalidTag},
		{"no key", one("", "a"), MaxObjectTags, fault.InvalidTag},
		{"key with a comma", one("a,b", ""), MaxObjectTags, fault.InvalidTag},
		{"value with a newline", one("a", "a\nb"), MaxObjectTags, fault.InvalidTag},
		{"symbol", one("a", "😀"), MaxObjectTags, fault.InvalidTag},
		{"not utf-8", one("a", "\xff"), MaxObjectTags, fault.InvalidTag},
		{"system tag", one("aws:x", ""), MaxObjectTags, fault.InvalidTag},
		{"system tag in capitals", one("AWS:x", ""), MaxObjectTags, fault.InvalidTag},
		{"aws inside", one("my:aws:x", ""), MaxObjectTags, fault.Internal},
		{"a key twice", append(one("a", "1"), one("a", "2")...), MaxObjectTags, fault.InvalidTag},
		{"two cases of a key", append(one("a", "1"), one("A", "2")...), MaxObjectTags, fault.Internal},
		{"ten", manyTags(10), MaxObjectTags, fault.Internal},
		{"eleven", manyTags(11), MaxObjectTags, fault.TooManyTags},
		{"fifty of a bucket", manyTags(50), MaxBucketTags, fault.Internal},
		{"fifty-one of a bucket", manyTags(51), MaxBucketTags, fault.TooManyTags},
	}
	for _, tt := range tests {
		err := CheckTags(tt.tags, tt.limit)
		if tt.want == fault.Internal && err != nil || tt.want != fault.Internal && !fault.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestSetTags(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	put := s.put(t, b, "k", []byte("content"))
	tags := []access.Tag{{Key: "a", Value: "1"}}
	if err := s.SetTags(t.Context(), b, "k", VersionRef{}, tags, Requester{}); err != nil {
		t.Fatal(err)
	}
	_, v, err := s.Lookup(t.Context(), "bucket", "k", VersionRef{})
	if err != nil || len(v.Tags) != 1 || v.Tags[0] != tags[0] || v.ID != put.ID || !v.Modified.Equal(put.Modified) {
		t.Errorf("got %+v, %v", v, err)
	}
	wantKind(t, s.SetTags(t.Context(), b, "absent", VersionRef{}, tags, Requester{}), fault.NoSuchKey)
	wantKind(t, s.SetTags(t.Context(), b, "k", VersionRef{Set: true, ID: VersionID{1}}, tags, Requester{}), fault.NoSuchVersion)
	wantKind(t, s.SetTags(t.Context(), b, "k", VersionRef{}, manyTags(11), Requester{}), fault.TooManyTags)
}

func TestDocuments(t *testing.T) {
	s := newTestStore(t)
	b := s.bucket(t, "bucket")
	for _, d := range Documents() {
		if got, err := s.Document(t.Context(), b, d); got != nil || err != nil {
			t.Errorf("%s before it was put: got %q, %v", d, got, err)
		}
		large := []byte(strings.Repeat("x", MaxDocument))
		if err := s.PutDocument(t.Context(), b, d, large); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Document(t.Context(), b, d); string(got) != string(large) || err != nil {
			t.Errorf("%s: got %d bytes, %v", d, len(got), err)
		}
		wantKind(t, s.PutDocument(t.Context(), b, d, append(large, 'x')), fault.InvalidArgument)
	}
	if err := s.PutDocument(t.Context(), b, CORSDocument, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Document(t.Context(), b, CORSDocument); got != nil || err != nil {
		t.Errorf("after it was taken away: got %q, %v", got, err)
	}
	if err := s.DeleteBucket(t.Context(), "bucket"); err != nil {
		t.Fatal(err)
	}
	wantKind(t, s.PutDocument(t.Context(), b, CORSDocument, []byte("x")), fault.NoSuchBucket)
	again := s.bucket(t, "bucket")
	wantKind(t, s.PutDocument(t.Context(), b, CORSDocument, []byte("x")), fault.NoSuchBucket)
	if got, err := s.Document(t.Context(), again, WebsiteDocument); got != nil || err != nil {
		t.Errorf("of a bucket made again: got %q, %v", got, err)
	}
}
