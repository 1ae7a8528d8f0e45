package s3api

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"shoal/core/meter"
)

// brokenRecorder is a meter that panics.
type brokenRecorder struct{}

func (brokenRecorder) Record(meter.Event) { panic("no such column") }

// lineWriter hands on what is written to it.
type lineWriter chan string

func (w lineWriter) Write(p []byte) (int, error) {
	w <- string(p)
	return len(p), nil
}

func TestPanicIsLoggedAndGivesItsSlotBack(t *testing.T) {
	log := make(lineWriter)
	s := newTestServer(t, Options{
		MaxRequests: 1,
		Logger:      slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	s.must(t, owner, "PUT", "/alpha", "")
	s.handler.slots <- struct{}{} // until the request above is over
	<-s.handler.slots
	s.handler.meter = brokenRecorder{}
	r, err := http.NewRequest("POST", s.url+"/alpha/key?select", nil)
	if err != nil {
		t.Fatal(err)
	}
	// The meter is asked when the answer is out: whether that arrives is not promised. A POST is not sent again.
	go func() {
		if answer, err := s.web.RoundTrip(r); err == nil {
			_ = answer.Body.Close()
		}
	}()
	select {
	case got := <-log:
		if !strings.Contains(got, "no such column") || !strings.Contains(got, "operation=SelectObjectContent") {
			t.Errorf("logged %q", got)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was logged")
	}
	s.handler.meter = s.usage
	s.must(t, owner, "GET", "/alpha", "")
}
