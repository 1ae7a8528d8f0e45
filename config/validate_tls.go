package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// tlsFaults are those of the settings of TLS and ACME.
func (c *Config) tlsFaults() []error {
	var faults []error
	bad := func(text string) { faults = append(faults, errors.New(text)) }
	if (c.TLSCert == "") != (c.TLSKey == "") {
		bad("--tls-cert and --tls-key go together: set both or neither")
	}
	if c.TLSCert != "" && len(c.ACMEDomain) > 0 {
		bad("--tls-cert and --acme-domain are two sources of certificates: set one")
	}
	if !c.TLS() && c.HTTPAddr != "" {
		bad("--http-addr leads to TLS, which is off: set --tls-cert or --acme-domain too")
	}
	if !c.TLS() && c.TrackerTLS {
		bad("--tracker-tls has no certificate: set --tls-cert or --acme-domain too")
	}
	if c.HTTPAddr != "" {
		if why := addressFault(c.HTTPAddr); why != "" {
			bad("--http-addr " + c.HTTPAddr + ": " + why)
		}
	}
	return append(faults, c.acmeFaults()...)
}

func (c *Config) acmeFaults() []error {
	var faults []error
	for _, d := range c.ACMEDomain {
		name, wildcard := strings.CutPrefix(d, "*.")
		switch {
		case !isDomain(name) || strings.Contains(name, "*") || net.ParseIP(name) != nil:
			faults = append(faults, fmt.Errorf("--acme-domain %q: must be a domain name, or *. and one", d))
		case wildcard && c.ACMEDNSHook == "":
			faults = append(faults, fmt.Errorf("--acme-domain %q: a CA proves wildcards by DNS-01 only: set --acme-dns-hook", d))
		}
	}
	if len(c.ACMEDomain) == 0 {
		if c.ACMEEmail != "" || c.ACMECARoot != "" || c.ACMEDNSHook != "" {
			faults = append(faults, errors.New("--acme-email, --acme-ca-root and --acme-dns-hook go with --acme-domain"))
		}
		return faults
	}
	if u, err := url.Parse(c.ACMECA); err != nil || u.Scheme != "https" || u.Host == "" {
		faults = append(faults, fmt.Errorf("--acme-ca %q: must be an https URL", c.ACMECA))
	}
	return faults
}
