package s3api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7/pkg/signer"

	"shoal/wire/sigv4"
)

// chunk is one of an aws-chunked body.
type chunk struct{ size, signature, data string }

// hasher is a SHA-256 as minio-go wants it.
type hasher struct{ hash.Hash }

func (hasher) Close() {}

// chunked returns a PUT of content that minio-go, which is not ours, signed chunk by chunk, and its chunks.
func (s *testServer) chunked(t *testing.T, target, content string) (*http.Request, []chunk) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPut, s.url+target, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	k := s.keys[owner]
	r = signer.StreamingSignV4(r, k.AccessKeyID, k.SecretAccessKey, "", sigv4.DefaultRegion, int64(len(content)), time.Now().UTC(), hasher{sha256.New()})
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	var chunks []chunk
	head := regexp.MustCompile(`^([0-9a-f]+);chunk-signature=([0-9a-f]{64})\r\n`)
	for len(body) > 0 {
		m := head.FindSubmatch(body)
		if m == nil {
			t.Fatalf("no chunk at %.80q", body)
		}
		n, err := strconv.ParseInt(string(m[1]), 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		data := body[len(m[0]):]
		chunks = append(chunks, chunk{string(m[1]), string(m[2]), string(data[:n])})
		body = data[n+2:]
	}
	return r, chunks
}

// join writes chunks as they go over the wire.
func join(chunks []chunk) string {
	var b strings.Builder
	for _, c := range chunks {
		b.WriteString(c.size + ";chunk-signature=" + c.signature + "\r\n" + c.data + "\r\n")
	}
	return b.String()
}

// sendBody sends r with another body.
func (s *testServer) sendBody(t *testing.T, r *http.Request, body string) reply {
	t.Helper()
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	return s.exchange(t, r)
}

func flip(text string, at int) string {
	b := []byte(text)
	b[at] ^= 1
	return string(b)
}

// TestVersityGW_44967116_EveryChunkIsChecked (S3; also versitygw 3b1fcf2f): the last, empty chunk as well; and nothing of
// an upload is there before the last check.
func TestVersityGW_44967116_EveryChunkIsChecked(t *testing.T) {
	const zeros = "0000000000000000000000000000000000000000000000000000000000000000"
	tests := map[string]func(c []chunk) string{
		"a byte of the first":   func(c []chunk) string { c[0].data = flip(c[0].data, 7); return join(c) },
		"the last byte":         func(c []chunk) string { c[2].data = flip(c[2].data, len(c[2].data)-1); return join(c) },
		"signature of a chunk":  func(c []chunk) string { c[1].signature = zeros; return join(c) },
		"signature of the last": func(c []chunk) string { c[3].signature = zeros; return join(c) },
		"no last chunk":         func(c []chunk) string { return join(c[:3]) },
		"first chunk dropped":   func(c []chunk) string { return join(c[1:]) },
		"chunks swapped":        func(c []chunk) string { c[0], c[1] = c[1], c[0]; return join(c) },
		"chunk twice":           func(c []chunk) string { return join(slices.Insert(c, 1, c[0])) },
		"cut off":               func(c []chunk) string { text := join(c); return text[:len(text)-1] },
		"something behind":      func(c []chunk) string { return join(c) + "x" },
		"another end":           func(c []chunk) string { return join(c) + join(c[3:]) },
		"unsigned chunk":        func(c []chunk) string { return c[0].size + "\r\n" + c[0].data + "\r\n" + join(c[1:]) },
		"size of another":       func(c []chunk) string { c[0].size = "ffff"; return join(c) },
		"endless size":          func(c []chunk) string { c[0].size = "ffffffffffffffff"; return join(c) },
		"negative size":         func(c []chunk) string { c[0].size = "-1"; return join(c) },
		"long head":             func(c []chunk) string { c[0].size = strings.Repeat("0", 10_000) + c[0].size; return join(c) },
		"no chunks at all":      func(c []chunk) string { return c[0].data + c[1].data + c[2].data },
		"as it was":             join,
	}
	content := pattern(140_000)
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	upload := s.must(t, owner, "POST", "/pond/part?uploads", "").element("UploadId")
	for name, change := range tests {
		for _, target := range []string{"/pond/object", "/pond/part?partNumber=1&uploadId=" + upload} {
			r, chunks := s.chunked(t, target, content)
			if len(chunks) != 4 {
				t.Fatalf("%d chunks, want 4", len(chunks))
			}
			got := s.sendBody(t, r, change(chunks))
			if name == "as it was" {
				if got.status != http.StatusOK {
					t.Errorf("%s, %s: status %d\n%s", target, name, got.status, got.body)
				}
				s.must(t, owner, "DELETE", "/pond/object", "")
				s.must(t, owner, "PUT", "/pond/part?partNumber=1&uploadId="+upload, "")
				continue
			}
			if got.status != http.StatusForbidden && got.status != http.StatusBadRequest {
				t.Errorf("%s, %s: status %d\n%s", target, name, got.status, got.body)
			}
			s.refused(t, owner, "GET", "/pond/object", "", 404, codeNoSuchKey)
			if parts := s.must(t, owner, "GET", "/pond/part?uploadId="+upload, ""); strings.Contains(parts.body, "<Size>140000</Size>") {
				t.Errorf("%s: the part is there:\n%s", name, parts.body)
			}
		}
	}
}

