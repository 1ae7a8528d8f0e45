package s3api

import (
	"maps"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// target is what a request addresses. The key is what the client sent, percent-decoded and nothing else:
// "a//b", "../x" and "/" are keys like any other.
type target struct {
	scope  scope
	bucket string
	key    string
	hosted bool // the bucket is in the host name
}

// query is the decoded query in the reading that signatures cover: of a repeated name the first value counts.
type query url.Values

// has reports whether the name is there, with or without a value.
func (q query) has(name string) bool { _, ok := q[name]; return ok }

// get returns the value of a name, "" when it is not there.
func (q query) get(name string) string { return url.Values(q).Get(name) }

// without returns q without a name.
func (q query) without(name string) query {
	other := maps.Clone(q)
	delete(other, name)
	return other
}

// parseTarget finds bucket and key of c, in the host (virtual-host style) or in the path.
func (h *Handler) parseTarget(c *call) error {
	if err := c.checkSize(); err != nil {
		return err
	}
	t, err := parseTarget(c.http, h.o.Domains)
	c.target = t
	return err
}

// checkSize bounds what comes before the body.
func (c *call) checkSize() error {
	if len(c.http.RequestURI) > maxRequestURI {
		return errorOf(codeInvalidURI, "The request URI is too long.")
	}
	all, ours := headerBytes(c.http.Header)
	for _, bound := range []struct{ n, limit int }{{ours, maxAmzHeaderBytes}, {all, maxHeaderBytes}} {
		if bound.n > bound.limit {
			return errorOf(codeHeadersTooLarge, "", element{"MaxSizeAllowed", strconv.Itoa(bound.limit)})
		}
	}
	return nil
}

// headerBytes adds up all headers, and those of S3 but for a session token, which is as long as its policies.
func headerBytes(h http.Header) (all, ours int) {
	for name, values := range h {
		n := 0
		for _, v := range values {
			n += len(name) + len(v)
		}
		all += n
		if strings.HasPrefix(name, "X-Amz-") && name != "X-Amz-Security-Token" {
			ours += n
		}
	}
	return all, ours
}

func parseTarget(r *http.Request, domains []string) (target, error) {
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/")
	if bucket, ok := hostBucket(r.Host, domains); ok {
		t := target{scope: bucketScope, bucket: bucket, hosted: true}
		return t.withKey(path)
	}
	rawBucket, rawKey, _ := strings.Cut(path, "/")
	bucket, err := url.PathUnescape(rawBucket)
	if err != nil {
		return target{}, errorOf(codeInvalidURI, "")
	}
	if bucket == "" && rawKey == "" {
		return target{scope: serviceScope}, nil
	}
	return target{scope: bucketScope, bucket: bucket}.withKey(rawKey)
}

// withKey adds a percent-encoded key and checks both names against what can exist.
func (t target) withKey(escaped string) (target, error) {
	key, err := url.PathUnescape(escaped)
	if err != nil || !utf8.ValidString(key) {
		return t, errorOf(codeInvalidURI, "")
	}
	if t.bucket == "" || len(t.bucket) > maxBucketBytes || !utf8.ValidString(t.bucket) {
		return t, errorOf(codeInvalidBucketName, "", element{"BucketName", strings.ToValidUTF8(t.bucket, "\ufffd")})
	}
	if key == "" {
		return t, nil
	}
	return t.at(key)
}

// at is t with another key of its bucket.
func (t target) at(key string) (target, error) {
	t.scope, t.key = objectScope, key
	if len(key) > maxKeyBytes {
		return t, errorOf(codeKeyTooLong, "",
			element{"Size", strconv.Itoa(len(key))}, element{"MaxSizeAllowed", strconv.Itoa(maxKeyBytes)})
	}
	return t, nil
}

// Hosts reports whether a Host header names a bucket: then every path is a key of it.
func (h *Handler) Hosts(host string) bool {
	_, bucket := hostBucket(host, h.o.Domains)
	_, website := hostBucket(host, h.o.WebsiteDomains)
	return bucket || website
}

// hostBucket returns the bucket that a Host header names below one of our domains. A domain may be below
// another one: it is no bucket of that, and the longest one that fits counts.
func hostBucket(host string, domains []string) (bucket string, ok bool) {
	host = strings.ToLower(hostName(host))
	for _, d := range domains {
		d = strings.ToLower(d)
		if host == d {
			return "", false
		}
		b, found := strings.CutSuffix(host, "."+d)
		if found && b != "" && (!ok || len(b) < len(bucket)) {
			bucket, ok = b, true
		}
	}
	return bucket, ok
}

// hostName returns a Host header without its port, an IPv6 address without brackets.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}
