package server

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
)

func TestS3LoadCountsWhatMovesContent(t *testing.T) {
	most := busyPerCPU * runtime.GOMAXPROCS(0)
	for method, counts := range map[string]bool{http.MethodGet: true, http.MethodPut: true, http.MethodHead: false} {
		var l s3Load
		var serving, all sync.WaitGroup
		release := make(chan struct{})
		h := l.count(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			serving.Done()
			<-release
		}))
		begin := func(n int) {
			serving.Add(n)
			for range n {
				all.Go(func() { h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, "/bucket/key", nil)) })
			}
			serving.Wait()
		}
		begin(most)
		if l.busy() {
			t.Errorf("%s: busy with %d requests", method, most)
		}
		begin(1)
		if got := l.busy(); got != counts {
			t.Errorf("%s: busy with %d requests is %v, want %v", method, most+1, got, counts)
		}
		close(release)
		all.Wait()
		if l.busy() || l.inFlight.Load() != 0 {
			t.Errorf("%s: %d requests in flight after all ended", method, l.inFlight.Load())
		}
	}
}
