package e2e

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"golang.org/x/sys/unix"
)

// gatewayWithin bounds the start of the peer on a busy machine.
const gatewayWithin = time.Minute

// side is one of the two servers.
type side struct {
	name   string
	url    string
	client *http.Client
	names  names
}

// names are what one side calls the bucket, and the versions, uploads and continuation tokens of a sequence: calls
// name them by the call that made them, as {b}, {v7}, {u7} and {t7}.
type names struct {
	own    map[string]string // by reference
	common map[string]string // reference by the side's own name
	open   map[string]bool   // uploads that take parts
}

var reference = regexp.MustCompile(`\{(b|[vut]\d+)\}`)

func (s *side) begin(bucket string) {
	s.names = names{own: map[string]string{"{b}": bucket}, common: map[string]string{}, open: map[string]bool{}}
}

func (n names) add(ref, own string) {
	if _, known := n.common[own]; own != "" && own != "null" && !known {
		n.own[ref], n.common[own] = own, ref
	}
}

// resolves reports whether a call can be sent: what it names was made, what it continues was truncated, and a long
// part is not for a server that refuses it while it is being sent.
func (n names) resolves(c call) bool {
	for _, ref := range reference.FindAllString(c.query+c.body+c.header[copySource], -1) {
		if _, known := n.own[ref]; ref[1] != 'u' && !known {
			return false
		}
		if len(c.body) >= fullPart && !n.open[ref] {
			return false
		}
	}
	return true
}

// verbatim is the form of names outside a URL.
func verbatim(name string) string { return name }

// expand puts the side's own names in, in that form. An upload that was not begun has an id of no upload.
func (n names) expand(text string, form func(string) string) string {
	return reference.ReplaceAllStringFunc(text, func(ref string) string {
		if own, known := n.own[ref]; known {
			return form(own)
		}
		return unknownVersion
	})
}

// of returns the reference that stands for a side's own name in a field, and other values as they are.
func (n names) of(field, value string) string {
	ref, known := n.common[value]
	switch {
	case known:
		return ref
	case (field == "X-Amz-Version-Id" || strings.HasSuffix(field, "/VersionId")) && value != "" && value != "null":
		return "{unnamed}" // made by a call whose answer does not tell
	}
	return value
}

// send sends a call, signed by the AWS SDK's signer, and returns what is compared of the answer.
func (s *side) send(t testing.TB, c call) map[string]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), requestWithin)
	defer cancel()
	target := s.url + "/" + s.names.own["{b}"]
	if c.key != "" {
		target += "/" + signedKey(c.key)
	}
	if c.query != "" {
		target += "?" + s.names.expand(c.query, url.QueryEscape)
	}
	body := []byte(s.names.expand(c.body, verbatim))
	req, err := http.NewRequestWithContext(ctx, c.method, target, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range c.header {
		req.Header.Set(name, s.names.expand(value, verbatim))
	}
	if c.sealed {
		sum := md5.Sum(body)
		req.Header.Set("Content-Md5", base64.StdEncoding.EncodeToString(sum[:]))
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	req.Header.Set("X-Amz-Content-Sha256", hash)
	err = v4.NewSigner().SignHTTP(ctx, aws.Credentials{AccessKeyID: rootKey, SecretAccessKey: rootSecret}, req, hash, "s3", region,
		time.Now(), func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		t.Fatalf("%s: %s: %v", s.name, c, err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s: %s: %v", s.name, c, err)
	}
	a := answer{resp.StatusCode, resp.Header, got}
	s.names.learn(c, a)
	return s.names.fields(c, a)
}

// signedKey escapes a key as signature version 4 has it, which keeps the unreserved characters alone.
func signedKey(key string) string {
	return strings.NewReplacer("%2F", "/", "+", "%20").Replace(url.QueryEscape(key))
}

// plainClient neither follows redirects nor asks for compression.
func plainClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// startGateway starts Versity's gateway with versions on a file system, behind a socket in its directory.
func startGateway(t *testing.T, program string) *side {
	t.Helper()
	dir := attributeDir(t)
	for _, name := range []string{"objects", "versions"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	socket := filepath.Join(dir, "s")
	cmd := exec.Command(program, "--port", socket, "--quiet", "--access", rootKey, "--secret", rootSecret, "--region", region,
		"posix", "--versioning-dir", filepath.Join(dir, "versions"), filepath.Join(dir, "objects"))
	cmd.Env, cmd.Dir = cleanEnviron(), dir
	p := startProcess(t, "versitygw", cmd)
	p.logged = true
	client := plainClient()
	client.Transport = &http.Transport{
		DisableCompression: true,
		DisableKeepAlives:  true, // as the gateway has it
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}
	eventually(t, gatewayWithin, "the gateway listens", func() bool {
		if !p.running() {
			t.Fatalf("versitygw ended with code %d", p.exitCode(0))
		}
		c, err := net.Dial("unix", socket)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return &side{name: "versitygw", url: "http://" + loopback, client: client}
}

// attributeDir returns an empty directory on a file system with extended attributes, in which the gateway keeps what
// S3 knows of an object, or skips.
func attributeDir(t *testing.T) string {
	t.Helper()
	var refused []string
	for _, parent := range []string{"", "/dev/shm"} {
		dir, err := os.MkdirTemp(parent, "differential-")
		if err == nil {
			t.Cleanup(func() { os.RemoveAll(dir) })
			err = unix.Setxattr(dir, "user.shoal", []byte("1"), 0)
		}
		if err == nil {
			return dir
		}
		refused = append(refused, err.Error())
	}
	t.Skipf("no file system with extended attributes: %s", strings.Join(refused, "; "))
	return ""
}
