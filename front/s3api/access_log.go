package s3api

import (
	"crypto/tls"
	"net/http"
	"time"

	"shoal/core/accesslog"
	"shoal/core/meter"
	"shoal/core/object"
	"shoal/wire/sigv4"
)

// maxKeptLines is the largest buffer for records that is kept, in bytes: that of a DeleteObjects of many keys is not.
const maxKeptLines = 64 << 10

// Operation columns of the records that a request makes beside its own. They are charged to nobody.
const (
	logBatchDelete = "BATCH.DELETE.OBJECT"
	logCopyGet     = "REST.COPY.OBJECT_GET"
	logPartGet     = "REST.COPY.PART_GET"
)

// loggedKey is one key that DeleteObjects deleted, or not.
type loggedKey struct {
	key, versionID string
	err            error
}

// loggedCopy is what a copy reads.
type loggedCopy struct {
	bucket         *object.Bucket
	key, versionID string
	size           int64
	byACL          bool
	charged        bool  // to the requester, by Requester Pays
	err            error // why it may not
}

// recordLogged hands e, the usage of c, to the meter, with the records of its bucket's access log.
func (h *Handler) recordLogged(c *call, out outcome, e meter.Event) {
	bucket := c.bucket
	if bucket == nil {
		if bucket = h.refusedAt(c, out); bucket != nil {
			e.Account, e.Bucket, e.Requests, e.BytesIn, e.BytesOut = bucket.Owner, bucket.Name, 0, 0, 0
		}
	}
	lines, _ := h.logLines.Get().(*[]byte)
	if lines == nil {
		lines = new([]byte)
	}
	defer func() {
		if cap(*lines) <= maxKeptLines {
			h.logLines.Put(lines)
		}
	}()
	if bucket != nil && bucket.Config.Logging != nil {
		r := h.logRecord(c, bucket, out)
		if e.Requests > 0 {
			r.ChargedTo = e.Account
		}
		*lines = r.Append((*lines)[:0])
		*lines = c.appendDeleted(*lines, r)
		e.Log = meter.Log{Lines: *lines, Target: bucket.Config.Logging, Owner: bucket.Owner}
	}
	if e.Account != "" { // else nobody to bill: an anonymous request about nothing of ours
		h.meter.Record(e)
	}
	h.recordCopied(c, out, e.At, lines)
}

// refusedAt returns the bucket of a request that was refused before it was looked up, nil for others: who tries keys on
// a bucket is in its log. Nobody pays for that.
func (h *Handler) refusedAt(c *call, out outcome) *object.Bucket {
	if out.status != http.StatusForbidden || c.target.bucket == "" || c.principal.CanonicalID != "" {
		return nil
	}
	b, err := h.objects.Bucket(c.ctx, c.target.bucket)
	if err != nil || b.Config.Logging == nil {
		return nil // it is not there, cannot be read now, or keeps no log
	}
	return b
}

// logRecord is what the access log of b, c's bucket, says of c.
func (h *Handler) logRecord(c *call, b *object.Bucket, out outcome) accesslog.Record {
	r := accesslog.Record{
		BucketOwner: b.Owner, Bucket: b.Name, Time: c.started, RemoteIP: remoteAddr(c.http.RemoteAddr),
		Requester: c.loggedRequester(), RequestID: c.requestID, Operation: c.loggedOperation(), Key: c.target.key,
		Request: accesslog.RequestURI{Method: c.http.Method, URI: c.http.RequestURI, Proto: c.http.Proto},
		Status:  out.status, ErrorCode: string(out.code), BytesSent: out.sent, ObjectSize: c.loggedSize(),
		TotalTime: h.o.Now().Sub(c.started), TurnAround: out.turnAround,
		Referer: c.http.Referer(), UserAgent: c.http.UserAgent(), VersionID: c.query.get("versionId"), HostID: c.hostID,
		Host: c.http.Host, ACLRequired: c.byACL, Region: h.regionOf(b), BytesReceived: c.body.read,
	}
	r.Signature, r.AuthType = c.loggedSignature()
	if t := c.http.TLS; t != nil {
		r.CipherSuite, r.TLSVersion = tls.CipherSuiteName(t.CipherSuite), loggedTLS(t.Version)
	}
	return r
}

