package config

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func valid() Config {
	return Config{
		Data: "d", S3Addr: ":9000", TrackerAddr: "127.0.0.1:0", PeerAddr: "[::1]:6881",
		LifecycleDay: time.Hour, MaxRequests: 1, MaxPeers: 1, MaxPeersPerSwarm: 1, MaxPeersPerIP: 1,
	}
}

func TestValidateNamesEveryFault(t *testing.T) {
	c := valid()
	if err := c.Validate(); err != nil {
		t.Fatalf("valid config: %v", err)
	}
	c.S3Addr, c.PeerAddr, c.PublicHost = "9000", ":70000", "http://x/"
	c.Domain, c.WebsiteDomain = []string{"s3.example"}, []string{"s3.example"}
	c.LifecycleDay, c.MaxPeers, c.RootAccessKey = 0, 0, "key"
	err := c.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"--s3-addr 9000", "--peer-addr :70000", "--public-host http://x/", `--website-domain "s3.example"`, "--lifecycle-day", "--max-peers 0", "--root-access-key and --root-secret-key"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not name %q:\n%v", want, err)
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
