package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of values that make sense.
const (
	minRootAccessKey = 3 // bytes; shorter ones are refused by clients
	minRootSecretKey = 8 // bytes

	maxDHTLookups   = 600     // a minute: of more, packets would be late
	maxDHTTorrents  = 100_000 // as many as there are live swarms
	maxDHTBootstrap = 16
)

// Validate reports every fault of c at once, each as the field's flag, its value and what is wrong.
func (c *Config) Validate() error {
	var faults []error
	bad := func(flag string, value any, why string) {
		faults = append(faults, fmt.Errorf("--%s %v: %s", flag, value, why))
	}
	if c.Data == "" {
		bad("data", `""`, "must name a directory")
	}
	for _, a := range []struct{ flag, value string }{
		{"s3-addr", c.S3Addr}, {"tracker-addr", c.TrackerAddr}, {"peer-addr", c.PeerAddr},
	} {
		if why := addressFault(a.value); why != "" {
			bad(a.flag, a.value, why)
		}
	}
	if strings.ContainsAny(c.PublicHost, "/ ") {
		bad("public-host", c.PublicHost, "must be a host name or address, without scheme, port or path")
	}
	for _, d := range c.Domain {
		if !isDomain(d) {
			bad("domain", strconv.Quote(d), "must be a domain name")
		}
	}
	for _, d := range c.WebsiteDomain {
		if !isDomain(d) || slices.Contains(c.Domain, d) {
			bad("website-domain", strconv.Quote(d), "must be a domain name, and not that of --domain")
		}
	}
	if c.LifecycleDay < time.Second {
		bad("lifecycle-day", c.LifecycleDay, "must be at least 1s")
	}
	if c.LogDeliveryInterval < time.Second {
		bad("log-delivery-interval", c.LogDeliveryInterval, "must be at least 1s")
	}
	for _, n := range []struct {
		flag  string
		value int
	}{
		{"max-requests", c.MaxRequests},
		{"max-peers", c.MaxPeers},
		{"max-peers-per-swarm", c.MaxPeersPerSwarm},
		{"max-peers-per-ip", c.MaxPeersPerIP},
	} {
		if n.value < 1 {
			bad(n.flag, n.value, "must be at least 1")
		}
	}
	if c.TrackerRate < 0 {
		bad("tracker-rate", c.TrackerRate, "must not be negative")
	}
	if c.TrackerConnsPerIP < 0 {
		bad("tracker-conns-per-ip", c.TrackerConnsPerIP, "must not be negative")
	}
	if c.ScrubBytesPerSec < 0 {
		bad("scrub-bytes-per-sec", c.ScrubBytesPerSec, "must not be negative")
	}
	c.dhtFaults(bad)
	faults = append(faults, c.eventFaults()...)
	faults = append(faults, c.tlsFaults()...)
	faults = append(faults, c.rootKeyFaults()...)
	faults = append(faults, c.oidcFaults()...)
	return errors.Join(faults...)
}

func (c *Config) dhtFaults(bad func(flag string, value any, why string)) {
	if why := addressFault(c.DHTAddr); why != "" {
		bad("dht-addr", c.DHTAddr, why)
	}
	if n := len(c.DHTBootstrap); n > maxDHTBootstrap || n == 0 && c.DHT {
		bad("dht-bootstrap", n, fmt.Sprintf("must have 1 to %d nodes", maxDHTBootstrap))
	}
	for _, node := range c.DHTBootstrap {
		if host, port, _ := net.SplitHostPort(node); host == "" || port == "0" || addressFault(node) != "" {
			bad("dht-bootstrap", node, "must be HOST:PORT")
		}
	}
	for _, n := range []struct {
		flag       string
		value, max int
	}{{"dht-lookups", c.DHTLookups, maxDHTLookups}, {"dht-torrents", c.DHTTorrents, maxDHTTorrents}} {
		if n.value < 1 || n.value > n.max {
			bad(n.flag, n.value, fmt.Sprintf("must be from 1 to %d", n.max))
		}
	}
}

func (c *Config) oidcFaults() (faults []error) {
	if c.OIDCIssuer == "" {
		if c.OIDCJWKS != "" || len(c.OIDCClientID) > 0 {
			faults = append(faults, errors.New("--oidc-client-id and --oidc-jwks need --oidc-issuer"))
		}
		return faults
	}
	if u, err := url.Parse(c.OIDCIssuer); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		faults = append(faults, fmt.Errorf("--oidc-issuer %s: must be a URL without query or fragment", c.OIDCIssuer))
	}
	if len(c.OIDCClientID) == 0 {
		faults = append(faults, errors.New("--oidc-issuer needs an --oidc-client-id: a token that was made for another service must not be taken"))
	}
	return faults
}

func (c *Config) rootKeyFaults() []error {
	switch {
	case c.RootAccessKey == "" && c.RootSecretKey == "":
		return nil
	case c.RootAccessKey == "" || c.RootSecretKey == "":
		return []error{errors.New("--root-access-key and --root-secret-key go together: set both or neither")}
	case len(c.RootAccessKey) < minRootAccessKey:
		return []error{fmt.Errorf("--root-access-key: must have at least %d characters", minRootAccessKey)}
	case len(c.RootSecretKey) < minRootSecretKey:
		return []error{fmt.Errorf("--root-secret-key: must have at least %d characters", minRootSecretKey)}
	}
	return nil
}

func isDomain(d string) bool { return d != "" && !strings.ContainsAny(d, "/: ") }

func addressFault(a string) string {
	_, port, err := net.SplitHostPort(a)
	if err != nil {
		return "must be HOST:PORT or :PORT"
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return "port must be a number from 0 to 65535"
	}
	return ""
}
