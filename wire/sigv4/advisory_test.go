package sigv4

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// Each test is named after the advisory or bug report whose mistake it guards against.

func newEndpoint() *Verifier { return New(Options{}) }

// An upload with an unsigned trailer was accepted with any secret.
func TestCVE_2025_31489_UnsignedTrailerNeedsSignature(t *testing.T) {
	r := signed(t, "PUT", "http://h/b/k", "", StreamingUnsignedTrailer, "x-amz-decoded-content-length", "1")
	if _, err := check(newEndpoint(), r, exampleTime()); err != nil {
		t.Fatal(err)
	}
	req, err := newEndpoint().Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"", "x", exampleSecret + " "} {
		_, err = newEndpoint().Verify(req, secret, exampleTime())
		wantReason(t, err, SignatureMismatch)
	}
	_, err = newEndpoint().Anonymous(req)
	wantReason(t, err, SignatureMismatch)
}

// A gate looked only for the header while the credential stood in the query.
func TestCVE_2026_41145_CredentialInQueryIsSeen(t *testing.T) {
	for _, raw := range []string{
		"X-Amz-Credential=a", "X-Amz-Signature=a", "x-amz-algorithm=AWS4-HMAC-SHA256", "X-AMZ-DATE=1",
		"X-Amz-Expires=1", "X-Amz-SignedHeaders=host", "X-Amz-Security-Token=t",
		"X-Amz-Credential=" + exampleKey + "%2F20130524%2Fus-east-1%2Fs3%2Faws4_request",
	} {
		_, err := newEndpoint().Parse(received(t, newRequest(t, "PUT", "http://h/b/k?"+raw, "")))
		wantReason(t, err, AuthQueryMalformed)

		r := signed(t, "PUT", "http://h/b/k?"+raw, "", UnsignedPayload)
		_, err = newEndpoint().Parse(r)
		wantReason(t, err, MultipleMechanisms)
	}
}

// The default is refusal: no kind of Authorization header falls through to an anonymous request.
func TestCVE_2026_40344_UnknownMechanismIsRefused(t *testing.T) {
	tests := []struct {
		auth string
		want Reason
	}{
		{"AWS AKIA:c2ln", SignatureV2},
		{"AWS4-ECDSA-P256-SHA256 Credential=a", UnsupportedAlgorithm},
		{"AWS4-HMAC-SHA512 Credential=a", AuthHeaderMalformed},
		{"Bearer x", UnsupportedAuthorization},
		{"Basic x", UnsupportedAuthorization},
		{"", UnsupportedAuthorization},
		{"AWS4-HMAC-SHA256", AuthHeaderMalformed},
		{"AWS4-HMAC-SHA256 Credential=a,Signature=b", AuthHeaderMalformed},
		{"AWS4-HMAC-SHA256 " + strings.Repeat("x", maxAuthorization), AuthHeaderMalformed},
	}
	for _, tt := range tests {
		r := received(t, newRequest(t, "GET", "http://h/b/k", ""))
		r.Header["Authorization"] = []string{tt.auth}
		_, err := newEndpoint().Parse(r)
		if got := ReasonOf(err); got != tt.want {
			t.Errorf("Authorization %.60q: %v, want %v", tt.auth, err, tt.want)
		}
	}
	_, err := newEndpoint().Parse(received(t, newRequest(t, "GET", "http://h/?AWSAccessKeyId=a&Signature=b&Expires=1", "")))
	wantReason(t, err, SignatureV2)
	_, err = newEndpoint().Verify(&Request{}, exampleSecret, exampleTime())
	wantReason(t, err, SignatureMismatch)
	_, err = newEndpoint().Anonymous(&Request{})
	wantReason(t, err, SignatureMismatch)
}

// An unsigned x-amz-copy-source turned a presigned upload into a read of any object.
func TestCVE_2026_97731_UnsignedAmzHeadersAreRefused(t *testing.T) {
	for _, name := range []string{
		"x-amz-copy-source", "x-amz-tagging", "x-amz-acl", "x-amz-meta-a", "x-amz-content-sha256",
		"x-amz-date", "x-amz-security-token", "X-AMZ-Website-Redirect-Location",
	} {
		requests := []*http.Request{presigned(t, "PUT", "http://h/b/k", time.Minute)}
		if name != "x-amz-date" && name != "x-amz-content-sha256" { // always signed there
			requests = append(requests, signed(t, "PUT", "http://h/b/k", "", UnsignedPayload))
		}
		for _, r := range requests {
			r.Header.Set(name, UnsignedPayload)
			_, err := newEndpoint().Parse(r)
			wantReason(t, err, UnsignedHeaders)
			if got := err.(*Error).Headers; len(got) != 1 || got[0] != strings.ToLower(name) {
				t.Fatalf("headers = %v, want %s", got, name)
			}
		}
	}
	r := presigned(t, "PUT", "http://h/b/k", time.Minute, "x-amz-tagging", "a=b")
	if _, err := check(newEndpoint(), r, exampleTime()); err != nil {
		t.Fatal(err)
	}
	r.Header.Set("x-amz-tagging", "a=c")
	_, err := check(newEndpoint(), r, exampleTime())
	wantReason(t, err, SignatureMismatch)
	r.Header.Del("x-amz-tagging")
	_, err = check(newEndpoint(), r, exampleTime())
	wantReason(t, err, SignatureMismatch)
}