// TestDecodedLengthIsTheLength (S3): neither more nor less content than was said beforehand.
func TestDecodedLengthIsTheLength(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/pond", "")
	for _, said := range []string{"4", "6", "0", "-5", "5 ", "99999999999999999999", "", "5"} {
		r, err := http.NewRequest(http.MethodPut, s.url+"/pond/k", nil)
		if err != nil {
			t.Fatal(err)
		}
		if said != "" {
			r.Header.Set("x-amz-decoded-content-length", said)
		}
		mustSign(t, r, s.keys[owner], sigv4.DefaultRegion, sigv4.StreamingUnsignedTrailer, time.Now())
		got := s.sendBody(t, r, "5\r\nhello\r\n0\r\n\r\n")
		if ok := said == "5" || said == "5 "; (got.status == http.StatusOK) != ok || got.status >= 500 {
			t.Errorf("%q: status %d\n%s", said, got.status, got.body)
		}
		if got.status != http.StatusOK {
			s.refused(t, owner, "GET", "/pond/k", "", 404, codeNoSuchKey)
		}
		s.must(t, owner, "DELETE", "/pond/k", "")
	}
}

// TestTrailersAreWhatWasAnnounced (S3; Garage's parsing of trailers).
func TestTrailersAreWhatWasAnnounced(t *testing.T) {
	sum := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte("hello"))))
	wrong := base64.StdEncoding.EncodeToString(make([]byte, 4))
	const head = "5\r\nhello\r\n0\r\n"
	tests := []struct {
		name, announced, body string
		ok                    bool
	}{
		{"as announced", "x-amz-checksum-crc32", head + "x-amz-checksum-crc32:" + sum + "\r\n\r\n", true},
		{"none", "", head + "\r\n", true},
		{"wrong sum", "x-amz-checksum-crc32", head + "x-amz-checksum-crc32:" + wrong + "\r\n\r\n", false},
		{"missing", "x-amz-checksum-crc32", head + "\r\n", false},
		{"not announced", "", head + "x-amz-checksum-crc32:" + sum + "\r\n\r\n", false},
		{"another", "x-amz-checksum-crc32", head + "x-amz-checksum-crc32c:" + sum + "\r\n\r\n", false},
		{"one more", "x-amz-checksum-crc32", head + "x-amz-checksum-crc32:" + sum + "\r\nx-amz-acl:public-read\r\n\r\n", false},
		{"twice", "x-amz-checksum-crc32", head + "x-amz-checksum-crc32:" + sum + "\r\nx-amz-checksum-crc32:" + sum + "\r\n\r\n", false},
		{"no end of the body", "x-amz-checksum-crc32", "5\r\nhello\r\n", false},
		{"an ACL", "x-amz-acl", head + "x-amz-acl:public-read\r\n\r\n", false},
		{"endless", "x-amz-checksum-crc32", head + strings.Repeat("x", 100_000), false},
	}
	for _, tt := range tests {
		s := newTestServer(t, Options{})
		s.must(t, owner, "PUT", "/pond", "")
		r, err := http.NewRequest(http.MethodPut, s.url+"/pond/k", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("x-amz-decoded-content-length", "5")
		if tt.announced != "" {
			r.Header.Set("x-amz-trailer", tt.announced)
		}
		mustSign(t, r, s.keys[owner], sigv4.DefaultRegion, sigv4.StreamingUnsignedTrailer, time.Now())
		got := s.sendBody(t, r, tt.body)
		if (got.status == http.StatusOK) != tt.ok || got.status >= 500 {
			t.Errorf("%s: status %d, want it done: %t\n%s", tt.name, got.status, tt.ok, got.body)
		}
		if !tt.ok {
			s.refused(t, owner, "GET", "/pond/k", "", 404, codeNoSuchKey)
		}
	}
}

