package server

import (
	"io"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// busyPerCPU is how many object requests for each CPU may be at work before peers give way to them. Below it
	// nobody waits for a CPU that a peer has.
	busyPerCPU = 2
	// clientWait is how long a request may wait for its client, in one read or write, and still be at work: an answer goes
	// out in pieces of 256 KiB, so who takes less than 13 MB/s counts for the share of the time in which it is given some,
	// and one that stands still for nothing.
	clientWait = 20 * time.Millisecond
	// lookEvery is how old an answer of busy may be: each counts the requests.
	lookEvery = 5 * time.Millisecond
)

// s3Load knows the S3 requests that move content. The seeder asks it whether to give way.
type s3Load struct {
	inFlight atomic.Int64
	looked   atomic.Int64 // Unix nanoseconds, when found was found
	found    atomic.Bool

	mu       sync.Mutex
	requests map[*s3Request]struct{} // guarded by mu
}

// count counts the requests that next serves.
func (l *s3Load) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodPut && r.Method != http.MethodPost {
			next.ServeHTTP(w, r)
			return
		}
		one := &s3Request{ResponseWriter: w}
		l.enter(one)
		defer l.leave(one)
		if r.Body != nil && r.Body != http.NoBody { // which is looked for
			r.Body = s3Body{r.Body, one}
		}
		next.ServeHTTP(one, r)
	})
}

func (l *s3Load) enter(one *s3Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.requests == nil {
		l.requests = make(map[*s3Request]struct{})
	}
	l.requests[one] = struct{}{}
	l.inFlight.Store(int64(len(l.requests)))
}

func (l *s3Load) leave(one *s3Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.requests, one)
	l.inFlight.Store(int64(len(l.requests)))
}

// busy reports whether S3 has enough to do for all CPUs.
func (l *s3Load) busy() bool {
	most := busyPerCPU * runtime.GOMAXPROCS(0)
	if l.inFlight.Load() <= int64(most) {
		return false
	}
	now := time.Now()
	if last := l.looked.Load(); now.UnixNano()-last >= int64(lookEvery) && l.looked.CompareAndSwap(last, now.UnixNano()) {
		l.found.Store(l.atWork(now) > most)
	}
	return l.found.Load()
}

// atWork returns how many requests do not just wait for their clients.
func (l *s3Load) atWork(now time.Time) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for one := range l.requests {
		if since := one.since.Load(); since == 0 || now.UnixNano()-since < int64(clientWait) {
			n++
		}
	}
	return n
}

// s3Request is the answer to a request, which knows since when it waits for the client.
type s3Request struct {
	http.ResponseWriter
	since atomic.Int64 // Unix nanoseconds; 0 while it does not
}

func (r *s3Request) waits() { r.since.Store(time.Now().UnixNano()) }
func (r *s3Request) works() { r.since.Store(0) }

// Write implements io.Writer.
func (r *s3Request) Write(p []byte) (int, error) {
	r.waits()
	defer r.works()
	return r.ResponseWriter.Write(p)
}

// ReadFrom implements io.ReaderFrom: net/http gives a file to sendfile.
func (r *s3Request) ReadFrom(src io.Reader) (int64, error) {
	r.waits()
	defer r.works()
	return io.Copy(r.ResponseWriter, src)
}

// Unwrap is for http.ResponseController.
func (r *s3Request) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// s3Body is the body of a request.
type s3Body struct {
	io.ReadCloser
	of *s3Request
}

// Read implements io.Reader.
func (b s3Body) Read(p []byte) (int, error) {
	b.of.waits()
	defer b.of.works()
	return b.ReadCloser.Read(p)
}
