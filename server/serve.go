package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"shoal/core/access"
	"shoal/core/object"
	"shoal/front/admin"
	"shoal/front/iamapi"
	"shoal/front/s3api"
	"shoal/front/soapapi"
	"shoal/front/tracker"
)

// Time bounds of the HTTP listeners.
const (
	trackerTimeout    = 30 * time.Second // of one announce
	trackerMaxHeaders = 16 << 10         // bytes
	drainTimeout      = 10 * time.Second
)

// runS3 serves the S3 front and, below /_shoal/, what is not S3.
func (s *Server) runS3(ctx context.Context) error {
	srv := s3api.NewHTTPServer(s.s3Routes(), s.log)
	srv.TLSConfig = s.tlsConfig()
	return serveHTTP(ctx, srv, s.listeners.s3)
}

// s3Routes is what the S3 address serves.
func (s *Server) s3Routes() http.Handler {
	own := http.NewServeMux()
	own.HandleFunc("GET /_shoal/health", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	own.Handle(admin.PathPrefix+"/", s.s3.Signed(func(p access.Principal, conditions access.Context) http.Handler {
		return http.StripPrefix(admin.PathPrefix, s.admin.As(p, conditions))
	}))
	own.Handle("GET /_shoal/metrics", s.metricsHandler())
	soap := s.s3Load.count(s.s3.Share(s.soap.ServeHTTP, s.soap.Busy))
	return besideS3(own, s.iam, soap, s.s3Load.count(s.s3), s.s3.Hosts)
}

// besideS3 puts our own paths and the APIs of IAM and STS beside S3: "_shoal" cannot be a bucket's name. Where the host
// is a bucket's (hosted), it is the beginning of a key like any other, and a form is for the bucket.
// A message of SOAP is none of S3's requests at any host, and its description is the service's.
func besideS3(own, iam, soap, s3 http.Handler, hosted func(host string) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/_shoal/") && !hosted(r.Host) {
			own.ServeHTTP(w, r)
			return
		}
		if iamapi.Serves(r) && !hosted(r.Host) {
			iam.ServeHTTP(w, r)
			return
		}
		if soapapi.Serves(r) {
			soap.ServeHTTP(w, r)
			return
		}
		if soapapi.ServesSchema(r) && !hosted(r.Host) {
			soapapi.ServeSchema(w, r)
			return
		}
		s3.ServeHTTP(w, r)
	})
}

// runTracker serves HTTP, WebSocket and UDP announces.
func (s *Server) runTracker(ctx context.Context) error {
	srv := &http.Server{
		Handler: s.tracker, ReadHeaderTimeout: tracker.HeaderTimeout, ReadTimeout: trackerTimeout, WriteTimeout: trackerTimeout,
		IdleTimeout: tracker.KeepAlive, MaxHeaderBytes: trackerMaxHeaders, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	g, ctx := errgroup.WithContext(ctx)
	// What was asked before the stop is answered.
	l := s.tracker.ListenHTTP(context.WithoutCancel(ctx), s.trackerListener())
	g.Go(func() error { return serveHTTP(ctx, srv, l) })
	g.Go(func() error { return s.tracker.RunWebSockets(ctx) })
	g.Go(func() error { return s.tracker.ServeUDP(ctx, s.listeners.trackerUDP...) })
	return g.Wait()
}

func (s *Server) runSeeder(ctx context.Context) error {
	defer s.listeners.waitUTP() // the last packets of its streams
	return s.seeder.Serve(ctx, s.listeners.peers()...)
}

// runScrubber re-reads stored content, unless it is turned off.
func (s *Server) runScrubber(ctx context.Context) error {
	if s.cfg.ScrubBytesPerSec == 0 {
		<-ctx.Done()
		return nil
	}
	return s.objects.Scrub(ctx, object.ScrubOptions{BytesPerSecond: s.cfg.ScrubBytesPerSec})
}

// runAdmin serves the control API on its socket.
func (s *Server) runAdmin(ctx context.Context) error {
	return serveHTTP(ctx, &http.Server{Handler: s.admin, ReadHeaderTimeout: trackerTimeout}, s.listeners.admin)
}

// serveHTTP serves l, by TLS when srv has it, until ctx is done, then lets requests in flight finish within drainTimeout.
func serveHTTP(ctx context.Context, srv *http.Server, l net.Listener) error {
	if g, ok := l.(*gate); ok {
		srv.ConnState = g.connState
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		defer cancel()
		err := srv.Shutdown(drain)
		if err != nil {
			err = errors.Join(err, srv.Close())
		}
		stopped <- err
	})
	err := serve(srv, l)
	if !stop() {
		return errors.Join(ignoreServerClosed(err), ignoreDeadline(<-stopped))
	}
	return ignoreServerClosed(err)
}

func serve(srv *http.Server, l net.Listener) error {
	if srv.TLSConfig == nil {
		return srv.Serve(l)
	}
	srv.Protocols = new(http.Protocols)
	srv.Protocols.SetHTTP1(true) // alone: docs/decisions/0015-certmagic.md
	return srv.ServeTLS(l, "", "")
}

func ignoreServerClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// ignoreDeadline: requests that outlasted the drain were cut off, which is the bound doing its work.
func ignoreDeadline(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}
