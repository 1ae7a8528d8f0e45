package server

import (
	"context"
	"crypto/sha1"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"

	"shoal/front/iamapi"
)

// newProviderClient returns a client for the URLs that accounts give, whom the operator need not trust: it connects to
// public addresses only, so that nobody reads the operator's own network through it, and takes no proxy.
func newProviderClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: publicDialer().DialContext, ForceAttemptHTTP2: true, DisableKeepAlives: true,
		TLSHandshakeTimeout: fetchTimeout, ResponseHeaderTimeout: fetchTimeout,
	}}
}

// publicDialer looks at each address after its name was resolved, so that no name hides one.
func publicDialer() *net.Dialer {
	return &net.Dialer{Timeout: fetchTimeout, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if !isPublic(to.Addr()) {
			return fmt.Errorf("%s is not a public address", to.Addr())
		}
		return nil
	}}
}

// notPublic are the prefixes that are neither global nor told by netip (IANA special-purpose address registries).
// Never written.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"),
	netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"),
}

func isPublic(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.Zone() != "" {
		return false
	}
	for _, p := range notPublic {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// Thumbprint implements iamapi.WebIdentity: the SHA-1 of the last certificate that the host sends, as AWS takes it.
func (w *webIdentity) Thumbprint(ctx context.Context, provider string) (string, error) {
	u, err := url.Parse(provider)
	if err != nil {
		return "", fmt.Errorf("%w: %w", iamapi.ErrUnreachable, err)
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	dialer := tls.Dialer{NetDialer: publicDialer()}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), "443"))
	if err != nil {
		return "", fmt.Errorf("%w: %w", iamapi.ErrUnreachable, err)
	}
	defer conn.Close()
	secured, ok := conn.(*tls.Conn)
	if !ok {
		return "", errors.New("a TLS connection is none")
	}
	sent := secured.ConnectionState().PeerCertificates
	sum := sha1.Sum(sent[len(sent)-1].Raw)
	return hex.EncodeToString(sum[:]), nil
}
