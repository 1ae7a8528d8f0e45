package admin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"shoal/core/access"
	"shoal/core/account"
	"shoal/core/meter"
)

// usageOf records what two accounts use in one hour, and returns them.
func usageOf(t *testing.T, h *Handler) (ann, bob account.User) {
	t.Helper()
	for name, u := range map[string]*account.User{"ann": &ann, "bob": &bob} {
		made, _, err := h.accounts.CreateUser(t.Context(), account.NewUser{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		*u = made
	}
	for _, e := range []meter.Event{
		{Account: string(ann.CanonicalID), Bucket: "pond", Operation: meter.GetObject, Tier: meter.Tier2, Requests: 1, BytesOut: 100},
		{Account: string(ann.CanonicalID), Bucket: "pond", Operation: meter.GetObject, Tier: meter.Tier2, Requests: 2, BytesOut: 30, Source: meter.BitTorrent},
		{Account: string(ann.CanonicalID), Bucket: "lake", Operation: meter.PutObject, Tier: meter.Tier1, Requests: 1, BytesIn: 7},
		{Account: string(bob.CanonicalID), Bucket: "sea", Operation: meter.GetObject, Tier: meter.Tier2, Requests: 5, BytesOut: 50},
	} {
		e.At = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
		h.meter.Record(e)
	}
	return ann, bob
}

// TestUsage: who asks for what gets these rows.
func TestUsage(t *testing.T) {
	h := newTestHandler(t)
	h.o.Region = "eu-west-1"
	ann, bob := usageOf(t, h)
	root := access.Principal{Kind: access.Root}
	const (
		get  = "AmazonS3,GetObject,EU-DataTransfer-Out-Bytes,pond,@,130\nAmazonS3,GetObject,EU-Requests-Tier2,pond,@,3\n"
		put  = "AmazonS3,PutObject,EU-DataTransfer-In-Bytes,lake,@,7\nAmazonS3,PutObject,EU-Requests-Tier1,lake,@,1\n"
		bobs = "AmazonS3,GetObject,EU-DataTransfer-Out-Bytes,sea,@,50\nAmazonS3,GetObject,EU-Requests-Tier2,sea,@,5\n"
	)
	tests := []struct {
		who   access.Principal
		query string
		want  string
	}{
		{ann.Principal(), "", put + get},
		{ann.Principal(), "bucket=pond", get},
		{ann.Principal(), "bucket=sea", ""},
		{bob.Principal(), "", bobs},
		{root, "account=ann", put + get},
		{root, "account=bob", bobs},
		{root, "bucket=sea", bobs},
		{root, "operation=PutObject", put},
		{root, "operation=PutObject&operation=GetObject&account=ann", put + get},
		{root, "operation=GetObject&usage-type=Requests-Tier2&usage-type=EU-Requests-Tier1&account=ann", "AmazonS3,GetObject,EU-Requests-Tier2,pond,@,3\n"},
		{ann.Principal(), "split-torrent=true&bucket=pond", "AmazonS3,GetObject,EU-DataTransfer-Out-Bytes,pond,@,100,REST\n" +
			"AmazonS3,GetObject,EU-DataTransfer-Out-Bytes,pond,@,30,BITTORRENT\n" +
			"AmazonS3,GetObject,EU-Requests-Tier2,pond,@,1,REST\nAmazonS3,GetObject,EU-Requests-Tier2,pond,@,2,BITTORRENT\n"},
	}
	const period = "11/01/26 12:00:00,11/01/26 13:00:00"
	for _, tt := range tests {
		w := httptest.NewRecorder()
		h.As(tt.who, access.Context{}).ServeHTTP(w, httptest.NewRequest("GET", usagePath+tt.query, nil))
		header, rows, _ := strings.Cut(w.Body.String(), "\n")
		if got := strings.ReplaceAll(rows, period, "@"); w.Code != http.StatusOK || got != tt.want || !strings.HasPrefix(header, "Service, ") {
			t.Errorf("%s %q: %d\n%s\ngot:\n%swant:\n%s", tt.who.UserName, tt.query, w.Code, header, got, tt.want)
		}
	}
}

const usagePath = "/v1/usage?format=csv&from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z&granularity=hours&"

func TestUsageRefusals(t *testing.T) {
	h := newTestHandler(t)
	for query, want := range map[string]string{
		"operation=FlyObject":                         "is no operation",
		"operation=":                                  "is no operation",
		"usage-type=EU-Requests-Tier1":                "is no usage type", // of another region
		"usage-type=x-sampled-seconds":                "is no usage type",
		"split-torrent=perhaps":                       "split-torrent",
		strings.Repeat("operation=GetObject&", 1<<10): "not so many",
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", usagePath+query, nil))
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%.40q: %d %s, want 400 with %q", query, w.Code, w.Body, want)
		}
	}
}

// TestUsageThatBreaksOff: a report that ends in its middle is an error to who asked for it.
func TestUsageThatBreaksOff(t *testing.T) {
	abort := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "Service, Operation\n")
		panic(http.ErrAbortHandler)
	})
	var out bytes.Buffer
	err := InProcess(abort).Usage(t.Context(), &out, UsageQuery{})
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Usage = %v, want %v", err, io.ErrUnexpectedEOF)
	}
	h := newTestHandler(t)
	usageOf(t, h)
	defer func() {
		if p := recover(); p != http.ErrAbortHandler {
			t.Errorf("the handler ended with %v, want that the connection is cut", p)
		}
	}()
	h.ServeHTTP(&fullWriter{}, httptest.NewRequest("GET", usagePath, nil))
}

// fullWriter is an http.ResponseWriter to a client that is gone.
type fullWriter struct{ header http.Header }

// Header implements http.ResponseWriter.
func (f *fullWriter) Header() http.Header {
	if f.header == nil {
		f.header = http.Header{}
	}
	return f.header
}

// WriteHeader implements http.ResponseWriter.
func (f *fullWriter) WriteHeader(int) {}

// Write implements http.ResponseWriter.
func (f *fullWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestReportsAtATime: more than some reports at the same time wait, and are let in when one has ended.
func TestReportsAtATime(t *testing.T) {
	for name, path := range map[string]string{
		"usage": usagePath, "statements": "/v1/statements?month=2026-01&format=text", "savings": "/v1/savings?month=2026-01",
	} {
		t.Run(name, func(t *testing.T) { testReportsAtATime(t, path) })
	}
}

func testReportsAtATime(t *testing.T, path string) {
	h := newTestHandler(t)
	gone, leave := context.WithCancel(t.Context())
	leave()
	ask := func(ctx context.Context) int {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", path, nil))
		return w.Code
	}
	for range maxReports {
		h.reports <- struct{}{}
	}
	if got := ask(gone); got != http.StatusServiceUnavailable {
		t.Errorf("one more report, of a client who leaves: %d, want 503", got)
	}
	waiting := make(chan int)
	go func() { waiting <- ask(t.Context()) }()
	<-h.reports
	if got := <-waiting; got != http.StatusOK {
		t.Errorf("a report when there is room: %d, want 200", got)
	}
	if got := ask(t.Context()); got != http.StatusOK {
		t.Errorf("the next report: %d, want 200", got)
	}
}
