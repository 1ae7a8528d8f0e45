package soapapi

import (
	"crypto/tls"
	"strconv"
	"strings"

	"shoal/core/access"
)

// describeRequest fills in what policies may ask. What REST says in headers is set where a request here says the same.
func (h *Handler) describeRequest(c *call) {
	f := &c.access
	f.SetSourceIP(remoteAddr(c.http.RemoteAddr))
	f.SetTime(h.o.Now())
	f.Set(access.KeySecureTransport, strconv.FormatBool(c.http.TLS != nil))
	if c.http.TLS != nil {
		f.Set(access.KeyTLSVersion, strings.TrimPrefix(tls.VersionName(c.http.TLS.Version), "TLS "))
	}
	set := func(key access.Key, value string) {
		if value != "" {
			f.Set(key, value)
		}
	}
	set(access.KeyUserAgent, c.http.UserAgent())
	set(access.KeyReferer, c.http.Referer())
	f.Set("aws:RequestedRegion", h.o.Region)
	f.Set("aws:ViaAWSService", "false")
	f.Set(access.KeyObjectCreation, strconv.FormatBool(c.operation.createsObject()))
	if !c.anonymous() {
		// The signature is that of the time before SigV4, which policies call so.
		f.Set(access.KeySignatureVersion, "AWS")
	}
	r := &c.request
	set(access.KeyPrefix, r.text("Prefix"))
	set(access.KeyDelimiter, r.text("Delimiter"))
	set(access.KeyMaxKeys, r.token("MaxKeys"))
	set(access.KeyStorageClass, r.token("StorageClass"))
	set(access.KeyMetadataDirective, r.token("MetadataDirective"))
	if r.has("SourceBucket") {
		f.Set(access.KeyCopySource, r.token("SourceBucket")+"/"+r.text("SourceKey"))
	}
	if r.has("AccessControlList") {
		// It says what REST says in these headers, in another form: what denies them denies it.
		f.SetUnknown(access.KeyACL)
		for name := range access.GrantHeaders() {
			f.SetUnknown(access.Key("s3:" + name))
		}
	}
}
