package s3api

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// TestShare: an API beside S3 takes S3's places, and tells in its own way that there is none.
func TestShare(t *testing.T) {
	s := newTestServer(t, Options{MaxRequests: 1})
	entered, leave := make(chan struct{}), make(chan struct{})
	shared := httptest.NewServer(s.handler.Share(
		func(w http.ResponseWriter, r *http.Request) {
			entered <- struct{}{}
			<-leave
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Errorf("read the body: %v", err)
			}
			_, _ = w.Write(body)
		},
		func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) },
	))
	defer shared.Close()
	post := func() (status int, body string) {
		answer, err := shared.Client().Post(shared.URL, "text/plain", strings.NewReader("hello"))
		if err != nil {
			t.Error(err)
			return 0, ""
		}
		defer answer.Body.Close()
		data, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Error(err)
		}
		return answer.StatusCode, string(data)
	}
	first := make(chan string)
	go func() {
		_, body := post()
		first <- body
	}()
	<-entered
	if status, _ := post(); status != http.StatusTeapot {
		t.Errorf("without a place: status %d, want that of busy", status)
	}
	if got := s.do(t, owner, http.MethodGet, "/", ""); got.element("Code") != string(codeSlowDown) {
		t.Errorf("S3 without a place: %s", got.body)
	}
	close(leave)
	if body := <-first; body != "hello" {
		t.Errorf("got %q, want what was sent", body)
	}
	s.must(t, owner, http.MethodGet, "/", "")
}

// TestSharedAnswers: an answer may be a file, or be given before the request was read.
func TestSharedAnswers(t *testing.T) {
	s := newTestServer(t, Options{})
	file := t.TempDir() + "/content"
	content := strings.Repeat("0123456789", maxWriteStretch/4)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	shared := httptest.NewServer(s.handler.Share(func(w http.ResponseWriter, r *http.Request) {
		f, err := os.Open(file)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		if _, err := w.(io.ReaderFrom).ReadFrom(f); err != nil {
			t.Errorf("send the file: %v", err)
		}
	}, nil))
	defer shared.Close()
	answer, err := shared.Client().Post(shared.URL, "text/plain", strings.NewReader("never read"))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if data, err := io.ReadAll(answer.Body); err != nil || string(data) != content {
		t.Errorf("got %d bytes, %v; want the %d of the file", len(data), err, len(content))
	}
}
