package s3api

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"shoal/core/access"
	"shoal/core/object"
)

// fill makes a bucket that holds the keys.
func (s *testServer) fill(t testing.TB, bucket string, keys ...string) {
	t.Helper()
	s.must(t, owner, "PUT", "/"+bucket, "")
	for _, k := range keys {
		s.must(t, owner, "PUT", "/"+bucket+"/"+string(appendPercent(nil, k)), k)
	}
}

// names returns the keys and the common prefixes of a listing.
func (r reply) names() []string {
	return append(r.elements("Key"), r.elements("Prefix")[1:]...)
}

func TestListObjects(t *testing.T) {
	s := newTestServer(t, Options{})
	s.fill(t, "alpha", "asdf", "boo/bar", "boo/baz/xyzzy", "cquux/thud", "cquux/bla", "zz")
	tests := []struct {
		query  string
		want   []string
		marker string // NextMarker
		more   bool
	}{
		{"", []string{"asdf", "boo/bar", "boo/baz/xyzzy", "cquux/bla", "cquux/thud", "zz"}, "", false},
		{"delimiter=/", []string{"asdf", "zz", "boo/", "cquux/"}, "", false},
		{"delimiter=/&max-keys=1", []string{"asdf"}, "asdf", true},
		{"delimiter=/&max-keys=1&marker=asdf", []string{"boo/"}, "boo/", true},
		{"delimiter=/&max-keys=1&marker=boo/", []string{"cquux/"}, "cquux/", true},
		{"delimiter=/&max-keys=1&marker=cquux/", []string{"zz"}, "", false},
		{"delimiter=/&prefix=boo/", []string{"boo/bar", "boo/baz/"}, "", false},
		{"delimiter=/&prefix=boo/&marker=boo/bar", []string{"boo/baz/"}, "", false},
		{"delimiter=/&prefix=boo/&marker=boo/baz/", nil, "", false},
		{"max-keys=2", []string{"asdf", "boo/bar"}, "", true},
		{"max-keys=2&marker=boo/bar", []string{"boo/baz/xyzzy", "cquux/bla"}, "", true},
		{"max-keys=0", nil, "", false},
		{"max-keys=100000&prefix=z", []string{"zz"}, "", false},
		{"marker=zz", nil, "", false},
		{"prefix=none", nil, "", false},
		{"delimiter=u", []string{"asdf", "boo/bar", "boo/baz/xyzzy", "zz", "cqu"}, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			r := s.must(t, owner, "GET", "/alpha?"+tt.query, "")
			if got := r.names(); !slices.Equal(got, tt.want) {
				t.Errorf("lists %q, want %q\n%s", got, tt.want, r.body)
			}
			if got := r.element("NextMarker"); got != tt.marker {
				t.Errorf("NextMarker %q, want %q", got, tt.marker)
			}
			if got := r.element("IsTruncated"); got != fmt.Sprint(tt.more) {
				t.Errorf("IsTruncated %q, want %t", got, tt.more)
			}
		})
	}
	r := s.must(t, owner, "GET", "/alpha?prefix=asdf", "")
	for name, want := range map[string]string{
		"Name": "alpha", "Size": "4", "StorageClass": "STANDARD", "MaxKeys": "1000",
		"ETag": "&quot;912ec803b2ce49e4a541068d495ab570&quot;", "ID": string(s.users[owner].CanonicalID),
	} {
		if got := r.element(name); got != want {
			t.Errorf("%s is %q, want %q\n%s", name, got, want, r.body)
		}
	}
}

func TestListObjectsRefuses(t *testing.T) {
	s := newTestServer(t, Options{})
	s.fill(t, "alpha")
	for query, want := range map[string]code{
		"max-keys=x":                                codeInvalidArgument,
		"max-keys=-1":                               codeInvalidArgument,
		"max-keys=99999999999":                      codeInvalidArgument,
		"encoding-type=base64":                      codeInvalidArgument,
		"list-type=3":                               codeInvalidArgument,
		"list-type=2&continuation-token=garbage":    codeInvalidArgument,
		"prefix=" + strings.Repeat("p", 1025):       codeKeyTooLong,
		"marker=" + strings.Repeat("m", 1025):       codeKeyTooLong,
		"versions&version-id-marker=null":           codeInvalidArgument,
		"versions&key-marker=a&version-id-marker=x": codeInvalidArgument,
		"uploads&max-uploads=x":                     codeInvalidArgument,
		"uploads&key-marker=a&upload-id-marker=":    "",
		"uploads&key-marker=a&upload-id-marker=x":   codeInvalidArgument,
	} {
		if want == "" {
			s.must(t, owner, "GET", "/alpha?"+query, "")
			continue
		}
		s.refused(t, owner, "GET", "/alpha?"+query, "", 400, want)
	}
	s.refused(t, anonymous, "GET", "/alpha", "", 403, codeAccessDenied)
	s.refused(t, anonymous, "GET", "/alpha?list-type=2", "", 403, codeAccessDenied)
	s.refused(t, owner, "GET", "/nothing-here", "", 404, codeNoSuchBucket)
}