// TestEveryBodyIsAsSigned (S3): each operation that reads its body refuses another one than was signed.
func TestEveryBodyIsAsSigned(t *testing.T) {
	for _, row := range matrixRows() {
		if row.body == "" {
			continue
		}
		t.Run(row.op, func(t *testing.T) {
			t.Parallel()
			m := newMatrix(t, row)
			if m.built == no {
				t.Skip("not built: its body is not read")
			}
			m.build(bucketAllows, "")
			before := m.fingerprint()
			got := m.forge(forgery{"another body", func(t *testing.T, r *http.Request, body string, c sigv4.Credentials) {
				mustSign(t, r, c, sigv4.DefaultRegion, hashOf(body+" "), time.Now())
			}})
			if got.status != http.StatusBadRequest || got.code() != "XAmzContentSHA256Mismatch" {
				t.Errorf("%s: %d %s, want XAmzContentSHA256Mismatch", row.request, got.status, got.code())
			}
			if m.fingerprint() != before {
				t.Errorf("%s: changed what is stored", row.request)
			}
			m.accepted(owner, bucketAllows)
		})
	}
}

// TestRequestsCannotBeSmuggled (S14): what is framed in two ways is one request or none, never two.
func TestRequestsCannotBeSmuggled(t *testing.T) {
	const inner = "DELETE /pond/frog HTTP/1.1\r\nHost: x\r\n\r\n"
	tests := []struct{ name, text string }{
		{"length and chunked", fmt.Sprintf("PUT /pond/k HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n%s", len(inner)+5, inner)},
		{"two lengths", "PUT /pond/k HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: " + itoa(int64(len(inner))) + "\r\nConnection: close\r\n\r\n" + inner},
		{"length with a sign", "PUT /pond/k HTTP/1.1\r\nHost: x\r\nContent-Length: +" + itoa(int64(len(inner))) + "\r\nConnection: close\r\n\r\n" + inner},
		{"odd coding", "PUT /pond/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\nConnection: close\r\n\r\n" + inner},
		{"space before the colon", "PUT /pond/k HTTP/1.1\r\nHost: x\r\nContent-Length : 0\r\nConnection: close\r\n\r\n" + inner},
		{"folded", "PUT /pond/k HTTP/1.1\r\nHost: x\r\nX-A: b\r\n Content-Length: 0\r\nConnection: close\r\n\r\n" + inner},
		{"bare line feeds", "PUT /pond/k HTTP/1.1\nHost: x\nContent-Length: 0\nConnection: close\n\n" + inner},
		{"no host", "GET /pond/frog HTTP/1.1\r\nConnection: close\r\n\r\n" + inner},
		{"two hosts", "GET /pond/frog HTTP/1.1\r\nHost: x\r\nHost: y\r\nConnection: close\r\n\r\n" + inner},
		{"a NUL", "GET /pond/frog HTTP/1.1\r\nHost: x\r\nX-A: \x00\r\nConnection: close\r\n\r\n" + inner},
	}
	for _, tt := range tests {
		s := newTestServer(t, Options{})
		s.must(t, owner, "PUT", "/pond", "", "x-amz-acl: public-read-write")
		s.must(t, owner, "PUT", "/pond/frog", croak, "x-amz-acl: public-read")
		got := rawExchange(t, s, tt.text)
		if n := bytes.Count([]byte(got), []byte("HTTP/1.")); n != 1 {
			t.Errorf("%s: %d answers\n%s", tt.name, n, got)
		}
		s.must(t, owner, "GET", "/pond/frog", "") // it was not deleted
		if got := rawExchange(t, s, strings.Replace(inner, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1)); !strings.HasPrefix(got, "HTTP/1.1 204 ") {
			t.Fatalf("the inner request by itself: %s", got)
		}
	}
}