// The host must be covered, or a signature for one endpoint is good for another.
func TestCVE_2026_94368_HostMustBeSigned(t *testing.T) {
	r := signed(t, "GET", "http://h/b/k", "", UnsignedPayload)
	r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "SignedHeaders=host;", "SignedHeaders=", 1))
	_, err := newEndpoint().Parse(r)
	wantReason(t, err, UnsignedHeaders)
	r = signed(t, "GET", "http://h/b/k", "", UnsignedPayload)
	r.Host = "other"
	_, err = check(newEndpoint(), r, exampleTime())
	wantReason(t, err, SignatureMismatch)
}

// A parameter or header that is there twice means one thing to the check and another to the handler.
func TestDuplicatedParametersAndHeadersAreRefused(t *testing.T) {
	good := presigned(t, "GET", "http://h/b/k", time.Minute)
	for _, name := range []string{"X-Amz-Signature", "X-Amz-Credential", "x-amz-expires", "X-Amz-SignedHeaders"} {
		r := good.Clone(t.Context())
		r.URL.RawQuery += "&" + name + "=1"
		_, err := newEndpoint().Parse(r)
		wantReason(t, err, AuthQueryMalformed)
	}
	r := signed(t, "PUT", "http://h/b/k", "", UnsignedPayload, "x-amz-acl", "private")
	r.Header.Add("x-amz-acl", "public-read")
	_, err := newEndpoint().Parse(r)
	wantReason(t, err, DuplicateHeader)
	r = signed(t, "PUT", "http://h/b/k", "", UnsignedPayload)
	r.Header.Add("Authorization", r.Header.Get("Authorization"))
	_, err = newEndpoint().Parse(r)
	wantReason(t, err, AuthHeaderMalformed)
}

func TestPresignTimes(t *testing.T) {
	tests := []struct {
		name    string
		expires string
		now     time.Duration // after signing
		want    Reason
	}{
		{"fresh", "60", 0, 0},
		{"last second", "60", 59 * time.Second, 0},
		{"expired", "60", 60 * time.Second, ExpiredPresign},
		{"clock behind", "60", -15 * time.Minute, 0},
		{"from the future", "60", -15*time.Minute - time.Second, PresignNotYetValid},
		{"a week", "604800", 604799 * time.Second, 0},
		{"more than a week", "604801", 0, AuthQueryMalformed},
		{"zero", "0", 0, AuthQueryMalformed},
		{"negative", "-1", 0, AuthQueryMalformed},
		{"not a number", "1e3", 0, AuthQueryMalformed},
		{"overflow", "99999999999999999999", 0, AuthQueryMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := presigned(t, "GET", "http://h/b/k", time.Minute)
			query := r.URL.Query()
			query.Set(queryExpires, tt.expires)
			query.Del(querySignature)
			r.URL.RawQuery = query.Encode()
			resignQuery(t, r)
			_, err := check(newEndpoint(), r, exampleTime().Add(tt.now))
			wantReason(t, err, tt.want)
		})
	}
}

// resignQuery signs whatever the query holds, valid or not.
func resignQuery(t *testing.T, r *http.Request) {
	t.Helper()
	params, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		t.Fatal(err)
	}
	scope := newScope(exampleTime(), DefaultRegion, ServiceS3)
	canonical := canonicalRequest(nil, r, spellings(r, params)[0], "", []string{"host"}, UnsignedPayload)
	r.URL.RawQuery += "&" + querySignature + "=" + deriveKey(exampleSecret, scope).sign(stringToSign(exampleTime(), scope, canonical))
}