// TestListPages walks listings of every page size by every kind of marker; together the pages are the whole.
func TestListPages(t *testing.T) {
	s := newTestServer(t, Options{})
	var keys []string
	for _, dir := range []string{"", "a/", "a/b/", "c/", "\u00e9/"} {
		for i := range 4 {
			keys = append(keys, fmt.Sprintf("%skey %d", dir, i))
		}
	}
	s.fill(t, "alpha", keys...)
	next := map[string]func(reply) string{
		"list-type=2": func(r reply) string { return "continuation-token=" + r.element("NextContinuationToken") },
		"":            func(r reply) string { return "marker=" + lastName(r) },
		"versions":    func(r reply) string { return "key-marker=" + r.element("NextKeyMarker") },
	}
	for _, shape := range []string{"", "&delimiter=/", "&prefix=a/", "&prefix=a/&delimiter=/", "&delimiter=y"} {
		for kind, follow := range next {
			want := s.must(t, owner, "GET", "/alpha?"+kind+"&encoding-type=url"+shape, "").names()
			slices.Sort(want)
			for size := 1; size <= 6; size++ {
				var got []string
				more := ""
				for pages := 0; ; pages++ {
					r := s.must(t, owner, "GET", fmt.Sprintf("/alpha?%s&encoding-type=url&max-keys=%d%s&%s", kind, size, shape, more), "")
					page := r.names()
					got = append(got, page...)
					if len(page) > size || pages > len(want) {
						t.Fatalf("%q%s by %d: page %d holds %q", kind, shape, size, pages, page)
					}
					if r.element("IsTruncated") != "true" {
						break
					}
					more = follow(r)
				}
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Errorf("%q%s by %d: %q, want %q", kind, shape, size, got, want)
				}
			}
		}
	}
}

// lastName is the greatest name of a page, percent-encoded as it is in the page.
func lastName(r reply) string {
	last := ""
	for _, n := range r.names() {
		if plain, _ := url.PathUnescape(n); plain > last {
			last = plain
		}
	}
	return url.QueryEscape(last)
}

