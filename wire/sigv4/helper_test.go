package sigv4

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	exampleKey    = "AKIAIOSFODNN7EXAMPLE"
	exampleSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

func exampleTime() time.Time { return time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC) }

func exampleCredentials() Credentials {
	return Credentials{AccessKeyID: exampleKey, SecretAccessKey: exampleSecret}
}

// received is r as a server sees it: written to the wire and read back.
func received(t testing.TB, r *http.Request) *http.Request {
	t.Helper()
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		t.Fatalf("write request: %v", err)
	}
	got, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil {
		t.Fatalf("read request: %v", err)
	}
	return got
}

func newRequest(t testing.TB, method, target, body string, headers ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

// check parses and verifies with the example secret.
func check(v *Verifier, r *http.Request, now time.Time) (*Verified, error) {
	req, err := v.Parse(r)
	if err != nil {
		return nil, err
	}
	if req.Mechanism == Anonymous {
		return v.Anonymous(req)
	}
	if req.AccessKeyID != exampleKey {
		return nil, errors.New("no such key")
	}
	return v.Verify(req, exampleSecret, now)
}

// signed returns a signed request as a server sees it.
func signed(t testing.TB, method, target, body, payloadHash string, headers ...string) *http.Request {
	t.Helper()
	r := newRequest(t, method, target, body, headers...)
	if err := Sign(r, exampleCredentials(), DefaultRegion, payloadHash, exampleTime()); err != nil {
		t.Fatal(err)
	}
	return received(t, r)
}

// presigned returns a presigned request as a server sees it.
func presigned(t testing.TB, method, target string, expires time.Duration, headers ...string) *http.Request {
	t.Helper()
	r := newRequest(t, method, target, "", headers...)
	u, err := Presign(r, exampleCredentials(), DefaultRegion, expires, exampleTime())
	if err != nil {
		t.Fatal(err)
	}
	return received(t, newRequest(t, method, u, "", headers...))
}

func wantReason(t testing.TB, err error, want Reason) {
	t.Helper()
	if got := ReasonOf(err); got != want {
		t.Fatalf("error %v has reason %v, want %v", err, got, want)
	}
}

// chunkEncoder writes aws-chunked bodies.
type chunkEncoder struct {
	key  signingKey
	now  time.Time
	prev string
	out  bytes.Buffer
}

func newEncoder(seed string) *chunkEncoder {
	scope := newScope(exampleTime(), DefaultRegion, ServiceS3)
	return &chunkEncoder{key: deriveKey(exampleSecret, scope), now: exampleTime(), prev: seed}
}

func (e *chunkEncoder) sign(kind string, parts ...string) string {
	scope := newScope(e.now, DefaultRegion, ServiceS3)
	text := algorithm + kind + "\n" + e.now.Format(timeFormat) + "\n" + scope.String() + "\n" + e.prev + "\n"
	e.prev = e.key.sign(text + strings.Join(parts, "\n"))
	return e.prev
}

func sha256Hex(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func (e *chunkEncoder) chunk(data string) {
	e.head(data)
	e.out.WriteString(data + "\r\n")
}

func (e *chunkEncoder) head(data string) {
	fmt.Fprintf(&e.out, "%x;chunk-signature=%s\r\n", len(data), e.sign("-PAYLOAD", EmptySHA256, sha256Hex(data)))
}

func (e *chunkEncoder) trailer(lines ...string) {
	e.head("")
	canonical := ""
	for _, l := range lines {
		canonical += l + "\n"
		e.out.WriteString(l + "\r\n")
	}
	fmt.Fprintf(&e.out, "%s:%s\r\n\r\n", trailerSignature, e.sign("-TRAILER", sha256Hex(canonical)))
}

// streamed returns the Verified of a signed PUT in a streaming mode.
func streamed(t testing.TB, mode string, decoded int, headers ...string) *Verified {
	t.Helper()
	h := append([]string{"x-amz-decoded-content-length", fmt.Sprint(decoded)}, headers...)
	v, err := check(New(Options{}), signed(t, "PUT", "http://h/b/k", "", mode, h...), exampleTime())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func decode(t testing.TB, v *Verified, body string) (string, map[string]string, error) {
	t.Helper()
	c, err := v.ChunkedReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	return string(got), c.Trailers(), err
}
