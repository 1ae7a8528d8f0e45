package certificate

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/mholt/acmez/v3/acme"
	"go.uber.org/zap"
)

func TestDefaultName(t *testing.T) {
	for _, tt := range []struct{ domains, want string }{
		{"", ""}, {"*.a.test", ""}, {"*.a.test a.test b.test", "a.test"},
	} {
		if got := DefaultName(strings.Fields(tt.domains)); got != tt.want {
			t.Errorf("of %q: %q, want %q", tt.domains, got, tt.want)
		}
	}
}

// TestOneChallenge: names are proven in one way, where a listener of ours answers.
func TestOneChallenge(t *testing.T) {
	plain, secure := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}, &net.TCPAddr{IP: net.IPv6zero, Port: 443}
	for _, tt := range []struct {
		name string
		o    Options
		want string // host, HTTP-01 and its port, TLS-ALPN-01 and its port, DNS-01
	}{
		{"TLS-ALPN-01", Options{TLS: secure}, ":: false 0 true 443 false"},
		{"HTTP-01", Options{TLS: secure, HTTP: plain}, "127.0.0.1 true 80 false 0 false"},
		{"DNS-01", Options{TLS: secure, HTTP: plain, DNSHook: "hook"}, " false 0 false 0 true"},
	} {
		var c certmagic.ACMEIssuer
		chooseChallenge(&c, tt.o)
		got := fmt.Sprint(c.ListenHost, " ", !c.DisableHTTPChallenge, " ", c.AltHTTPPort, " ", !c.DisableTLSALPNChallenge, " ", c.AltTLSALPNPort, " ", c.DNS01Solver != nil)
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestRoots(t *testing.T) {
	dir := t.TempDir()
	cert, _ := selfSigned(t, "ca.test")
	write(t, filepath.Join(dir, "roots"), cert)
	write(t, filepath.Join(dir, "junk"), []byte("junk"))
	for _, tt := range []struct {
		file string
		ok   bool
	}{{"roots", true}, {"junk", false}, {"absent", false}} {
		a, err := NewACME(Options{CARoot: filepath.Join(dir, tt.file), Dir: dir, TLS: &net.TCPAddr{}})
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v, want ok %t", tt.file, err, tt.ok)
		}
		if a != nil {
			a.Close()
			a.Close()
		}
	}
}

// TestNobodyPlaysTheCA: what looks like a challenge is neither answered nor logged while none is open.
func TestNobodyPlaysTheCA(t *testing.T) {
	addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}
	for name, o := range map[string]Options{"TLS-ALPN-01": {TLS: addr}, "HTTP-01": {TLS: addr, HTTP: addr}, "DNS-01": {TLS: addr, DNSHook: "hook"}} {
		var log records
		o.Dir, o.Logger = t.TempDir(), slog.New(slog.NewTextHandler(&log, nil))
		a, err := NewACME(o)
		if err != nil {
			t.Fatal(err)
		}
		cfg := a.TLSConfig()
		if got, want := slices.Contains(cfg.NextProtos, protocolACME), name == "TLS-ALPN-01"; got != want {
			t.Errorf("%s: offers of %s: %t, want %t", name, protocolACME, got, want)
		}
		if name == "TLS-ALPN-01" {
			hello := &tls.ClientHelloInfo{ServerName: "a.test", SupportedProtos: []string{protocolACME}}
			if _, err := cfg.GetCertificate(hello); err == nil {
				t.Errorf("%s: a challenge that is not open is answered", name)
			}
		}
		w := httptest.NewRecorder()
		a.Challenges(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("GET", "http://a.test/.well-known/acme-challenge/token", nil))
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: status %d, want that of the next handler", name, w.Code)
		}
		a.Close()
		if n := log.n.Load(); n != 0 {
			t.Errorf("%s: %d lines logged", name, n)
		}
	}
}

// TestDNSHook: the command gets the record as arguments and no setting of the server; its end is the result.
func TestDNSHook(t *testing.T) {
	t.Setenv("SHOAL_ROOT_SECRET_KEY", "secret")
	t.Setenv("TOKEN_OF_DNS", "token")
	dir := t.TempDir()
	hook := filepath.Join(dir, "hook")
	script := "#!/bin/sh\necho \"$*\" $TOKEN_OF_DNS $SHOAL_ROOT_SECRET_KEY >>" + filepath.Join(dir, "calls") + "\n" +
		"[ $1 = present ] && exit 0\nhead -c 100000 /dev/zero | tr '\\0' x >&2\nexit 3\n"
	if err := os.WriteFile(hook, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	c := acme.Challenge{Identifier: acme.Identifier{Type: "dns", Value: "a.test"}, KeyAuthorization: "token.thumb; rm -rf"}
	if err := (dnsHook{hook}).Present(t.Context(), c); err != nil {
		t.Error(err)
	}
	err := dnsHook{hook}.CleanUp(t.Context(), c)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("CleanUp = %v, want exit code 3", err)
	}
	if n := len(fmt.Sprint(err)); n < hookOutput || n > hookOutput+1000 {
		t.Errorf("the error has %d characters, want what was printed, cut", n)
	}
	calls, err := os.ReadFile(filepath.Join(dir, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	record := "_acme-challenge.a.test " + c.DNS01KeyAuthorization() + " token\n"
	if got, want := string(calls), "present "+record+"cleanup "+record; got != want {
		t.Errorf("called with\n%s\nwant\n%s", got, want)
	}
}

func TestLogsGoToSlog(t *testing.T) {
	var out bytes.Buffer
	h := slog.NewTextHandler(&out, &slog.HandlerOptions{
		Level: slog.LevelWarn,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	})
	log := zap.New(logCore{h}).With(zap.String("ca", "c"))
	log.Info("a step")
	log.Warn("a warning", zap.Int("attempt", 2))
	log.Error("a fault", zap.Error(errors.New("why")), zap.Strings("names", []string{"a"}))
	want := "level=WARN msg=\"a warning\" ca=c attempt=2\nlevel=ERROR msg=\"a fault\" ca=c error=why names=[a]\n"
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestExpires: of several names the first to expire counts, of a name its newest certificate.
func TestExpires(t *testing.T) {
	a, err := NewACME(Options{Domains: []string{"a.test", "b.test", "none.test"}, Dir: t.TempDir(), TLS: &net.TCPAddr{}})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if got := a.Expires(); !got.IsZero() {
		t.Errorf("without a certificate: %v", got)
	}
	now := time.Now().Truncate(time.Second)
	for _, c := range []struct {
		name string
		left time.Duration
	}{{"a.test", time.Hour}, {"a.test", 3 * time.Hour}, {"b.test", 2 * time.Hour}} {
		cert, key := signedUntil(t, c.name, now.Add(c.left))
		if _, err := a.config.CacheUnmanagedCertificatePEMBytes(t.Context(), cert, key, nil); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := a.Expires(), now.Add(2*time.Hour); !got.Equal(want) {
		t.Errorf("expires at %v, want %v", got, want)
	}
}
