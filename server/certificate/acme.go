package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/zap"

	"shoal/storage/durable"
)

// Options of NewACME.
type Options struct {
	Domains []string // one certificate each; a wildcard needs DNSHook
	Email   string   // of the account; may be empty
	CA      string   // URL of the directory
	CARoot  string   // PEM file of the roots that the CA's own certificate has; empty: those of the system
	Dir     string   // of account, keys and certificates, for the owner alone

	// DNSHook is the command that proves names by DNS-01. Without it, HTTP, the address of the listener whose handler is
	// Challenges, proves them by HTTP-01; without that too, TLS, the address of the listener with TLSConfig, by TLS-ALPN-01.
	DNSHook   string
	HTTP, TLS net.Addr

	Logger *slog.Logger
}

// ACME is the certificates of some domains, from a CA.
type ACME struct {
	domains []string
	cache   *certmagic.Cache
	config  *certmagic.Config
	issuer  *certmagic.ACMEIssuer
	stop    sync.Once
}

// NewACME returns the certificates that are stored already; Run gets the others. Who does not run it must close it.
func NewACME(o Options) (*ACME, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	roots, err := readRoots(o.CARoot)
	if err != nil {
		return nil, err
	}
	a := &ACME{domains: o.Domains}
	log := zap.New(logCore{o.Logger.Handler()})
	a.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return a.config, nil },
		Logger:           log,
	})
	a.config = certmagic.New(a.cache, certmagic.Config{
		DefaultServerName: DefaultName(o.Domains),
		Storage:           &certmagic.FileStorage{Path: o.Dir},
		Logger:            log,
		OnEvent: func(_ context.Context, event string, data map[string]any) error {
			if event == "cert_obtained" {
				o.Logger.Info("certificate obtained", "name", data["identifier"], "renewal", data["renewal"])
			}
			return nil
		},
	})
	template := certmagic.ACMEIssuer{
		CA: o.CA, Email: o.Email, Agreed: true, TrustedRoots: roots, Logger: log,
		DisableDistributedSolvers: true, // no other process answers for us
	}
	chooseChallenge(&template, o)
	a.issuer = certmagic.NewACMEIssuer(a.config, template)
	a.config.Issuers = []certmagic.Issuer{a.issuer}
	return a, nil
}

// chooseChallenge leaves one challenge to t: the one that its operator has prepared.
func chooseChallenge(t *certmagic.ACMEIssuer, o Options) {
	t.DisableHTTPChallenge, t.DisableTLSALPNChallenge = true, true
	switch {
	case o.DNSHook != "":
		t.DNS01Solver = dnsHook{o.DNSHook}
	case o.HTTP != nil:
		t.DisableHTTPChallenge = false
		t.ListenHost, t.AltHTTPPort = hostPort(o.HTTP)
	default:
		t.DisableTLSALPNChallenge = false
		t.ListenHost, t.AltTLSALPNPort = hostPort(o.TLS)
	}
}

// hostPort: certmagic listens there itself, unless somebody does.
func hostPort(a net.Addr) (host string, port int) {
	tcp := a.(*net.TCPAddr)
	return tcp.IP.String(), tcp.Port
}

// readRoots returns nil, the system's roots, for no file.
func readRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := durable.ReadFile(vfs.Default, file, maxPEM)
	if err != nil {
		return nil, fmt.Errorf("roots of the CA: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("roots of the CA: %s has no certificate in PEM", file)
	}
	return roots, nil
}

// DefaultName returns the first domain that is not a wildcard, whose certificate clients get that name no host; "" is
// none.
func DefaultName(domains []string) string {
	for _, d := range domains {
		if !strings.HasPrefix(d, "*.") {
			return d
		}
	}
	return ""
}

// TLSConfig returns the configuration of a listener. It answers the challenges of TLS-ALPN-01 too (RFC 8737), where names
// are proven so.
func (a *ACME) TLSConfig() *tls.Config {
	if a.issuer.DisableTLSALPNChallenge {
		return tlsConfig(a.config.GetCertificate, protocolHTTP)
	}
	return tlsConfig(a.certificate, protocolHTTP, protocolACME)
}

// certificate refuses who plays the CA while no challenge is open: certmagic would log an error for each.
func (a *ACME) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if slices.Contains(hello.SupportedProtos, protocolACME) && !challenged(hello.ServerName) {
		return nil, fmt.Errorf("no challenge is open for %q", hello.ServerName)
	}
	return a.config.GetCertificate(hello)
}

// Expires returns when the first of the certificates in use expires; the zero time while there is none.
func (a *ACME) Expires() (first time.Time) {
	for _, domain := range a.domains {
		var newest time.Time // a name may have its old certificate beside the renewed one
		for _, c := range a.cache.AllMatchingCertificates(domain) {
			if c.Leaf != nil && c.Leaf.NotAfter.After(newest) {
				newest = c.Leaf.NotAfter
			}
		}
		if !newest.IsZero() && (first.IsZero() || newest.Before(first)) {
			first = newest
		}
	}
	return first
}

// Challenges answers those of HTTP-01 (RFC 8555, section 8.3) while they are open, and leaves everything else to next.
func (a *ACME) Challenges(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !challenged(r.Host) || !a.issuer.HandleHTTPChallenge(w, r) {
			next.ServeHTTP(w, r)
		}
	})
}

// challenged reports whether the CA is to look at a name now.
func challenged(host string) bool {
	_, open := certmagic.GetACMEChallenge(host)
	return open
}

// Run gets the certificates that are missing and renews them, until ctx is done. What fails is tried again, after a
// minute first, then less often.
func (a *ACME) Run(ctx context.Context) error {
	defer a.Close()
	if err := a.config.ManageAsync(ctx, a.domains); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// Close ends what NewACME has started, and gives up the locks of orders under way, for which the next start would wait.
// Closing twice is fine.
func (a *ACME) Close() {
	a.stop.Do(func() {
		a.cache.Stop()
		certmagic.CleanUpOwnLocks(context.Background(), a.config.Logger)
	})
}
