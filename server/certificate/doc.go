// Package certificate has the certificates with which the server speaks TLS: Files reads a pair of PEM files again
// when they change, ACME gets and renews its own from a CA (RFC 8555).
//
// Both give a tls.Config that always serves the newest certificate, and Run, which keeps it new. Only ACME knows of
// certmagic, and connects to the outside. Everything is safe for concurrent use.
package certificate
