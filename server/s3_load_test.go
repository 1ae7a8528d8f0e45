package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// blocked is a client that takes nothing and sends nothing until it is closed.
type blocked struct {
	*httptest.ResponseRecorder
	gone chan struct{}
}

func (b blocked) Write(p []byte) (int, error) { <-b.gone; return len(p), nil }
func (b blocked) Read([]byte) (int, error)    { <-b.gone; return 0, io.EOF }
func (b blocked) Close() error                { return nil }

// TestS3Load: what counts are requests that move content, at work themselves or for clients that have just been given
// something; not those that wait for a client that stands still.
func TestS3Load(t *testing.T) {
	most := busyPerCPU * runtime.GOMAXPROCS(0)
	work := func(_ http.ResponseWriter, _ *http.Request, gone chan struct{}) { <-gone }
	write := func(w http.ResponseWriter, _ *http.Request, _ chan struct{}) { _, _ = w.Write([]byte("content")) }
	read := func(_ http.ResponseWriter, r *http.Request, _ chan struct{}) { _, _ = io.ReadAll(r.Body) }
	for _, tt := range []struct {
		name, method string
		handle       func(http.ResponseWriter, *http.Request, chan struct{})
		requests     int
		soon, later  bool // busy at once, and when some time has passed
	}{
		{"few", http.MethodGet, work, most, false, false},
		{"many", http.MethodGet, work, most + 1, true, true},
		{"many that move nothing", http.MethodHead, work, most + 1, false, false},
		{"downloads that stand still", http.MethodGet, write, most + 1, true, false},
		{"uploads that stand still", http.MethodPut, read, most + 1, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var l s3Load
				var all sync.WaitGroup
				gone := make(chan struct{})
				client := blocked{httptest.NewRecorder(), gone}
				h := l.count(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { tt.handle(w, r, gone) }))
				for range tt.requests {
					r := httptest.NewRequest(tt.method, "/bucket/key", client)
					all.Go(func() { h.ServeHTTP(client, r) })
				}
				synctest.Wait()
				if got := l.busy(); got != tt.soon {
					t.Errorf("at once: busy %v, want %v", got, tt.soon)
				}
				time.Sleep(clientWait + lookEvery)
				if got := l.busy(); got != tt.later {
					t.Errorf("later: busy %v, want %v", got, tt.later)
				}
				close(gone)
				all.Wait()
				if l.busy() || len(l.requests) != 0 {
					t.Errorf("%d requests in flight after all ended", len(l.requests))
				}
			})
		})
	}
}

// TestS3LoadKeepsSendfile: a file reaches the connection as a file, and deadlines can still be set.
func TestS3LoadKeepsSendfile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := &readerFrom{ResponseRecorder: httptest.NewRecorder()}
	var l s3Load
	l.count(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != http.NoBody {
			t.Error("an empty body is not known as one")
		}
		if err := http.NewResponseController(w).SetWriteDeadline(time.Now()); err != nil {
			t.Errorf("set a deadline: %v", err)
		}
		_, _ = io.Copy(w, struct{ io.Reader }{io.LimitReader(f, 7)})
	})).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/bucket/key", http.NoBody))
	if w.from == nil || strings.TrimSpace(w.Body.String()) != "content" {
		t.Errorf("the connection read from %T: %q", w.from, w.Body)
	}
}

// readerFrom is a ResponseWriter that notes what it reads from.
type readerFrom struct {
	*httptest.ResponseRecorder
	from io.Reader
}

func (w *readerFrom) ReadFrom(src io.Reader) (int64, error) {
	w.from = src
	return io.Copy(w.ResponseRecorder, src)
}

func (w *readerFrom) SetWriteDeadline(time.Time) error { return nil }
