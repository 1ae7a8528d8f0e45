package s3api

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParseTarget(t *testing.T) {
	domains := []string{"s3.example.test", "deep.s3.example.test"}
	long := strings.Repeat("k", maxKeyBytes)
	tests := []struct {
		host, path string
		want       target
		wantCode   code
	}{
		{host: "localhost", path: "/", want: target{}},
		{host: "localhost", path: "/b", want: target{scope: bucketScope, bucket: "b"}},
		{host: "localhost", path: "/b/", want: target{scope: bucketScope, bucket: "b"}},
		{host: "localhost", path: "/b/k", want: target{scope: objectScope, bucket: "b", key: "k"}},
		{host: "localhost", path: "/b//", want: target{scope: objectScope, bucket: "b", key: "/"}},
		{host: "localhost", path: "/b/a%2Fb/../%2e", want: target{scope: objectScope, bucket: "b", key: "a/b/../."}},
		{host: "localhost", path: "/b/a+b", want: target{scope: objectScope, bucket: "b", key: "a+b"}},
		{host: "localhost", path: "/b/" + long, want: target{scope: objectScope, bucket: "b", key: long}},
		{host: "localhost", path: "/b/k" + long, wantCode: codeKeyTooLong},
		{host: "localhost", path: "/b/%ff", wantCode: codeInvalidURI},
		{host: "localhost", path: "//k", wantCode: codeInvalidBucketName},
		{host: "localhost", path: "/" + strings.Repeat("b", maxBucketBytes+1), wantCode: codeInvalidBucketName},
		{host: "s3.example.test:9000", path: "/b/k", want: target{scope: objectScope, bucket: "b", key: "k"}},
		{host: "b.S3.example.test:9000", path: "/k", want: target{scope: objectScope, bucket: "b", key: "k", hosted: true}},
		{host: "b.c.s3.example.test", path: "/", want: target{scope: bucketScope, bucket: "b.c", hosted: true}},
		{host: "b.s3.example.test", path: "//k", want: target{scope: objectScope, bucket: "b", key: "/k", hosted: true}},
		{host: "deep.s3.example.test", path: "/b/k", want: target{scope: objectScope, bucket: "b", key: "k"}},
		{host: "b.deep.s3.example.test", path: "/k", want: target{scope: objectScope, bucket: "b", key: "k", hosted: true}},
		{host: "xs3.example.test", path: "/b", want: target{scope: bucketScope, bucket: "b"}},
		{host: ".s3.example.test", path: "/b", want: target{scope: bucketScope, bucket: "b"}},
		{host: "[::1]:9000", path: "/b", want: target{scope: bucketScope, bucket: "b"}},
	}
	for _, tt := range tests {
		u, err := url.ParseRequestURI(tt.path)
		if err != nil {
			t.Fatalf("%s: %v", tt.path, err)
		}
		got, err := parseTarget(&http.Request{Host: tt.host, URL: u}, domains)
		if tt.wantCode != "" {
			if c, _ := codeOf(err); err == nil || c != tt.wantCode {
				t.Errorf("%s %.40s: error %v, want %s", tt.host, tt.path, err, tt.wantCode)
			}
			continue
		}
		if err != nil || got != tt.want {
			t.Errorf("%s %.40s: got %+v, %v, want %+v", tt.host, tt.path, got, err, tt.want)
		}
	}
}

func TestHostName(t *testing.T) {
	for host, want := range map[string]string{
		"a.example": "a.example", "a.example:80": "a.example", "[::1]:80": "::1", "[::1]": "::1", "": "", "10.0.0.1:9": "10.0.0.1",
	} {
		if got := hostName(host); got != want {
			t.Errorf("hostName(%q) = %q, want %q", host, got, want)
		}
	}
}

func FuzzParseTarget(f *testing.F) {
	for _, seed := range []string{"/", "/b/k", "//", "/b/%00", "/b/../x", "/%", "*", "/b/" + strings.Repeat("é", 600)} {
		f.Add("b.s3.example.test", seed)
		f.Add("", seed)
	}
	f.Fuzz(func(t *testing.T, host, path string) {
		u, err := url.ParseRequestURI(path)
		if err != nil {
			return
		}
		got, err := parseTarget(&http.Request{Host: host, URL: u}, []string{"s3.example.test"})
		if err != nil {
			return
		}
		if len(got.key) > maxKeyBytes || len(got.bucket) > maxBucketBytes || !utf8.ValidString(got.key) {
			t.Errorf("%q %q is out of bounds: %+v", host, path, got)
		}
		if (got.key != "") != (got.scope == objectScope) || (got.bucket != "") != (got.scope != serviceScope) {
			t.Errorf("%q %q: scope and names differ: %+v", host, path, got)
		}
	})
}

func FuzzParseCopySource(f *testing.F) {
	for _, seed := range []string{"/b/k", "b/k?versionId=null", "b/%2", "", "/", "b//k?versionId="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		bucket, key, _, err := parseCopySource(s)
		if err != nil {
			return
		}
		if bucket == "" || key == "" || len(key) > maxKeyBytes || strings.Contains(bucket, "/") || !utf8.ValidString(bucket+key) {
			t.Errorf("%q names bucket %q, key %q", s, bucket, key)
		}
	})
}

func FuzzHeaderTags(f *testing.F) {
	for _, seed := range []string{"", "a=b", "a=b&c=d+e%20f", "=", "a=%FF", "&&", "a=1&a=2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tags, err := headerTags(http.Header{"X-Amz-Tagging": {text}})
		seen := map[string]bool{}
		for _, tag := range tags {
			if err != nil || tag.Key == "" || seen[tag.Key] || !utf8.ValidString(tag.Key+tag.Value) {
				t.Errorf("%q: got %q, %v", text, tags, err)
			}
			seen[tag.Key] = true
		}
	})
}

func FuzzRange(f *testing.F) {
	for _, seed := range []string{"bytes=0-0", "bytes=-1", "bytes=5-", "bytes=9-1", "bytes=0-1,2-3", "bytes=-", "=", "bytes=99999999999999999999-"} {
		f.Add(seed, int64(10))
	}
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size < 0 {
			return
		}
		first, last, ok := parseRange(header)
		if !ok {
			return
		}
		s, ok := satisfy(first, last, size)
		if ok && (s.off < 0 || s.n <= 0 || s.off+s.n > size || !s.partial) {
			t.Errorf("%q of %d bytes is %+v", header, size, s)
		}
	})
}
