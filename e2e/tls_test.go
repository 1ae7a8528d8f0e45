package e2e

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// reloadWithin is more than the server waits before it looks at its certificate again.
const reloadWithin = 20 * time.Second

// tlsServer is a server with TLS on the S3 address and the tracker, and a listener that leads there.
type tlsServer struct {
	*server
	ca       *authority
	pair     pair
	redirect string // HOST:PORT
}

func startTLS(t *testing.T) *tlsServer {
	t.Helper()
	s := &tlsServer{ca: newAuthority(t), pair: newPair(t), redirect: fmt.Sprintf("%s:%d", loopback, freePort(t))}
	s.ca.issue(s.pair)
	s.server = start(t, options{flags: []string{
		"--tls-cert", s.pair.cert, "--tls-key", s.pair.key, "--http-addr", s.redirect, "--tracker-tls", "--announce-ws",
	}})
	return s
}

// on returns the server for use in a subtest.
func (s *tlsServer) on(t *testing.T) *tlsServer {
	sub := *s
	sub.server = s.in(t)
	return &sub
}

func (s *tlsServer) secureURL() string { return "https://" + s.s3 }

// aws runs the AWS CLI, which trusts the CA.
func (s *tlsServer) aws(args ...string) string {
	s.t.Helper()
	program := findClient(s.t, "aws", "awscli")
	return runClient(s.t, clientIn, program, append([]string{"--ca-bundle", s.ca.root, "--endpoint-url", s.secureURL()}, args...)...)
}

// curl runs curl, which trusts the CA.
func (s *tlsServer) curl(args ...string) string {
	s.t.Helper()
	program := findClient(s.t, "curl", "curl")
	return runClient(s.t, clientIn, program, append([]string{"--silent", "--show-error", "--cacert", s.ca.root}, args...)...)
}

// TestTLS drives a server with a certificate of its own.
func TestTLS(t *testing.T) {
	findClient(t, "aws", "awscli")
	findClient(t, "curl", "curl")
	s := startTLS(t)
	t.Run("awscli", func(t *testing.T) { checkTLSWithAWSCLI(t, s.on(t)) })
	t.Run("policy", func(t *testing.T) { checkTLSPolicy(t, s.on(t)) })
	t.Run("links", func(t *testing.T) { checkTLSLinks(t, s.on(t)) })
	t.Run("aria2", func(t *testing.T) { checkTLSTracker(t, s.on(t)) })
	t.Run("redirect", func(t *testing.T) { checkRedirect(t, s.on(t)) })
	t.Run("protocols", func(t *testing.T) { checkTLSProtocols(t, s.on(t)) })
	t.Run("reload", func(t *testing.T) { checkReload(t, s.on(t)) })
}

func checkTLSWithAWSCLI(t *testing.T, s *tlsServer) {
	tr, out := newTree(t), t.TempDir()
	s.aws("s3", "mb", "s3://secure")
	s.aws("s3", "sync", "--quiet", tr.dir, "s3://secure/tree") // the largest in parts
	s.aws("s3", "sync", "--quiet", "s3://secure/tree", out)
	tr.same(t, out)
	link := strings.TrimSpace(s.aws("s3", "presign", "s3://secure/tree/deep/er/big.bin"))
	if got := hashReader(t, strings.NewReader(s.curl(link))); got != tr.sha256["deep/er/big.bin"] {
		t.Errorf("SHA-256 of the presigned link %s = %s, want %s", link, got, tr.sha256["deep/er/big.bin"])
	}
}

