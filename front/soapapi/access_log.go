package soapapi

import (
	"crypto/tls"
	"net/http"
	"strings"

	"shoal/core/accesslog"
	"shoal/core/meter"
	"shoal/core/object"
)

// recordLogged hands e, the usage of c, to the meter, with the record of its bucket's access log.
func (h *Handler) recordLogged(c *call, out outcome, e meter.Event) {
	b := c.bucket
	if b == nil {
		if b = h.refusedAt(c, out); b != nil {
			e.Account, e.Bucket, e.Requests, e.BytesIn, e.BytesOut = b.Owner, b.Name, 0, 0, 0
		}
	}
	if b != nil && b.Config.Logging != nil {
		r := h.logRecord(c, b, out)
		if e.Requests > 0 {
			r.ChargedTo = e.Account
		}
		e.Log = meter.Log{Lines: r.Append(nil), Target: b.Config.Logging, Owner: b.Owner}
	}
	if e.Account != "" { // else nobody to bill: an anonymous request about nothing of ours
		h.meter.Record(e)
	}
	h.recordCopied(c, out, e)
}

// refusedAt returns the bucket of a request that was refused before it was looked up, nil for others: who tries keys on
// a bucket is in its log. Nobody pays for that.
func (h *Handler) refusedAt(c *call, out outcome) *object.Bucket {
	if out.status != http.StatusForbidden || c.bucketName == "" || len(c.bucketName) > maxBucketBytes || c.principal.CanonicalID != "" {
		return nil
	}
	b, err := h.objects.Bucket(c.ctx, c.bucketName)
	if err != nil || b.Config.Logging == nil {
		return nil // it is not there, cannot be read now, or keeps no log
	}
	return b
}

// logRecord is what the access log of b, c's bucket, says of c.
func (h *Handler) logRecord(c *call, b *object.Bucket, out outcome) accesslog.Record {
	r := accesslog.Record{
		BucketOwner: b.Owner, Bucket: b.Name, Time: c.started, RemoteIP: remoteAddr(c.http.RemoteAddr),
		Requester: c.loggedRequester(), RequestID: c.requestID, Operation: c.loggedOperation(), Key: c.key,
		Request: accesslog.RequestURI{Method: c.http.Method, URI: c.http.RequestURI, Proto: c.http.Proto},
		Status:  httpStatus(out.code), ErrorCode: string(out.code), BytesSent: out.sent, ObjectSize: c.size,
		TotalTime: h.o.Now().Sub(c.started), TurnAround: out.turnAround,
		Referer: c.http.Referer(), UserAgent: c.http.UserAgent(), HostID: c.hostID, Host: c.http.Host,
		ACLRequired: c.byACL, Region: h.regionOf(b), BytesReceived: c.body.read,
	}
	if t := c.http.TLS; t != nil {
		r.CipherSuite = tls.CipherSuiteName(t.CipherSuite)
		r.TLSVersion = strings.Replace(tls.VersionName(t.Version), "TLS ", "TLSv", 1) // as S3 writes it
	}
	return r
}

// loggedRequester is the canonical id of an account, the ARN of a user in it, "" for everybody.
func (c *call) loggedRequester() string {
	if c.principal.Identity != nil {
		return c.principal.ARN
	}
	return string(c.principal.CanonicalID)
}

func (c *call) loggedOperation() string {
	if c.operation == nil {
		return ""
	}
	return c.operation.logName()
}

// copied is what a copy reads.
type copied struct {
	bucket *object.Bucket
	key    string
	size   int64
	byACL  bool
	err    error // why it may not
}

// recordCopied records what a copy reads in the access log of the source, without counts: the copy is billed as one.
func (h *Handler) recordCopied(c *call, out outcome, e meter.Event) {
	from := c.copied
	if from == nil || from.bucket.Config.Logging == nil {
		return
	}
	r := accesslog.Record{
		BucketOwner: from.bucket.Owner, Bucket: from.bucket.Name, Time: c.started, RemoteIP: remoteAddr(c.http.RemoteAddr),
		Requester: c.loggedRequester(), RequestID: c.requestID, Operation: c.loggedOperation(), Key: from.key, Status: http.StatusOK,
		ObjectSize: from.size, HostID: c.hostID, Host: c.http.Host, ACLRequired: from.byACL, Region: h.regionOf(from.bucket),
	}
	if from.err != nil {
		r.Status, r.ErrorCode = httpStatus(out.code), string(out.code)
	}
	h.meter.Record(meter.Event{
		At: e.At, Account: from.bucket.Owner, Bucket: from.bucket.Name, Operation: e.Operation, Source: e.Source,
		Log: meter.Log{Lines: r.Append(nil), Target: from.bucket.Config.Logging, Owner: from.bucket.Owner},
	})
}

// regionOf is the region that a bucket is in.
func (h *Handler) regionOf(b *object.Bucket) string {
	if b.Region == "" {
		return h.o.Region
	}
	return b.Region
}