func TestListObjectsV2(t *testing.T) {
	s := newTestServer(t, Options{})
	s.fill(t, "alpha", "a&b", "foo+1/bar", "quux ab/thud", "\x01")
	r := s.must(t, owner, "GET", "/alpha?list-type=2&encoding-type=url&delimiter=/&start-after=a", "")
	if got, want := r.names(), []string{"a%26b", "foo%2B1/", "quux%20ab/"}; !slices.Equal(got, want) {
		t.Errorf("encoded names %q, want %q", got, want)
	}
	for name, want := range map[string]string{"KeyCount": "3", "StartAfter": "a", "EncodingType": "url", "Delimiter": "/", "ID": ""} {
		if got := r.element(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	r = s.must(t, owner, "GET", "/alpha?list-type=2&fetch-owner=true", "")
	if got, want := r.elements("Key"), []string{"&#x1;", "a&amp;b", "foo+1/bar", "quux ab/thud"}; !slices.Equal(got, want) {
		t.Errorf("plain names %q, want %q", got, want)
	}
	if got := r.elements("ID"); len(got) != 4 || got[0] != string(s.users[owner].CanonicalID) {
		t.Errorf("owners %q, want 4 times the owner's", got)
	}
	r = s.must(t, owner, "GET", "/alpha?list-type=2&continuation-token=", "")
	if !strings.Contains(r.body, "<ContinuationToken></ContinuationToken>") || len(r.elements("Key")) != 4 {
		t.Errorf("an empty token is the start:\n%s", r.body)
	}
}

func TestListObjectVersions(t *testing.T) {
	s := newTestServer(t, Options{})
	s.fill(t, "alpha", "a", "b/c")
	r := s.must(t, owner, "GET", "/alpha?versions", "")
	if got, want := r.elements("VersionId"), []string{"null", "null"}; !slices.Equal(got, want) {
		t.Errorf("version ids %q, want %q", got, want)
	}
	if got, want := r.elements("IsLatest"), []string{"true", "true"}; !slices.Equal(got, want) {
		t.Errorf("latest %q, want %q", got, want)
	}
	r = s.must(t, owner, "GET", "/alpha?versions&max-keys=1", "")
	if r.element("NextKeyMarker") != "a" || r.element("NextVersionIdMarker") != "null" {
		t.Errorf("markers of the first page:\n%s", r.body)
	}
	r = s.must(t, owner, "GET", "/alpha?versions&key-marker=a&version-id-marker=null", "")
	if got, want := r.elements("Key"), []string{"b/c"}; !slices.Equal(got, want) {
		t.Errorf("second page %q, want %q", got, want)
	}
}

// TestListVersionPages walks versions by every page size, names encoded, with and without a delimiter, while what the
// pages show is deleted: the place of a version that is gone is still known.
func TestListVersionPages(t *testing.T) {
	for _, deleting := range []bool{false, true} {
		for _, delimiter := range []string{"", "/"} {
			for size := 1; size <= 5; size++ {
				s := newTestServer(t, Options{})
				s.must(t, owner, "PUT", "/alpha", "")
				for _, state := range []string{"", "Enabled", "Suspended", "Enabled"} {
					if state != "" {
						s.must(t, owner, "PUT", "/alpha?versioning", "<VersioningConfiguration><Status>"+state+"</Status></VersioningConfiguration>")
					}
					for _, key := range []string{"a%20b", "d/e", "d/f", "%01", "z"} {
						s.must(t, owner, "PUT", "/alpha/"+key, state)
					}
				}
				s.must(t, owner, "DELETE", "/alpha/z", "")
				query := "/alpha?versions&encoding-type=url&delimiter=" + delimiter
				whole := s.must(t, owner, "GET", query, "")
				want := append(whole.elements("VersionId"), whole.names()...)
				slices.Sort(want)
				if got := s.pageVersions(t, query, size, len(want), deleting); !slices.Equal(got, want) {
					t.Errorf("by %d, delimiter %q, deleting %v: got %q, want %q", size, delimiter, deleting, got, want)
				}
			}
		}
	}
}

// pageVersions returns the version ids and the names of all pages, at most about limit, sorted.
func (s *testServer) pageVersions(t *testing.T, query string, size, limit int, deleting bool) (got []string) {
	t.Helper()
	for more := ""; len(got) <= limit; {
		r := s.must(t, owner, "GET", fmt.Sprintf("%s&max-keys=%d%s", query, size, more), "")
		ids, keys := r.elements("VersionId"), r.elements("Key")
		got = append(append(got, ids...), r.names()...)
		for i := range ids {
			if deleting {
				s.must(t, owner, "DELETE", "/alpha/"+keys[i]+"?versionId="+ids[i], "")
			}
		}
		if r.element("IsTruncated") != "true" {
			break
		}
		key, err := url.PathUnescape(r.element("NextKeyMarker"))
		if err != nil {
			t.Fatal(err)
		}
		more = "&key-marker=" + url.QueryEscape(key) + "&version-id-marker=" + r.element("NextVersionIdMarker")
	}
	slices.Sort(got)
	return got
}

// BenchmarkListBody writes a page of 1,000 objects.
func BenchmarkListBody(b *testing.B) {
	l := listing{bucket: &object.Bucket{Name: "alpha"}}
	for i := range maxListKeys {
		l.page.Entries = append(l.page.Entries, object.ListEntry{Version: &object.Version{
			Key: fmt.Sprintf("photos/2026/%06d & more.jpeg", i), Size: int64(i) << 10, ETag: "912ec803b2ce49e4a541068d495ab570",
			Modified: time.Unix(1_700_000_000, 0), Owner: access.Owner{ID: "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a"},
		}})
	}
	b.ReportAllocs()
	h := &Handler{}
	for b.Loop() {
		x := h.newPage("ListBucketResult")
		l.head(x)
		l.body(x, true)
		answer := h.pageResponse(x)
		b.SetBytes(answer.length)
		if err := answer.stream.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
