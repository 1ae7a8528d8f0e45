package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	acmeName = "store.shoal.test"
	// issuedWithin is what an order takes, and a second try a minute later.
	issuedWithin = 100 * time.Second
)

// acmeWorld is Pebble, an ACME server for tests, with a DNS server in which every name is loopback.
type acmeWorld struct {
	t              testing.TB
	ca             *authority // of Pebble's own certificates
	pebble         *process
	directory      string // URL
	root           string // URL of the root of what it issues
	dns            string // URL of the DNS server's control
	httpPort, port int    // where it looks for HTTP-01, and for TLS-ALPN-01
}

func startACME(t testing.TB) *acmeWorld {
	t.Helper()
	pebble, dns := findPebble(t, "pebble"), findPebble(t, "pebble-challtestsrv")
	w := &acmeWorld{t: t, ca: newAuthority(t), httpPort: freePort(t), port: freePort(t)}
	own := newPair(t)
	w.ca.issue(own)
	at := func() string { return fmt.Sprintf("%s:%d", loopback, freePort(t)) }
	listen, management, dnsAt, control := at(), at(), at(), at()
	w.directory, w.root, w.dns = "https://"+listen+"/dir", "https://"+management+"/roots/0", "http://"+control
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": listen, "managementListenAddress": management, "certificate": own.cert, "privateKey": own.key,
		"httpPort": w.httpPort, "tlsPort": w.port, "retryAfter": map[string]int{"authz": 1, "order": 1},
	}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "pebble.json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	startProcess(t, "pebble-challtestsrv", client(t, dns, "-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", "",
		"-dnsserver", dnsAt, "-management", control, "-defaultIPv6", ""))
	cmd := client(t, pebble, "-config", file, "-dnsserver", dnsAt)
	cmd.Env = append(cmd.Env, "PEBBLE_VA_NOSLEEP=1")
	w.pebble = startProcess(t, "pebble", cmd)
	w.pebble.logged = true
	for _, addr := range []string{listen, management, control} {
		eventually(t, readyWithin, addr+" accepts", func() bool { return accepts(addr) })
	}
	return w
}

func accepts(addr string) bool {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return false
	}
	return c.Close() == nil
}

// serve starts a server that gets its certificates from w.
func (w *acmeWorld) serve(flags ...string) *server {
	w.t.Helper()
	return start(w.t, options{flags: append([]string{
		"--s3-addr", fmt.Sprintf("%s:%d", loopback, w.port), "--acme-ca", w.directory, "--acme-ca-root", w.ca.root,
		"--acme-email", "operator@shoal.test", "--acme-domain", acmeName,
	}, flags...)})
}

// roots are those of what Pebble has issued, as a pool and as a PEM file.
func (w *acmeWorld) roots() (*x509.CertPool, string) {
	w.t.Helper()
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: w.ca.pool}}, Timeout: requestWithin}
	resp, err := c.Get(w.root)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	pem, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	pool, file := x509.NewCertPool(), filepath.Join(w.t.TempDir(), "root.pem")
	if !pool.AppendCertsFromPEM(pem) {
		w.t.Fatalf("Pebble's root is %q", pem)
	}
	if err := os.WriteFile(file, pem, 0o600); err != nil {
		w.t.Fatal(err)
	}
	return pool, file
}

// issued waits until the server has a certificate for name and returns its serial number.
func issued(t testing.TB, s *server, pool *x509.CertPool, name string) (serial string) {
	t.Helper()
	eventually(t, issuedWithin, "there is a certificate for "+name, func() bool {
		c, err := tls.DialWithDialer(&net.Dialer{Timeout: requestWithin}, "tcp", s.s3, &tls.Config{RootCAs: pool, ServerName: name})
		if err != nil {
			time.Sleep(time.Second / 2) // each try is a log line
			return false
		}
		defer c.Close()
		serial = c.ConnectionState().PeerCertificates[0].SerialNumber.String()
		return true
	})
	return serial
}

// TestACMEByTLS proves the name on the S3 address itself. The certificate is there after a restart without the CA.
func TestACMEByTLS(t *testing.T) {
	w := startACME(t)
	s := w.serve()
	pool, _ := w.roots()
	serial := issued(t, s, pool, acmeName)
	if url := fmt.Sprintf("https://%s:%d", acmeName, w.port); !strings.Contains(s.proc.stdout.String(), "AWS_ENDPOINT_URL="+url+" ") {
		t.Errorf("serve printed\n%s\nwant %s in it", s.proc.stdout.String(), url)
	}
	c, err := tls.Dial("tcp", s.s3, &tls.Config{InsecureSkipVerify: true}) // by address: no name is sent
	if err != nil {
		t.Fatal(err)
	}
	if got := c.ConnectionState().PeerCertificates[0].DNSNames; fmt.Sprint(got) != "["+acmeName+"]" {
		t.Errorf("a client that names no host gets a certificate for %s", got)
	}
	c.Close()
	checkPrivate(t, filepath.Join(s.data, "acme"))
	s.stop()
	w.pebble.signal(syscall.SIGKILL)
	<-w.pebble.ended
	s.run()
	if got := issued(t, s, pool, acmeName); got != serial {
		t.Errorf("certificate %s after a restart, want %s as before", got, serial)
	}
}