// loggedRequester is the canonical id of an account, the ARN of a user or session in it, "" for everybody.
func (c *call) loggedRequester() string {
	if c.principal.Identity != nil {
		return c.principal.ARN
	}
	return string(c.principal.CanonicalID)
}

func (c *call) loggedOperation() string {
	switch {
	case c.operation == nil:
		return ""
	case c.website && c.http.Method == http.MethodHead:
		return "WEBSITE.HEAD.OBJECT"
	}
	return c.operation.logAs
}

// loggedSize is the size of the object in question, 0 when it is not known.
func (c *call) loggedSize() int64 {
	switch {
	case c.version != nil:
		return c.version.Size
	case c.copied != nil:
		return c.copied.size
	case c.operation != nil && (c.operation.takesContent() || c.operation.takesForm()):
		return c.body.read
	}
	return 0
}

// turnAround is the time since the last byte of the request, when the first one of the answer is to go out. Without an
// access log nobody asks.
func (h *Handler) turnAround(c *call) time.Duration {
	if c.bucket == nil || c.bucket.Config.Logging == nil {
		return 0
	}
	if c.body.source != nil && c.body.source.over {
		return time.Since(c.body.source.overAt)
	}
	return h.o.Now().Sub(c.started)
}

func (c *call) loggedSignature() (signature, authType string) {
	switch {
	case c.form != nil && c.form.isSigned():
		return "SigV4", ""
	case c.claim == nil:
		return "", ""
	case c.claim.Mechanism == sigv4.Header:
		return "SigV4", "AuthHeader"
	case c.claim.Mechanism == sigv4.Presigned:
		return "SigV4", "QueryString"
	}
	return "", ""
}

// loggedTLS is a version as S3 writes it.
func loggedTLS(version uint16) string {
	switch version {
	case tls.VersionTLS12:
		return "TLSv1.2"
	case tls.VersionTLS13:
		return "TLSv1.3"
	}
	return ""
}

// appendDeleted appends a record for each key of a DeleteObjects, like r but for the key.
func (c *call) appendDeleted(lines []byte, r accesslog.Record) []byte {
	r.Operation, r.BytesSent, r.ObjectSize, r.BytesReceived, r.ChargedTo = logBatchDelete, 0, 0, 0, ""
	for _, d := range c.deleted {
		r.Key, r.VersionID, r.Status, r.ErrorCode = d.key, d.versionID, http.StatusNoContent, ""
		if d.err != nil {
			failed := translate(d.err)
			r.Status, r.ErrorCode = failed.status(), string(failed.code)
		}
		lines = r.Append(lines)
	}
	return lines
}

// recordCopied records what a copy reads in the access log of the source, without counts: the copy is billed as one.
func (h *Handler) recordCopied(c *call, out outcome, at time.Time, lines *[]byte) {
	from := c.copied
	if from == nil || from.bucket.Config.Logging == nil {
		return
	}
	r := accesslog.Record{
		BucketOwner: from.bucket.Owner, Bucket: from.bucket.Name, Time: at, RemoteIP: remoteAddr(c.http.RemoteAddr),
		Requester: c.loggedRequester(), RequestID: c.requestID, Operation: logCopyGet, Key: from.key, Status: http.StatusOK,
		ObjectSize: from.size, VersionID: from.versionID, HostID: c.hostID, Host: c.http.Host, ACLRequired: from.byACL,
		Region: h.regionOf(from.bucket),
	}
	if c.operation.usage == meter.UploadPartCopy {
		r.Operation = logPartGet
	}
	if from.err != nil {
		r.Status, r.ErrorCode = out.status, string(out.code)
	}
	*lines = r.Append((*lines)[:0])
	h.meter.Record(meter.Event{
		At: at, Account: from.bucket.Owner, Bucket: from.bucket.Name, Operation: c.operation.usage, Source: meter.REST,
		Log: meter.Log{Lines: *lines, Target: from.bucket.Config.Logging},
	})
}
