package server

import (
	"net/http"
	"runtime"
	"sync/atomic"
)

// busyPerCPU is how many object requests for each CPU may be in flight before peers give way to them. Below it
// nobody waits for a CPU that a peer has.
const busyPerCPU = 2

// s3Load counts the S3 requests that move content. The seeder asks it whether to give way.
type s3Load struct{ inFlight atomic.Int64 }

// count counts the requests that next serves.
func (l *s3Load) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || r.Method == http.MethodPut || r.Method == http.MethodPost {
			l.inFlight.Add(1)
			defer l.inFlight.Add(-1)
		}
		next.ServeHTTP(w, r)
	})
}

// busy reports whether S3 has enough to do for all CPUs.
func (l *s3Load) busy() bool { return l.inFlight.Load() > int64(busyPerCPU*runtime.GOMAXPROCS(0)) }
