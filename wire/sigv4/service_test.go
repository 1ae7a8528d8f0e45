package sigv4

import (
	"crypto/sha256"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// signedFor returns a request that is signed for IAM: by its header or, presigned, by its query.
func signedFor(t *testing.T, presign bool, body string, headers ...string) *http.Request {
	t.Helper()
	scope := newScope(exampleTime(), DefaultRegion, "iam")
	r := newRequest(t, "POST", "http://h/?Action=ListUsers", body)
	if !presign {
		r.Header.Set("X-Amz-Date", exampleTime().Format(timeFormat))
		canonical := canonicalRequest(nil, r, spellings(r, mustParams(t, r))[0], "", []string{"host", "x-amz-date"}, sha256Hex(body))
		r.Header.Set("Authorization", algorithm+" Credential="+exampleKey+"/"+scope.String()+
			", SignedHeaders=host;x-amz-date, Signature="+deriveKey(exampleSecret, scope).sign(stringToSign(exampleTime(), scope, canonical)))
	} else {
		q := url.Values{
			"Action": {"ListUsers"}, queryAlgorithm: {algorithm}, queryCredential: {exampleKey + "/" + scope.String()},
			queryDate: {exampleTime().Format(timeFormat)}, querySignedHeaders: {"host"},
		}
		r.URL.RawQuery = q.Encode()
		canonical := canonicalRequest(nil, r, spellings(r, mustParams(t, r))[0], querySignature, []string{"host"}, sha256Hex(body))
		q.Set(querySignature, deriveKey(exampleSecret, scope).sign(stringToSign(exampleTime(), scope, canonical)))
		r.URL.RawQuery = q.Encode()
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return received(t, r)
}

func mustParams(t *testing.T, r *http.Request) []param {
	t.Helper()
	params, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		t.Fatal(err)
	}
	return params
}

// TestOtherServices: what is S3's own does not bind them, and what SigV4 has does.
func TestOtherServices(t *testing.T) {
	const body = "UserName=bob"
	tests := []struct {
		name    string
		presign bool
		body    string // that is sent; body was signed
		at      time.Duration
		headers []string
		want    Reason
	}{
		{name: "header", body: body},
		{name: "header of S3", body: body, headers: []string{"X-Amz-Content-Sha256", "nonsense", "X-Amz-Copy-Source", "b/k"}},
		{name: "another body", body: body + "&Path=/x/", want: SignatureMismatch},
		{name: "late", body: body, at: DefaultMaxSkew + time.Second, want: RequestTimeTooSkewed},
		{name: "presigned without Expires", presign: true, body: body},
		{name: "presigned, header of S3", presign: true, body: body, headers: []string{"X-Amz-Content-Sha256", UnsignedPayload}},
		{name: "presigned, another body", presign: true, body: "", want: SignatureMismatch},
		{name: "presigned, late", presign: true, body: body, at: DefaultMaxSkew + time.Second, want: RequestTimeTooSkewed},
		{name: "presigned, early", presign: true, body: body, at: -DefaultMaxSkew - time.Second, want: RequestTimeTooSkewed},
	}
	v := New(Options{Services: []string{"iam"}})
	for _, tt := range tests {
		req, err := v.Parse(signedFor(t, tt.presign, body, tt.headers...))
		if err != nil || !req.NeedBodySHA256() {
			t.Fatalf("%s: Parse = %+v, %v", tt.name, req, err)
		}
		req.SetBodySHA256(sha256.Sum256([]byte(tt.body)))
		if _, err = v.Verify(req, exampleSecret, exampleTime().Add(tt.at)); ReasonOf(err) != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
}

// TestParts: a refusal says which part of an authorization is at fault.
func TestParts(t *testing.T) {
	tests := []struct {
		presign  bool
		old, new string // in the Authorization header or the query
		part     Part
		value    string
	}{
		{false, algorithm, "AWS4-FOO", Algorithm, "AWS4-FOO"},
		{false, "SignedHeaders=", "SignedHeaders-", Component, "SignedHeaders-host;x-amz-date"},
		{false, "Credential=", "Credentials=", MissingComponent, "Credential"},
		{false, "/iam/", "/", Credential, exampleKey + "/20130524/us-east-1/aws4_request"},
		{false, "/iam/", "/ec2/", ScopeService, "ec2"},
		{false, "us-east-1", "us-west-1", ScopeRegion, "us-west-1"},
		{false, "aws4_request", "aws_request", ScopeTerminal, "aws_request"},
		{false, "/20130524/", "/2013/", ScopeDate, "2013"},
		{false, "/20130524/", "/20130525/", ScopeDate, "20130525"},
		{true, queryAlgorithm, "X-Algorithm", Algorithm, ""},
		{true, algorithm, algorithm + "x", Algorithm, algorithm + "x"},
		{true, queryCredential, "X-Credential", MissingParameter, queryCredential},
		{true, queryDate + "=", queryDate + "=x", RequestDate, "x20130524T000000Z"},
		{true, "%2Fiam%2F", "%2F", Credential, exampleKey + "/20130524/us-east-1/aws4_request"},
	}
	v := New(Options{Services: []string{"iam"}})
	for _, tt := range tests {
		r := signedFor(t, tt.presign, "")
		if tt.presign {
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, tt.old, tt.new, 1)
		} else {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), tt.old, tt.new, 1))
		}
		_, err := v.Parse(r)
		var e *Error
		if !errors.As(err, &e) || e.Part != tt.part || e.Value != tt.value {
			t.Errorf("%s for %s: got %+v, want part %d of %q", tt.new, tt.old, err, tt.part, tt.value)
		}
	}
	for _, date := range []string{"", "03032006"} {
		r := signedFor(t, false, "", "X-Amz-Date", date)
		_, err := v.Parse(r)
		var e *Error
		if !errors.As(err, &e) || e.Reason != MissingDate || e.Part != RequestDate || e.Value != date {
			t.Errorf("date %q: got %+v", date, err)
		}
	}
}