// checkTLSPolicy: policies see TLS and its version.
func checkTLSPolicy(t *testing.T, s *tlsServer) {
	body := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(body, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.aws("s3", "mb", "s3://policy")
	s.aws("s3", "cp", "--quiet", body, "s3://policy/k")
	s.aws("s3api", "put-bucket-policy", "--bucket", "policy", "--policy", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::policy/*",
		"Condition":{"Bool":{"aws:SecureTransport":"true"},"NumericGreaterThanEquals":{"s3:TlsVersion":"1.3"}}}]}`)
	for version, want := range map[string]string{"1.2": "403", "1.3": "200"} {
		if got := s.curl("--output", os.DevNull, "--write-out", "%{http_code}", "--tls-max", version, s.secureURL()+"/policy/k"); got != want {
			t.Errorf("GET by TLS %s: status %s, want %s", version, got, want)
		}
	}
	if got := s.curl("--output", os.DevNull, "--write-out", "%{http_code}", s.secureURL()+"/policy/k?torrent"); got != "403" {
		t.Errorf("torrent of what peers may not have without TLS: status %s, want 403", got)
	}
}

// checkTLSLinks: what we tell of ourselves is true with TLS.
func checkTLSLinks(t *testing.T, s *tlsServer) {
	shareOverTLS(t, s, "links", contentBytes(1, 1<<20))
	m := parseTorrent(t, []byte(s.curl(s.secureURL()+"/links/k?torrent")))
	want := []string{"https://" + s.tracker + "/announce", "udp://" + s.tracker + "/announce", "wss://" + s.tracker + "/announce"}
	if got := fmt.Sprint(m.AnnounceList); got != fmt.Sprint([][]string{want}) {
		t.Errorf("announce URLs %s, want one tier of %s", got, want)
	}
	head := s.curl("--head", s.secureURL()+"/links/k")
	feed := s.curl(s.secureURL() + "/links?rss")
	for _, tt := range []struct{ name, text, want string }{
		{"magnet link", head, "tr=https%3A%2F%2F"},
		{"feed", feed, `<enclosure url="` + s.secureURL() + `/links/k?torrent"`},
		{"serve's first steps", s.proc.stdout.String(), "AWS_ENDPOINT_URL=" + s.secureURL()},
	} {
		if !strings.Contains(tt.text, tt.want) || strings.Contains(tt.text, "http://"+s.s3) {
			t.Errorf("%s:\n%s\nwant %s in it, and no plain URL of ours", tt.name, tt.text, tt.want)
		}
	}
}

// shareOverTLS puts a public object k into a new bucket that anyone may list.
func shareOverTLS(t *testing.T, s *tlsServer, bucket string, content []byte) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "k")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s.aws("s3", "mb", "s3://"+bucket)
	s.aws("s3", "cp", "--quiet", file, "s3://"+bucket+"/k")
	s.aws("s3api", "put-bucket-policy", "--bucket", bucket, "--policy", fmt.Sprintf(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":"*","Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::%[1]s/*","arn:aws:s3:::%[1]s"]}]}`, bucket))
}

// checkTLSTracker downloads with a client that knows the seeder from the tracker's https URL alone.
func checkTLSTracker(t *testing.T, s *tlsServer) {
	program, dir := findClient(t, "aria2c", "aria2"), t.TempDir()
	content := contentBytes(2, 2<<20)
	shareOverTLS(t, s, "tracker", content)
	file := filepath.Join(dir, "k.torrent")
	if err := os.WriteFile(file, []byte(s.curl(s.secureURL()+"/tracker/k?torrent")), 0o600); err != nil {
		t.Fatal(err)
	}
	startProcess(t, "aria2c", client(t, program, "--no-conf", "--dir="+dir, "--seed-time=0", "--ca-certificate="+s.ca.root,
		"--enable-dht=false", "--enable-dht6=false", "--bt-enable-lpd=false", "--show-console-readout=false", // no DHT: no UDP trackers
		fmt.Sprintf("--listen-port=%d", freePort(t)), file)).succeed(clientIn)
	if got, err := os.ReadFile(filepath.Join(dir, "k")); err != nil || !bytes.Equal(got, content) {
		t.Errorf("aria2 has %d bytes, want the object's %d (%v)", len(got), len(content), err)
	}
}

func checkRedirect(t *testing.T, s *tlsServer) {
	got := s.curl("--location", "--output", os.DevNull, "--write-out", "%{http_code} %{num_redirects} %{url_effective}", "http://"+s.redirect+"/_shoal/health")
	if want := "200 1 " + s.secureURL() + "/_shoal/health"; got != want {
		t.Errorf("curl ended with %q, want %q", got, want)
	}
	if a := anonymous(t, http.MethodPut, "http://"+s.redirect+"/b/k"); a.status != http.StatusForbidden {
		t.Errorf("PUT in plain: status %d, want 403", a.status)
	}
	if a := anonymous(t, http.MethodGet, "http://"+s.s3+"/"); a.status != http.StatusBadRequest {
		t.Errorf("plain HTTP to the port of TLS: status %d, want 400", a.status)
	}
}

// checkTLSProtocols: TLS 1.2 is the least, HTTP/1.1 is what is spoken.
func checkTLSProtocols(t *testing.T, s *tlsServer) {
	for _, addr := range []string{s.s3, s.tracker} {
		for version := uint16(tls.VersionTLS10); version <= tls.VersionTLS13; version++ {
			c, err := tls.Dial("tcp", addr, &tls.Config{
				RootCAs: s.ca.pool, MinVersion: version, MaxVersion: version, NextProtos: []string{"h2", "http/1.1"},
			})
			if (err == nil) != (version >= tls.VersionTLS12) {
				t.Errorf("%s by %s: %v", addr, tls.VersionName(version), err)
			}
			if err != nil {
				continue
			}
			if got := c.ConnectionState().NegotiatedProtocol; got != "http/1.1" {
				t.Errorf("%s speaks %q, want http/1.1", addr, got)
			}
			c.Close()
		}
	}
}

// checkReload: a new certificate is served without a restart, to new connections; a broken one is not.
func checkReload(t *testing.T, s *tlsServer) {
	serves := func() string {
		t.Helper()
		c, err := tls.DialWithDialer(&net.Dialer{Timeout: requestWithin}, "tcp", s.s3, &tls.Config{RootCAs: s.ca.pool})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	renewed := s.ca.issue(s.pair).SerialNumber.String()
	eventually(t, reloadWithin, "the new certificate is served", func() bool { return serves() == renewed })
	const complaint = "the new certificate cannot be used"
	before := strings.Count(s.proc.stderr.String(), complaint)
	if err := os.WriteFile(s.pair.key, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, reloadWithin, "the broken key is noticed", func() bool { return strings.Count(s.proc.stderr.String(), complaint) > before })
	if got := serves(); got != renewed {
		t.Errorf("certificate %s is served beside a broken key, want %s as before", got, renewed)
	}
	again := s.ca.issue(s.pair).SerialNumber.String()
	eventually(t, reloadWithin, "the certificate after that is served", func() bool { return serves() == again })
}
