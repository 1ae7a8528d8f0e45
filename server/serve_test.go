package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOwnPathsAreKeysOfHostedBuckets(t *testing.T) {
	says := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
	}
	h := besideS3(says("own"), says("iam"), says("soap"), says("s3"), func(host string) bool { return host == "b.example.test" })
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
	h := besideS3(says("own"), says("iam"), says("soap"), says("s3"), func(host string) bool { return host == "b.example.test" })
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

// TestMessagesAreForSOAP: one to its path is, at the host of a bucket too, as no request of S3 is like it; the rest of the
// path is a bucket's, and so is the path of the description where the host names one.
func TestMessagesAreForSOAP(t *testing.T) {
	says := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
	}
	h := besideS3(says("own"), says("iam"), says("soap"), says("s3"), func(host string) bool { return host == "b.example.test" })
	tests := []struct{ method, host, path, contentType, want string }{
		{"POST", "example.test", "/soap", "text/xml; charset=utf-8", "soap"},
		{"POST", "b.example.test", "/soap", "application/dime", "soap"},
		{"POST", "example.test", "/soap", "multipart/form-data; boundary=b", "s3"},
		{"POST", "example.test", "/soap?delete", "text/xml", "s3"},
		{"POST", "example.test", "/b", "text/xml", "s3"},
		{"PUT", "example.test", "/soap", "text/xml", "s3"},
		{"GET", "b.example.test", "/soap", "", "s3"},
		{"GET", "b.example.test", "/2006-03-01/AmazonS3.wsdl", "", "s3"},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(tt.method, tt.path, nil)
		r.Host = tt.host
		r.Header.Set("Content-Type", tt.contentType)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := w.Body.String(); got != tt.want {
			t.Errorf("%s %s%s of %s is served by %s, want %s", tt.method, tt.host, tt.path, tt.contentType, got, tt.want)
		}
	}
	r := httptest.NewRequest("GET", "/2006-03-01/AmazonS3.wsdl", nil)
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); !strings.Contains(w.Body.String(), "<wsdl:definitions") {
		t.Errorf("the WSDL is %q", w.Body)
	}
}