// A signed URL must not be turned to another sub-resource, method, key or response header.
func TestPresignedURLCannotBeBent(t *testing.T) {
	for _, bend := range []func(r *http.Request){
		func(r *http.Request) { r.URL.RawQuery += "&acl" },
		func(r *http.Request) { r.URL.RawQuery += "&versionId=1" },
		func(r *http.Request) { r.URL.RawQuery += "&torrent" },
		func(r *http.Request) { r.URL.RawQuery += "&response-content-type=text%2Fhtml" },
		func(r *http.Request) {
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "partNumber=1", "partNumber=2", 1)
		},
		func(r *http.Request) { r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "partNumber=1&", "", 1) },
		func(r *http.Request) { r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "Expires=60", "Expires=61", 1) },
		func(r *http.Request) { r.Method = "PUT" },
		func(r *http.Request) { r.URL.Path = "/b/k2" },
		func(r *http.Request) { r.URL.Path = "/b//k" },
		func(r *http.Request) { r.Host = "h2" },
	} {
		r := presigned(t, "GET", "http://h/b/k?partNumber=1", time.Minute)
		bend(r)
		_, err := check(newEndpoint(), r, exampleTime())
		wantReason(t, err, SignatureMismatch)
	}
}

func TestHeaderTimeAndScope(t *testing.T) {
	at := func(region string, now time.Time) *http.Request {
		r := newRequest(t, "GET", "http://h/b/k", "")
		if err := Sign(r, exampleCredentials(), region, UnsignedPayload, now); err != nil {
			t.Fatal(err)
		}
		return received(t, r)
	}
	replace := func(from, to string) *http.Request {
		r := at(DefaultRegion, exampleTime())
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), from, to, 1))
		return r
	}
	tests := []struct {
		name string
		r    *http.Request
		want Reason
	}{
		{"in time", at(DefaultRegion, exampleTime().Add(-15*time.Minute)), 0},
		{"too old", at(DefaultRegion, exampleTime().Add(-15*time.Minute-time.Second)), RequestTimeTooSkewed},
		{"too new", at(DefaultRegion, exampleTime().Add(15*time.Minute+time.Second)), RequestTimeTooSkewed},
		{"region", at("eu-west-1", exampleTime()), AuthHeaderMalformed},
		{"service", replace("/s3/", "/ec2/"), AuthHeaderMalformed},
		{"terminal", replace("/aws4_request", "/aws5_request"), AuthHeaderMalformed},
		{"scope date", replace("/20130524/", "/20130523/"), AuthHeaderMalformed},
		{"no key id", replace(exampleKey, ""), AuthHeaderMalformed},
		{"extra field", replace(", Sig", ", X=1, Sig"), AuthHeaderMalformed},
		{"field twice", replace(", Sig", ", Signature=0, Sig"), AuthHeaderMalformed},
		{"upper-case header", replace("host;", "Host;"), AuthHeaderMalformed},
		{"unsorted headers", replace("host;x-amz-content-sha256", "x-amz-content-sha256;host"), AuthHeaderMalformed},
		{"cut signature", replace("Signature=", "Signature=0"), SignatureMismatch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := check(newEndpoint(), tt.r, exampleTime())
			wantReason(t, err, tt.want)
			if e, ok := err.(*Error); ok && tt.name == "region" && e.Region != DefaultRegion {
				t.Fatalf("Region = %q, want the expected one", e.Region)
			}
		})
	}
}

func TestPayloadHeader(t *testing.T) {
	tests := []struct {
		value, decoded string
		want           Reason
	}{
		{"", "", MissingContentSHA256},
		{"0", "", InvalidContentSHA256},
		{strings.Repeat("g", 64), "", InvalidContentSHA256},
		{"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "1", UnsupportedAlgorithm},
		{"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER", "1", UnsupportedAlgorithm},
		{StreamingSignedPayload, "", MissingDecodedLength},
		{StreamingSignedPayload, "-1", InvalidDecodedLength},
		{StreamingSignedPayload, "+1", InvalidDecodedLength},
		{StreamingSignedPayload, "9223372036854775808", InvalidDecodedLength},
		{StreamingUnsignedTrailer, "5", 0},
		{UnsignedPayload, "", 0},
		{EmptySHA256, "", 0},
	}
	for _, tt := range tests {
		var headers []string
		if tt.decoded != "" {
			headers = []string{"x-amz-decoded-content-length", tt.decoded}
		}
		r := signed(t, "PUT", "http://h/b/k", "", tt.value, headers...)
		if tt.value == "" {
			r.Header.Del(contentSHA256)
		}
		_, err := check(newEndpoint(), r, exampleTime())
		if got := ReasonOf(err); got != tt.want {
			t.Errorf("%s %q: %v, want %v", tt.value, tt.decoded, err, tt.want)
		}
	}
}
