package sigv4

import (
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Credentials are what a client signs with. They print as their access key id only.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string // "" for long-term keys
}

func (c Credentials) String() string { return "credentials of " + c.AccessKeyID }

// GoString keeps the secret out of %#v.
func (c Credentials) GoString() string { return c.String() }

// LogValue keeps the secret out of structured logs.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.AccessKeyID) }

// Sign adds x-amz-date, x-amz-content-sha256, x-amz-security-token and Authorization to r for the
// service s3. payloadHash is the hex SHA-256 of the body or one of the keywords of this package.
// Every header already present is signed, but for those that transports change.
func Sign(r *http.Request, c Credentials, region, payloadHash string, now time.Time) error {
	now = now.UTC()
	r.Header.Del("Authorization")
	r.Header.Set("X-Amz-Date", now.Format(timeFormat))
	r.Header.Set(contentSHA256, payloadHash)
	if c.SessionToken != "" {
		r.Header.Set(securityToken, c.SessionToken)
	}
	params, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	scope := newScope(now, region, ServiceS3)
	signed := headersToSign(r.Header)
	canonical := canonicalRequest(nil, r, clientSpelling(r, params), "", signed, payloadHash)
	signature := deriveKey(c.SecretAccessKey, scope).sign(stringToSign(now, scope, canonical))
	r.Header.Set("Authorization", algorithm+" Credential="+c.AccessKeyID+"/"+scope.String()+
		", SignedHeaders="+strings.Join(signed, ";")+", Signature="+signature)
	return nil
}

// Presign returns r's URL with a signature in its query that is good for expires, whole seconds
// from 1 s to MaxPresign. The headers of r are signed: whoever uses the URL must send the same.
// r itself is not changed.
func Presign(r *http.Request, c Credentials, region string, expires time.Duration, now time.Time) (string, error) {
	if expires < time.Second || expires > MaxPresign {
		return "", refuse(AuthQueryMalformed, "%s must be from 1 second to a week", queryExpires)
	}
	now = now.UTC()
	scope := newScope(now, region, ServiceS3)
	signed := headersToSign(r.Header)
	add := url.Values{
		queryAlgorithm:     {algorithm},
		queryCredential:    {c.AccessKeyID + "/" + scope.String()},
		queryDate:          {now.Format(timeFormat)},
		queryExpires:       {strconv.FormatInt(int64(expires/time.Second), 10)},
		querySignedHeaders: {strings.Join(signed, ";")},
	}
	if c.SessionToken != "" {
		add.Set(securityToken, c.SessionToken)
	}
	raw := add.Encode()
	if r.URL.RawQuery != "" {
		raw = r.URL.RawQuery + "&" + raw
	}
	params, err := parseQuery(raw)
	if err != nil {
		return "", err
	}
	payload := UnsignedPayload
	if h := r.Header.Get(contentSHA256); h != "" {
		payload = h
	}
	canonical := canonicalRequest(nil, r, clientSpelling(r, params), "", signed, payload)
	u := *r.URL
	u.RawQuery = string(appendCanonicalQuery(nil, params, "")) + "&" + querySignature + "=" +
		deriveKey(c.SecretAccessKey, scope).sign(stringToSign(now, scope, canonical))
	return u.String(), nil
}

// clientSpelling is the documented spelling, with the Host that net/http's client will send.
func clientSpelling(r *http.Request, params []param) spelling {
	s := spellings(r, params)[0]
	if s.host == "" {
		s.host = r.URL.Host
	}
	return s
}

// headersToSign lists host and the headers in h that reach the server unchanged, sorted.
func headersToSign(h http.Header) []string {
	names := []string{"host"}
	for name := range h {
		switch name = strings.ToLower(name); name {
		case "authorization", "user-agent", "accept-encoding", "connection", "expect", "host",
			"content-length", "transfer-encoding", "trailer", "te", "upgrade", "x-amzn-trace-id":
		default:
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