// checkPrivate: nobody else may read what is below dir.
func checkPrivate(t *testing.T, dir string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		files++
		return nil
	})
	if err != nil || files == 0 {
		t.Errorf("%d files below %s: %v", files, dir, err)
	}
}

// TestACMEByHTTP proves the name on the address of plain HTTP, which leads everything else to TLS.
func TestACMEByHTTP(t *testing.T) {
	w := startACME(t)
	curl := findClient(t, "curl", "curl")
	s := w.serve("--http-addr", fmt.Sprintf("%s:%d", loopback, w.httpPort))
	pool, root := w.roots()
	issued(t, s, pool, acmeName)
	got := runClient(t, clientIn, curl, "--silent", "--show-error", "--cacert", root, "--location", "--output", os.DevNull, "--write-out", "%{http_code} %{num_redirects}",
		"--resolve", fmt.Sprintf("%s:%d:%s", acmeName, w.port, loopback), "--resolve", fmt.Sprintf("%s:%d:%s", acmeName, w.httpPort, loopback),
		fmt.Sprintf("http://%s:%d/_shoal/health", acmeName, w.httpPort))
	if got != "200 1" {
		t.Errorf("curl ended with %q, want 200 after 1 redirect", got)
	}
}

// TestACMEByDNS gets the certificates of a name and of all buckets below it, and uses one.
func TestACMEByDNS(t *testing.T) {
	w := startACME(t)
	curl := findClient(t, "curl", "curl")
	hook, calls := w.hook(curl)
	s := w.serve("--acme-domain", "*."+acmeName, "--acme-dns-hook", hook, "--domain", acmeName)
	pool, root := w.roots()
	issued(t, s, pool, acmeName)
	issued(t, s, pool, "bucket."+acmeName)

	endpoint := fmt.Sprintf("https://%s:%d", acmeName, w.port)
	c := s3.New(s.sdk().Options(), func(o *s3.Options) {
		o.BaseEndpoint, o.UsePathStyle = aws.String(endpoint), false
		o.HTTPClient = &http.Client{Timeout: requestWithin, Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: pool},
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "tcp", s.s3) // of every name
			},
		}}
	})
	bucket, key := "bucket", "k"
	if _, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: aws.String(readPolicy(bucket))}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader([]byte("content"))}); err != nil {
		t.Fatal(err)
	}
	host := fmt.Sprintf("%s.%s:%d", bucket, acmeName, w.port)
	got := runClient(t, clientIn, curl, "--silent", "--show-error", "--cacert", root, "--resolve", host+":"+loopback, "https://"+host+"/"+key)
	if got != "content" {
		t.Errorf("https://%s/%s is %q, want content", host, key, got)
	}
	checkHookCalls(t, calls)
}

// hook writes a program that sets TXT records in the DNS server, and notes its calls in a file.
func (w *acmeWorld) hook(curl string) (program, calls string) {
	w.t.Helper()
	dir := w.t.TempDir()
	program, calls = filepath.Join(dir, "hook"), filepath.Join(dir, "calls")
	text := fmt.Sprintf(`#!/bin/sh
set -e
echo "$1 $2 $3" >>%s
case $1 in
present) %[2]s -sSf -d "{\"host\":\"$2.\",\"value\":\"$3\"}" %[3]s/set-txt ;;
cleanup) %[2]s -sSf -d "{\"host\":\"$2.\"}" %[3]s/clear-txt ;;
esac
`, calls, curl, w.dns)
	if err := os.WriteFile(program, []byte(text), 0o700); err != nil {
		w.t.Fatal(err)
	}
	return program, calls
}

// checkHookCalls: every record that was set is removed.
func checkHookCalls(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	open, presented := map[string]int{}, 0
	for line := range strings.Lines(string(text)) {
		action, record, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch action {
		case "present":
			presented++
			open[record]++
		case "cleanup":
			open[record]--
		}
		if !strings.HasPrefix(record, "_acme-challenge."+acmeName+" ") {
			t.Errorf("the hook was called for %q", record)
		}
	}
	for record, n := range open {
		if n != 0 {
			t.Errorf("record %q was set %d times more than removed", record, n)
		}
	}
	if presented < 2 {
		t.Errorf("%d records set, want one for each certificate", presented)
	}
}
