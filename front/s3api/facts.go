package s3api

import (
	"net/netip"
	"strconv"
	"time"

	"shoal/core/access"
	"shoal/wire/sigv4"
)

// describeRequest fills in what bucket policies may ask. A value from the client goes under the key of that
// value only, so that no header can claim to be something else.
func (h *Handler) describeRequest(c *call) {
	now := h.o.Now()
	h.describeConnection(c, now)
	c.describeCopySource()
	c.describeHeaderLock(now)
	if tags, err := c.tagsToSet(); err == nil && tags != nil {
		c.access.SetRequestTags(tags)
	}
	c.access.Set(access.KeyObjectCreation, strconv.FormatBool(c.operation.createsObject()))
	for key, name := range conditionParameters {
		if c.query.has(name) {
			c.access.Set(key, c.query.get(name))
		}
	}
	if auth := authType(c.claim.Mechanism); auth != "" {
		c.access.Set(access.KeyAuthType, auth)
		c.access.Set(access.KeySignatureVersion, "AWS4-HMAC-SHA256")
	}
	if c.claim.Mechanism == sigv4.Presigned {
		c.access.Set(access.KeySignatureAge, strconv.FormatInt(now.Sub(c.claim.Time).Milliseconds(), 10))
	}
}

// describeConnection fills in what is known of a request whatever it is about.
func (h *Handler) describeConnection(c *call, now time.Time) {
	c.access.SetSourceIP(remoteAddr(c.http.RemoteAddr))
	c.access.SetTime(now)
	c.access.Set(access.KeySecureTransport, strconv.FormatBool(c.http.TLS != nil))
	if c.http.TLS != nil {
		c.access.Set(access.KeyTLSVersion, tlsVersion(c.http.TLS.Version))
	}
	for key, header := range conditionHeaders {
		if v := c.http.Header.Get(header); v != "" {
			c.access.Set(key, v)
		}
	}
	c.access.Set("aws:RequestedRegion", h.o.Region)
	c.access.Set("aws:ViaAWSService", "false")
}

// conditionHeaders are the headers that policies see. Never written.
var conditionHeaders = map[access.Key]string{
	access.KeyReferer:                                    "Referer",
	access.KeyUserAgent:                                  "User-Agent",
	access.KeyACL:                                        "x-amz-acl",
	access.KeyMetadataDirective:                          "x-amz-metadata-directive",
	access.KeyStorageClass:                               "x-amz-storage-class",
	access.KeyContentSHA256:                              "x-amz-content-sha256",
	"s3:x-amz-grant-read":                                "x-amz-grant-read",
	"s3:x-amz-grant-write":                               "x-amz-grant-write",
	"s3:x-amz-grant-read-acp":                            "x-amz-grant-read-acp",
	"s3:x-amz-grant-write-acp":                           "x-amz-grant-write-acp",
	"s3:x-amz-grant-full-control":                        "x-amz-grant-full-control",
	"s3:x-amz-object-ownership":                          "x-amz-object-ownership",
	"s3:x-amz-website-redirect-location":                 "x-amz-website-redirect-location",
	"s3:x-amz-server-side-encryption":                    "x-amz-server-side-encryption",
	"s3:x-amz-server-side-encryption-aws-kms-key-id":     "x-amz-server-side-encryption-aws-kms-key-id",
	"s3:x-amz-server-side-encryption-customer-algorithm": "x-amz-server-side-encryption-customer-algorithm",
	"s3:if-match":                                        "If-Match",
	"s3:if-none-match":                                   "If-None-Match",
}

// conditionParameters are the query parameters that policies see. Never written.
var conditionParameters = map[access.Key]string{
	access.KeyPrefix:    "prefix",
	access.KeyDelimiter: "delimiter",
	access.KeyMaxKeys:   "max-keys",
	access.KeyVersionID: "versionId",
}

// describeCopySource sets the source as policies write it, "bucket/key": percent signs must hide nothing from them.
func (c *call) describeCopySource() {
	source := c.http.Header.Get("x-amz-copy-source")
	if source == "" {
		return
	}
	if bucket, key, _, err := parseCopySource(source); err == nil {
		source = bucket + "/" + key
	}
	c.access.Set(access.KeyCopySource, source)
}

func authType(m sigv4.Mechanism) string {
	switch m {
	case sigv4.Header:
		return "REST-HEADER"
	case sigv4.Presigned:
		return "REST-QUERY-STRING"
	}
	return ""
}

// tlsVersion is the number as policies write it: 1.2 for 0x0303.
func tlsVersion(v uint16) string {
	return strconv.FormatFloat(1+float64(v&0xff-1)/10, 'f', 1, 64)
}

// remoteAddr is the address of the peer; the zero Addr when it has none, as on a Unix socket.
func remoteAddr(hostport string) netip.Addr {
	ap, err := netip.ParseAddrPort(hostport)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}
