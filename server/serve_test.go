package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestOwnPathsAreKeysOfHostedBuckets(t *testing.T) {
	says := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
	}
	h := besideS3(says("own"), says("iam"), says("s3"), func(host string) bool { return host == "b.example.test" })
	tests := []struct{ host, path, want string }{
		{"example.test", "/_shoal/health", "own"},
		{"example.test", "/_shoal", "s3"},
		{"example.test", "/_shoalx/k", "s3"},
		{"example.test", "/b/_shoal/health", "s3"},
		{"b.example.test", "/_shoal/health", "s3"},
		{"b.example.test", "/_shoal/admin/v1/users", "s3"},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", tt.path, nil)
		r.Host = tt.host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := w.Body.String(); got != tt.want {
			t.Errorf("%s%s is served by %s, want %s", tt.host, tt.path, got, tt.want)
		}
	}
}

// TestFormsAreForIAM: a form to the service is, one to a bucket is not, also when the bucket is in the host.
func TestFormsAreForIAM(t *testing.T) {
	says := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
	}
	h := besideS3(says("own"), says("iam"), says("s3"), func(host string) bool { return host == "b.example.test" })
	tests := []struct{ method, host, path, want string }{
		{"POST", "example.test", "/", "iam"},
		{"GET", "example.test", "/?Action=GetCallerIdentity", "iam"},
		{"GET", "example.test", "/", "s3"},
		{"POST", "example.test", "/b", "s3"},
		{"POST", "b.example.test", "/", "s3"},
		{"GET", "b.example.test", "/?Action=GetCallerIdentity", "s3"},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(tt.method, tt.path, nil)
		r.Host = tt.host
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := w.Body.String(); got != tt.want {
			t.Errorf("%s %s%s is served by %s, want %s", tt.method, tt.host, tt.path, got, tt.want)
		}
	}
}
