package certificate

import "crypto/tls"

// Protocols of ALPN.
const (
	protocolHTTP = "http/1.1" // alone: see docs/decisions/0015-certmagic.md
	protocolACME = "acme-tls/1"
)

// tlsConfig is that of a listener. The ciphers are those of the standard library.
func tlsConfig(get func(*tls.ClientHelloInfo) (*tls.Certificate, error), protocols ...string) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: get, NextProtos: protocols}
}
