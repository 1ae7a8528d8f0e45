package s3api

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"shoal/core/account"
	"shoal/core/meter"
)

// unmetered is a meter.Recorder that forgets.
type unmetered struct{}

func (unmetered) Record(meter.Event) {}

// BenchmarkSmallGet is an anonymous GET of 4 KiB, from the parsed request to the answer, without the network: with the
// meter and without, and with the meter and an access log. The meter is to cost under 2 % of it.
func BenchmarkSmallGet(b *testing.B) {
	s := newTestServer(b, Options{})
	s.must(b, owner, "PUT", "/logs", "")
	s.must(b, owner, "PUT", "/logs?policy", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
		"Principal":{"Service":"logging.s3.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/*"}]}`)
	for _, bucket := range []string{"plain", "logged"} {
		s.must(b, owner, "PUT", "/"+bucket, "")
		s.must(b, owner, "PUT", "/"+bucket+"/key", strings.Repeat("x", 4096), "x-amz-acl: public-read")
	}
	s.must(b, owner, "PUT", "/logged?logging", `<BucketLoggingStatus><LoggingEnabled><TargetBucket>logs</TargetBucket>`+
		`<TargetPrefix></TargetPrefix></LoggingEnabled></BucketLoggingStatus>`)
	for _, with := range []struct{ name, bucket string }{{"without meter", "plain"}, {"with meter", "plain"}, {"with meter and log", "logged"}} {
		b.Run(with.name, func(b *testing.B) {
			var recorder meter.Recorder = unmetered{}
			if with.name != "without meter" {
				m := meter.New(s.engine, meter.Options{})
				go func() { _ = m.Run(b.Context()) }()
				recorder = m
			}
			h := New(s.objects, account.New(s.engine, account.Options{}), recorder, Options{Logger: slog.New(slog.DiscardHandler)})
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r := httptest.NewRequest(http.MethodGet, "/"+with.bucket+"/key", nil)
					w := &discardAnswer{header: http.Header{}}
					h.ServeHTTP(w, r)
					if w.status != http.StatusOK || w.sent != 4096 {
						b.Errorf("status %d, %d bytes", w.status, w.sent)
						return
					}
				}
			})
		})
	}
}

// discardAnswer is an http.ResponseWriter that counts.
type discardAnswer struct {
	header http.Header
	status int
	sent   int64
}

func (d *discardAnswer) Header() http.Header { return d.header }

func (d *discardAnswer) WriteHeader(status int) { d.status = status }

func (d *discardAnswer) Write(p []byte) (int, error) {
	d.sent += int64(len(p))
	return len(p), nil
}

func (d *discardAnswer) ReadFrom(r io.Reader) (int64, error) {
	n, err := io.Copy(io.Discard, r)
	d.sent += n
	return n, err
}
