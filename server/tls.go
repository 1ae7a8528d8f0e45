package server

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"shoal/server/certificate"
)

// Bounds of the listener that leads to TLS.
const (
	redirectTimeout    = 10 * time.Second // of a whole request
	redirectMaxHeaders = 16 << 10         // bytes
	httpsPort          = 443
)

// openCertificates reads the certificates that the configuration names, if any. The listeners are open.
func (s *Server) openCertificates() (err error) {
	switch {
	case s.cfg.TLSCert != "":
		s.files, err = certificate.OpenFiles(s.cfg.TLSCert, s.cfg.TLSKey, s.log)
	case len(s.cfg.ACMEDomain) > 0:
		o := certificate.Options{
			Domains: s.cfg.ACMEDomain, Email: s.cfg.ACMEEmail, CA: s.cfg.ACMECA, CARoot: s.cfg.ACMECARoot,
			Dir: filepath.Join(s.cfg.Data, "acme"), DNSHook: s.cfg.ACMEDNSHook, TLS: s.listeners.s3.Addr(), Logger: s.log,
		}
		if s.listeners.http != nil {
			o.HTTP = s.listeners.http.Addr()
		}
		s.acme, err = certificate.NewACME(o)
	}
	return err
}

// tlsConfig is that of the S3 listener; nil serves in plain.
func (s *Server) tlsConfig() *tls.Config {
	switch {
	case s.files != nil:
		return s.files.TLSConfig()
	case s.acme != nil:
		return s.acme.TLSConfig()
	}
	return nil
}

// certificateExpires is the time at which the first certificate in use expires, in seconds since 1970; 0 without any.
func (s *Server) certificateExpires() float64 {
	var at time.Time
	switch {
	case s.files != nil:
		at = s.files.Expires()
	case s.acme != nil:
		at = s.acme.Expires()
	}
	if at.IsZero() {
		return 0
	}
	return float64(at.Unix())
}

// trackerListener is that of HTTP announces, with TLS when it is wanted. A handshake is part of the connection's first
// read, and has its time.
func (s *Server) trackerListener() net.Listener {
	if !s.cfg.TrackerTLS {
		return s.listeners.tracker
	}
	return tls.NewListener(s.listeners.tracker, s.tlsConfig())
}

// runCertificates keeps the certificates new.
func (s *Server) runCertificates(ctx context.Context) error {
	switch {
	case s.files != nil:
		return s.files.Run(ctx)
	case s.acme != nil:
		return s.acme.Run(ctx)
	}
	<-ctx.Done()
	return nil
}

// runRedirect leads who comes in plain to TLS, and answers the CA, where there is a listener for it.
func (s *Server) runRedirect(ctx context.Context) error {
	if s.listeners.http == nil {
		<-ctx.Done()
		return nil
	}
	h := redirectToTLS(portOf(s.Addresses().S3))
	if s.acme != nil {
		h = s.acme.Challenges(h)
	}
	return serveHTTP(ctx, &http.Server{
		Handler: h, ReadTimeout: redirectTimeout, WriteTimeout: redirectTimeout, MaxHeaderBytes: redirectMaxHeaders,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}, s.listeners.http)
}

// redirectToTLS redirects reads to the same host on port. Others are refused: their bodies and keys have gone
// unprotected, and whoever sends them has to know.
func redirectToTLS(port uint16) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			http.Error(w, "use https", http.StatusForbidden)
		case r.Host == "":
			http.Error(w, "no Host header", http.StatusBadRequest)
		default:
			http.Redirect(w, r, "https://"+hostWithPort(r.Host, port)+r.URL.RequestURI(), http.StatusPermanentRedirect)
		}
	})
}

// hostWithPort is a Host header with another port; that of https is not named.
func hostWithPort(host string, port uint16) string {
	u := url.URL{Host: host}
	if port == httpsPort {
		if strings.Contains(u.Hostname(), ":") {
			return "[" + u.Hostname() + "]"
		}
		return u.Hostname()
	}
	return net.JoinHostPort(u.Hostname(), strconv.Itoa(int(port)))
}
