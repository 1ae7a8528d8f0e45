package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func valid() Config {
	return Config{
		Data: "d", S3Addr: ":9000", TrackerAddr: "127.0.0.1:0", PeerAddr: "[::1]:6881",
		LifecycleDay: time.Hour, LogDeliveryInterval: time.Minute, MaxRequests: 1, MaxPeers: 1, MaxPeersPerSwarm: 1, MaxPeersPerIP: 1,
		DHTAddr: ":0", DHTLookups: 1, DHTTorrents: 1, EventQueue: 1,
	}
}

func TestValidateNamesEveryFault(t *testing.T) {
	c := valid()
	if err := c.Validate(); err != nil {
		t.Fatalf("valid config: %v", err)
	}
	c.S3Addr, c.PeerAddr, c.PublicHost = "9000", ":70000", "http://x/"
	c.Domain, c.WebsiteDomain = []string{"s3.example"}, []string{"s3.example"}
	c.LifecycleDay, c.LogDeliveryInterval, c.MaxPeers, c.RootAccessKey = 0, 0, 0, "key"
	err := c.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"--s3-addr 9000", "--peer-addr :70000", "--public-host http://x/", `--website-domain "s3.example"`, "--lifecycle-day", "--log-delivery-interval", "--max-peers 0", "--root-access-key and --root-secret-key"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not name %q:\n%v", want, err)
		}
	}
}

func TestDHTFaults(t *testing.T) {
	for _, tt := range []struct {
		name string
		set  func(*Config)
		want string // "" is valid
	}{
		{"on", func(c *Config) { c.DHT, c.DHTBootstrap = true, []string{"node.example:6881", "[2001:db8::1]:6881"} }, ""},
		{"on without nodes", func(c *Config) { c.DHT = true }, "--dht-bootstrap 0"},
		{"no port", func(c *Config) { c.DHTBootstrap = []string{"node.example"} }, "--dht-bootstrap node.example"},
		{"port 0", func(c *Config) { c.DHTBootstrap = []string{"node.example:0"} }, "--dht-bootstrap node.example:0"},
		{"no host", func(c *Config) { c.DHTBootstrap = []string{":6881"} }, "--dht-bootstrap :6881"},
		{"many nodes", func(c *Config) { c.DHTBootstrap = slices.Repeat([]string{"node.example:6881"}, 17) }, "--dht-bootstrap 17"},
		{"address", func(c *Config) { c.DHTAddr = "6881" }, "--dht-addr 6881"},
		{"no lookups", func(c *Config) { c.DHTLookups = 0 }, "--dht-lookups 0"},
		{"many lookups", func(c *Config) { c.DHTLookups = 601 }, "--dht-lookups 601"},
		{"many torrents", func(c *Config) { c.DHTTorrents = 100_001 }, "--dht-torrents 100001"},
	} {
		c := valid()
		tt.set(&c)
		err := c.Validate()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestRootKeyBounds(t *testing.T) {
	tests := []struct {
		access string
		secret Secret
		ok     bool
	}{
		{"", "", true}, {"abc", "12345678", true}, {"ab", "12345678", false}, {"abc", "1234567", false}, {"", "12345678", false},
	}
	for _, tt := range tests {
		c := valid()
		c.RootAccessKey, c.RootSecretKey = tt.access, tt.secret
		if err := c.Validate(); (err == nil) != tt.ok {
			t.Errorf("Validate with root key %q: %v, want ok %v", tt.access, err, tt.ok)
		}
	}
}

func TestTLSSettings(t *testing.T) {
	const ca = "https://ca.example/directory"
	tests := []struct {
		name string
		set  func(*Config)
		want string // in the error; "" is none
	}{
		{"own certificate", func(c *Config) { c.TLSCert, c.TLSKey, c.HTTPAddr, c.TrackerTLS = "c", "k", ":80", true }, ""},
		{"no key", func(c *Config) { c.TLSCert = "c" }, "--tls-cert and --tls-key"},
		{"no certificate", func(c *Config) { c.TLSKey = "k" }, "--tls-cert and --tls-key"},
		{"redirect to nothing", func(c *Config) { c.HTTPAddr = ":80" }, "--http-addr leads to TLS"},
		{"redirect nowhere", func(c *Config) { c.TLSCert, c.TLSKey, c.HTTPAddr = "c", "k", "80" }, "--http-addr 80"},
		{"tracker without", func(c *Config) { c.TrackerTLS = true }, "--tracker-tls"},
		{"ACME", func(c *Config) { c.ACMEDomain, c.ACMECA = []string{"a.example"}, ca }, ""},
		{"both", func(c *Config) {
			c.TLSCert, c.TLSKey, c.ACMEDomain, c.ACMECA = "c", "k", []string{"a.example"}, ca
		}, "two sources"},
		{"wildcard", func(c *Config) {
			c.ACMEDomain, c.ACMECA, c.ACMEDNSHook = []string{"a.example", "*.a.example"}, ca, "hook"
		}, ""},
		{"wildcard without hook", func(c *Config) { c.ACMEDomain, c.ACMECA = []string{"*.a.example"}, ca }, `"*.a.example": a CA proves`},
		{"wildcard inside", func(c *Config) {
			c.ACMEDomain, c.ACMECA, c.ACMEDNSHook = []string{"a.*.example"}, ca, "hook"
		}, `"a.*.example": must be`},
		{"address", func(c *Config) { c.ACMEDomain, c.ACMECA = []string{"192.0.2.1"}, ca }, `"192.0.2.1": must be`},
		{"plain CA", func(c *Config) { c.ACMEDomain, c.ACMECA = []string{"a.example"}, "http://ca.example" }, "--acme-ca"},
		{"hook for nothing", func(c *Config) { c.ACMEDNSHook = "hook" }, "go with --acme-domain"},
	}
	for _, tt := range tests {
		c := valid()
		tt.set(&c)
		err := c.Validate()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestSecretDoesNotShow(t *testing.T) {
	s := Secret("hunter2hunter2")
	for _, got := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s", s, s, s, s), s.LogValue().String()} {
		if strings.Contains(got, "hunter2") {
			t.Errorf("the secret shows: %q", got)
		}
	}
	if s.Reveal() != "hunter2hunter2" {
		t.Errorf("Reveal = %q", s.Reveal())
	}
}

func TestOIDCNeedsIssuerAndAudience(t *testing.T) {
	tests := []struct {
		issuer, keys string
		clients      []string
		ok           bool
	}{
		{"", "", nil, true},
		{"https://id.example.test/realm", "", []string{"shoal"}, true},
		{"https://id.example.test", "jwks.json", []string{"a", "b"}, true},
		{"https://id.example.test", "", nil, false},
		{"", "", []string{"shoal"}, false},
		{"", "jwks.json", nil, false},
		{"id.example.test", "", []string{"shoal"}, false},
		{"ftp://id.example.test", "", []string{"shoal"}, false},
		{"https://id.example.test/?x", "", []string{"shoal"}, false},
	}
	for _, tt := range tests {
		c := valid()
		c.OIDCIssuer, c.OIDCJWKS, c.OIDCClientID = tt.issuer, tt.keys, tt.clients
		if err := c.Validate(); (err == nil) != tt.ok {
			t.Errorf("Validate with issuer %q, keys %q, clients %v: %v, want ok %v", tt.issuer, tt.keys, tt.clients, err, tt.ok)
		}
	}
}
