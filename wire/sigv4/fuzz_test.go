package sigv4

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func FuzzParseHeader(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=a/20130524/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00", "20130524T000000Z", EmptySHA256)
	f.Add("AWS a:b", "", "")
	f.Add("AWS4-HMAC-SHA256 Credential=,", "Fri, 24 May 2013 00:00:00 GMT", StreamingSignedPayload)
	v := New(Options{})
	f.Fuzz(func(t *testing.T, auth, date, payload string) {
		r := &http.Request{
			Method: "GET", Host: "h", URL: &url.URL{Path: "/b/k"},
			Header: http.Header{"Authorization": {auth}, "Date": {date}, "X-Amz-Content-Sha256": {payload}},
		}
		fuzzRequest(t, v, r)
	})
}

func FuzzParseQuery(f *testing.F) {
	f.Add("/b/k", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"+
		"&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=00")
	f.Add("/", "acl&prefix=a%2Fb+c&&=&a=b=c")
	v := New(Options{})
	f.Fuzz(func(t *testing.T, path, query string) {
		r := &http.Request{
			Method: "GET", Host: "h:80", URL: &url.URL{Path: path, RawQuery: query}, Header: http.Header{},
		}
		fuzzRequest(t, v, r)
		params, err := parseQuery(query)
		if err != nil {
			return
		}
		// The canonical form is a fixed point: reading it gives it again.
		canonical := string(appendCanonicalQuery(nil, params, ""))
		again, err := parseQuery(canonical)
		if err != nil && len(canonical) <= maxQueryBytes {
			t.Fatalf("the canonical query %q does not parse: %v", canonical, err)
		}
		if got := string(appendCanonicalQuery(nil, again, "")); err == nil && got != canonical {
			t.Fatalf("canonical query of %q = %q", canonical, got)
		}
	})
}

// fuzzRequest: nobody guesses a signature, and what carries a credential is never anonymous.
func fuzzRequest(t *testing.T, v *Verifier, r *http.Request) {
	t.Helper()
	req, err := v.Parse(r)
	if err != nil {
		if ReasonOf(err) == 0 {
			t.Fatalf("error %v has no reason", err)
		}
		return
	}
	if req.Mechanism == Anonymous {
		if len(r.Header.Values("Authorization")) > 0 || strings.HasPrefix(r.URL.RawQuery, "X-Amz-Signature=") {
			t.Fatalf("%v %q is anonymous", r.Header, r.URL.RawQuery)
		}
		return
	}
	if _, err := v.Verify(req, exampleSecret, req.Time); err == nil {
		t.Fatal("a guessed signature was accepted")
	}
}

func FuzzChunkedReader(f *testing.F) {
	const content = "content of the upload"
	modes := []Mode{Chunked, ChunkedTrailer, UnsignedTrailer}
	good := make([][]byte, len(modes))
	verified := make([]*Verified, len(modes))
	for i, mode := range modes {
		v := &Verified{
			Mechanism: Header, seed: strings.Repeat("0", 64), time: exampleTime().Format(timeFormat),
			scope:   newScope(exampleTime(), DefaultRegion, ServiceS3).String(),
			key:     deriveKey(exampleSecret, newScope(exampleTime(), DefaultRegion, ServiceS3)),
			Payload: Payload{Mode: mode, DecodedLength: int64(len(content))},
		}
		if mode.hasTrailer() {
			v.Payload.Trailers = []string{"x-amz-checksum-crc32"}
		}
		e := newEncoder(v.seed)
		e.chunk(content)
		switch mode {
		case Chunked:
			e.chunk("")
		case ChunkedTrailer:
			e.trailer(checksum)
		default:
			e.out.Reset()
			e.out.WriteString("15\r\n" + content + "\r\n0\r\n" + checksum + "\r\n\r\n")
		}
		verified[i], good[i] = v, e.out.Bytes()
		f.Add(uint8(i), good[i])
	}
	f.Add(uint8(0), []byte("ffffffffffffff;chunk-signature="))
	f.Fuzz(func(t *testing.T, mode uint8, body []byte) {
		i := int(mode) % len(modes)
		c, err := verified[i].ChunkedReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(c)
		if err != nil {
			if ReasonOf(err) == 0 || len(got) >= len(content) {
				t.Fatalf("error %v after %d bytes", err, len(got))
			}
			return
		}
		if len(got) != len(content) || modes[i].signedChunks() && string(got) != content {
			t.Fatalf("decoded %q", got)
		}
	})
}
