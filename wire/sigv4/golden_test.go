package sigv4

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// The examples of the S3 API reference, with the signatures printed there.

func TestPublishedHeaderExamples(t *testing.T) {
	const host = "http://examplebucket.s3.amazonaws.com"
	tests := []struct {
		name, method, target, body, hash, signature string
		headers                                     []string
	}{
		{
			"get object", "GET", "/test.txt", "", EmptySHA256,
			"f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
			[]string{"Range", "bytes=0-9"},
		},
		{
			"put object", "PUT", "/test$file.text", "Welcome to Amazon S3.",
			"44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
			"98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
			[]string{"Date", "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class", "REDUCED_REDUNDANCY"},
		},
		{
			"get bucket lifecycle", "GET", "/?lifecycle", "", EmptySHA256,
			"fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543", nil,
		},
		{
			"list objects", "GET", "/?prefix=J&max-keys=2", "", EmptySHA256,
			"34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7", nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := signed(t, tt.method, host+tt.target, tt.body, tt.hash, tt.headers...)
			if auth := r.Header.Get("Authorization"); !strings.HasSuffix(auth, "Signature="+tt.signature) {
				t.Fatalf("Sign made %q, want the signature %s", auth, tt.signature)
			}
			v, err := check(New(Options{}), r, exampleTime())
			if err != nil {
				t.Fatal(err)
			}
			if v.AccessKeyID != exampleKey || v.Mechanism != Header || v.Payload.Mode != Hashed {
				t.Fatalf("verified = %+v", v)
			}
			body, err := io.ReadAll(NewHashReader(r.Body, v.Payload.SHA256))
			if err != nil || string(body) != tt.body {
				t.Fatalf("body = %q, %v, want %q", body, err, tt.body)
			}
		})
	}
}

func TestPublishedPresignExample(t *testing.T) {
	const want = "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256" +
		"&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request" +
		"&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host" +
		"&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
	r := newRequest(t, "GET", "https://examplebucket.s3.amazonaws.com/test.txt", "")
	got, err := Presign(r, exampleCredentials(), DefaultRegion, 86400e9, exampleTime())
	if err != nil || got != want {
		t.Fatalf("Presign = %q, %v, want %q", got, err, want)
	}
	if _, err := check(New(Options{}), received(t, newRequest(t, "GET", want, "")), exampleTime()); err != nil {
		t.Fatal(err)
	}
}

// The POST example of the S3 API reference (sigv4-post-example): policy and signature as printed.
func TestPublishedPostExample(t *testing.T) {
	const signature = "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"
	policy := "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9"
	form := Form{
		Algorithm: algorithm, Credential: exampleKey + "/20151229/us-east-1/s3/aws4_request",
		Date: "20151229T000000Z", Signature: signature, Policy: policy,
	}
	v := New(Options{})
	req, err := v.ParseForm(form)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(req, exampleSecret, exampleTime()); err != nil {
		t.Fatal(err)
	}
	form.Policy = strings.Replace(policy, "eyAi", "eyAj", 1)
	if req, err = v.ParseForm(form); err != nil {
		t.Fatal(err)
	}
	_, err = v.Verify(req, exampleSecret, exampleTime())
	wantReason(t, err, SignatureMismatch)
}

// publishedChunks returns the PUT of sigv4-streaming (or -trailers) and its body.
func publishedChunks(authorization, mode string, signatures [3]string, tail string) (*http.Request, []byte) {
	var body bytes.Buffer
	body.WriteString("10000;chunk-signature=" + signatures[0] + "\r\n" + strings.Repeat("a", 65536) + "\r\n")
	body.WriteString("400;chunk-signature=" + signatures[1] + "\r\n" + strings.Repeat("a", 1024) + "\r\n")
	body.WriteString("0;chunk-signature=" + signatures[2] + "\r\n" + tail)
	r := &http.Request{
		Method: "PUT", Host: "s3.amazonaws.com", URL: &url.URL{Path: "/examplebucket/chunkObject.txt"},
		ContentLength: 66824,
		Header: http.Header{
			"Authorization":                {authorization},
			"Content-Encoding":             {"aws-chunked"},
			"X-Amz-Content-Sha256":         {mode},
			"X-Amz-Date":                   {"20130524T000000Z"},
			"X-Amz-Decoded-Content-Length": {"66560"},
			"X-Amz-Storage-Class":          {"REDUCED_REDUNDANCY"},
		},
	}
	return r, body.Bytes()
}

func publishedStream() (*http.Request, []byte) {
	return publishedChunks("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"+
		"SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"+
		"x-amz-decoded-content-length;x-amz-storage-class,"+
		"Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
		StreamingSignedPayload, [3]string{
			"ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
			"0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
			"b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
		}, "\r\n")
}

func publishedTrailer() (*http.Request, []byte) {
	r, body := publishedChunks("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"+
		"SignedHeaders=content-encoding;host;x-amz-content-sha256;x-amz-date;"+
		"x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer,"+
		"Signature=106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
		StreamingSignedPayloadTrailer, [3]string{
			"b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
			"1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
			"2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
		}, "x-amz-checksum-crc32c:sOO8/Q==\r\n"+
			"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n")
	r.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32c")
	return r, body
}

func TestPublishedChunkedExamples(t *testing.T) {
	tests := []struct {
		name    string
		make    func() (*http.Request, []byte)
		trailer string
	}{
		{"sigv4-streaming", publishedStream, ""},
		{"sigv4-streaming-trailers", publishedTrailer, "sOO8/Q=="},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, body := tt.make()
			v, err := check(New(Options{EnforceMinSize: true}), r, exampleTime())
			if err != nil {
				t.Fatal(err)
			}
			got, trailers, err := decode(t, v, string(body))
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.Repeat("a", 66560); got != want {
				t.Fatalf("content has %d bytes, want %d", len(got), len(want))
			}
			if got := trailers["x-amz-checksum-crc32c"]; got != tt.trailer {
				t.Fatalf("trailer = %q, want %q", got, tt.trailer)
			}
		})
	}
}
