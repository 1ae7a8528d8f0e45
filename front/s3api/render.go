package s3api

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"shoal/core/meter"
)

// serverName is the Server header.
const serverName = "Shoal"

// outcome is what was answered, for the meter, the log and the metrics.
type outcome struct {
	status int
	code   code // "" without an error
	sent   int64
	cause  error // why the answer was an error, or broke off
	ours   bool  // the fault is ours

	transfer   *meter.Transfer // of an object, for its event
	turnAround time.Duration   // from the last byte of the request to the first one of the answer, where there is an access log
	document   bool            // the code is that of an error that a website shows a document of its own for
}

// render answers a request: the only place that writes, meters and logs.
func (h *Handler) render(w http.ResponseWriter, c *call, answer *response, err error) {
	out := outcome{cause: err}
	if err != nil {
		e := describe(c, err)
		if answer = e.response(c); c.website {
			answer = e.page(c)
		}
		answer.code = e.code
	}
	out.code, out.document = answer.code, err == nil && answer.code != ""
	out.status = answer.status
	if out.status == 0 {
		out.status = http.StatusOK
	}
	out.ours = isOurs(out.status) || answer.fault != nil
	out.cause = errors.Join(out.cause, answer.fault)
	out.turnAround = h.turnAround(c)
	body := &stallWriter{dst: w, control: c.control}
	if answer.opened != nil {
		body.content = h.outgoing(answer.opened)
	}
	c.leaveBody()
	if c.early != nil && c.early.begun {
		body, answer.raw = c.early.body, c.early.rest(answer.raw)
	} else {
		writeHeader(w, c, answer, out.status)
	}
	if sendErr := answer.send(c, body); sendErr != nil {
		out.cause = errors.Join(out.cause, sendErr)
		out.ours = out.ours || !body.lost
	}
	out.sent, out.transfer = body.written, body.content.transfer.InEvent()
	h.record(c, out)
	h.metrics.observe(c, out, h.o.Now())
	h.log(c, out)
}

// isOurs reports whether an error of this status is a fault of ours, which an operator has to know of.
func isOurs(status int) bool {
	return status == http.StatusInternalServerError || status == http.StatusInsufficientStorage
}

func writeHeader(w http.ResponseWriter, c *call, answer *response, status int) {
	head := w.Header()
	for name, values := range answer.header {
		name = http.CanonicalHeaderKey(name)
		if strings.HasPrefix(name, metaPrefix) {
			name = strings.ToLower(name) // as S3 does: boto3 and others give the names out as they came
		}
		head[name] = values
	}
	for name, values := range c.cors {
		head[name] = values
	}
	if tag, ok := head["Etag"]; ok {
		// Some clients compare header names with their case: S3 writes this one so.
		delete(head, "Etag")
		head["ETag"] = tag
	}
	head.Set("X-Amz-Request-Id", c.requestID)
	head.Set("X-Amz-Id-2", c.hostID)
	head.Set("Server", serverName)
	switch {
	case status == http.StatusNoContent || status == http.StatusNotModified || answer.length < 0:
	case answer.stream != nil || c.http.Method == http.MethodHead && answer.raw == nil:
		head.Set("Content-Length", itoa(answer.length))
	default:
		head.Set("Content-Length", itoa(int64(len(answer.raw))))
	}
	if head.Get("Content-Type") == "" {
		head["Content-Type"] = nil // net/http would guess one from the content
	}
	w.WriteHeader(status)
}

// send writes the body of an answer, and closes its stream in every case. HEAD has none.
func (r *response) send(c *call, to *stallWriter) (err error) {
	to.extend()
	if r.stream != nil {
		defer func() { err = errors.Join(err, r.stream.Close()) }()
	}
	switch {
	case c.http.Method == http.MethodHead, r.status == http.StatusNotModified:
		return nil
	case r.stream != nil:
		n, err := r.stream.WriteTo(to)
		if err == nil && n != r.length {
			err = io.ErrUnexpectedEOF
		}
		// An answer that falls short of its Content-Length makes net/http cut the connection.
		return err
	}
	_, err = to.Write(r.raw)
	return err
}

// response renders an error as S3 does. A 304 says nothing; to HEAD only the status speaks.
func (e *apiError) response(c *call) *response {
	answer := &response{status: e.status(), header: http.Header{}}
	for name, values := range e.header {
		answer.header[name] = values
	}
	if answer.status == http.StatusNotModified {
		return answer
	}
	x := newPlainXML("Error")
	x.text("Code", string(e.code))
	x.text("Message", e.message)
	for _, el := range e.extra {
		x.text(el.name, el.value)
	}
	x.text("Resource", c.resource())
	x.text("RequestId", c.requestID)
	x.text("HostId", c.hostID)
	answer.raw = x.bytes()
	answer.header.Set("Content-Type", xmlType)
	return answer
}

// record meters one request, with what the access log says of it.
func (h *Handler) record(c *call, out outcome) {
	e := meter.Event{
		At: c.started, Source: meter.REST, Account: string(c.principal.CanonicalID), Operation: meter.UnknownAction, Transfer: out.transfer,
	}
	if c.bucket != nil {
		e.Account, e.Bucket = c.bucket.Owner, c.bucket.Name
	}
	if c.operation != nil {
		e.Operation = c.operation.usage
	}
	if c.billable(out) {
		e.Requests, e.BytesIn, e.BytesOut = 1, c.body.read, out.sent
		if c.charged(out) {
			e.Account = string(c.principal.CanonicalID)
		}
		if c.operation != nil {
			e.Tier = c.operation.tier
		}
	}
	h.recordLogged(c, out, e)
}

// log writes the access event at debug, and our own faults as errors.
func (h *Handler) log(c *call, out outcome) {
	level := slog.LevelDebug
	if out.ours {
		level = slog.LevelError
	}
	if !h.o.Logger.Enabled(c.ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request_id", c.requestID), slog.String("remote", c.http.RemoteAddr),
		slog.String("method", c.http.Method), slog.String("bucket", c.target.bucket), slog.String("key", c.target.key),
		slog.String("operation", c.operationName()), slog.String("requester", string(c.principal.CanonicalID)),
		slog.Int("status", out.status), slog.String("code", string(out.code)),
		slog.Int64("bytes_in", c.body.read), slog.Int64("bytes_out", out.sent),
		slog.Duration("took", h.o.Now().Sub(c.started)),
	}
	if out.cause != nil {
		attrs = append(attrs, slog.String("cause", out.cause.Error()))
	}
	h.o.Logger.LogAttrs(c.ctx, level, "s3 request", attrs...)
}

// operationName is the operation in the log and in metrics; "none" when the request named none.
func (c *call) operationName() string {
	if c.operation == nil {
		return "none"
	}
	return c.operation.name
}
