package server

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"shoal/config"
	"shoal/core/object"
	"shoal/front/s3api"
	"shoal/front/tracker"
)

func TestRedirectToTLS(t *testing.T) {
	tests := []struct {
		method, host, target string
		port                 uint16
		status               int
		location             string
	}{
		{"GET", "store.test", "/b/k?torrent&x=%2f", 443, http.StatusPermanentRedirect, "https://store.test/b/k?torrent&x=%2f"},
		{"HEAD", "store.test:80", "/", 9000, http.StatusPermanentRedirect, "https://store.test:9000/"},
		{"GET", "[2001:db8::1]:80", "/a%2Fb", 443, http.StatusPermanentRedirect, "https://[2001:db8::1]/a%2Fb"},
		{"GET", "[2001:db8::1]", "//other.test/k", 9000, http.StatusPermanentRedirect, "https://[2001:db8::1]:9000//other.test/k"},
		{"PUT", "store.test", "/b/k", 443, http.StatusForbidden, ""},
		{"POST", "store.test", "/b/k", 443, http.StatusForbidden, ""},
		{"GET", "", "/", 443, http.StatusBadRequest, ""},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(tt.method, tt.target, nil)
		r.Host = tt.host
		w := httptest.NewRecorder()
		redirectToTLS(tt.port).ServeHTTP(w, r)
		if got := w.Header().Get("Location"); w.Code != tt.status || got != tt.location {
			t.Errorf("%s %s of %q: got %d %q, want %d %q", tt.method, tt.target, tt.host, w.Code, got, tt.status, tt.location)
		}
	}
}

// oneConn is a listener of one connection.
type oneConn struct {
	net.Listener
	conns chan net.Conn
}

func (l *oneConn) Accept() (net.Conn, error) {
	c, ok := <-l.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (l *oneConn) Close() error   { close(l.conns); return nil }
func (l *oneConn) Addr() net.Addr { return &net.TCPAddr{} }

// fromTCP is a pipe that says it is a TCP connection.
type fromTCP struct{ net.Conn }

func (fromTCP) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 5000} }

// TestSilentHandshake: who connects to a listener with TLS and says nothing is cut off.
func TestSilentHandshake(t *testing.T) {
	const within = 15 * time.Second
	cfg := &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, nil }}
	for name, run := range map[string]func(ctx context.Context, l net.Listener) error{
		"s3": func(ctx context.Context, l net.Listener) error {
			srv := s3api.NewHTTPServer(http.NotFoundHandler(), slog.New(slog.DiscardHandler))
			srv.TLSConfig = cfg
			return serveHTTP(ctx, srv, l)
		},
		"tracker": func(ctx context.Context, l net.Listener) error {
			h := tracker.New(nil, tracker.Options{})
			return serveHTTP(ctx, &http.Server{Handler: h}, h.ListenHTTP(ctx, tls.NewListener(l, cfg)))
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := &oneConn{conns: make(chan net.Conn, 1)}
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- run(ctx, l) }()
			client, conn := net.Pipe()
			l.conns <- fromTCP{conn}
			began := time.Now()
			n, err := client.Read(make([]byte, 1))
			if took := time.Since(began); err != io.EOF || n != 0 || took > within || took < time.Second {
				t.Errorf("%s: %d bytes, %v after %v, want the end within %v", name, n, err, took, within)
			}
			stop()
			if err := <-done; err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

// TestLinksWithTLS: the links of a shared file are those of a server with TLS; the tracker's only if it has it too.
func TestLinksWithTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := writePair(t, dir)
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, trackerTLS := range []bool{false, true} {
		s, err := Open(t.Context(), config.Config{
			Data: t.TempDir(), S3Addr: "127.0.0.1:0", TrackerAddr: "127.0.0.1:0", PeerAddr: "127.0.0.1:0", TorrentVersion: "1", Seeding: "egress",
			Region: "us-east-1", TLSCert: cert, TLSKey: key, TrackerTLS: trackerTLS, AnnounceWS: true, PublicHost: "store.test",
		}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if got := time.Unix(int64(s.certificateExpires()), 0); !got.Equal(s.files.Expires()) {
			t.Errorf("the metric has %v, want %v", got, s.files.Expires())
		}
		links, err := s.Share(t.Context(), file, "store.test", func(string, int64, int64) {})
		if err != nil {
			t.Fatal(err)
		}
		a := s.Addresses()
		url := "https://store.test:" + strings.TrimPrefix(a.S3, "127.0.0.1:")
		if s.URL() != url || links.URL != url+"/share/file" || links.Torrent != url+"/share/file?torrent" {
			t.Errorf("links %+v of a server at %s, want %s in each", links, s.URL(), url)
		}
		for _, scheme := range []string{"http", "ws"} {
			if trackerTLS {
				scheme += "s"
			}
			if want := "tr=" + scheme + "%3A%2F%2Fstore.test%3A"; !strings.Contains(links.Magnet, want) {
				t.Errorf("magnet link %s, want %s in it", links.Magnet, want)
			}
		}
		if report, err := s.objects.Fsck(t.Context(), object.FsckOptions{Deep: true}); err != nil || len(report.Findings) > 0 {
			t.Errorf("check of the store: %v, %v", report.Findings, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// writePair writes a certificate for store.test and its key into dir.
func writePair(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"store.test"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}
