package soapapi

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"shoal/core/meter"
	"shoal/wire/soap"
)

// serverName is the Server header.
const serverName = "Shoal"

// outcome is what was answered, for the meter, the log and the metrics.
type outcome struct {
	status     int           // that REST would have answered
	code       code          // "" without a fault
	turnAround time.Duration // from the last byte of the request to the first one of the answer
	sent       int64         // bytes
	cause      error         // why the answer was a fault, or broke off
	ours       bool          // the fault is ours

	transfer *meter.Transfer // of an object, for its event
}

// render answers a request: the only place that writes, meters and logs.
func (h *Handler) render(c *call, a *answer, err error) {
	out := outcome{status: http.StatusOK, cause: err}
	var body []byte
	if err == nil {
		body = marshal(c.operation, a.result)
	} else {
		e := describe(c, err)
		out.status, out.code = e.code.row().status, e.code
		out.ours = out.status == http.StatusInternalServerError || out.status == http.StatusInsufficientStorage
		body, a = (&soap.Fault{Code: e.faultCode(), String: e.message, Detail: e.detail}).Marshal(), nil
	}
	out.turnAround = h.o.Now().Sub(c.heard())
	to := &countWriter{dst: c.writer}
	if a != nil && a.content != nil {
		to.transfer = meter.Begin(h.meter, meter.Scope{Account: c.bucket.Owner, Bucket: c.bucket.Name}, c.started)
		to.over = func() bool { return h.overBudget(c) }
	}
	if sendErr := send(c, to, soap.Envelope(body), a, out.code); sendErr != nil {
		out.cause = errors.Join(out.cause, sendErr)
		out.ours = out.ours || !to.lost && !isNetError(sendErr) && c.ctx.Err() == nil
	}
	out.sent, out.transfer = to.written, to.transfer.InEvent()
	h.record(c, out)
	h.metrics.observe(c, out, h.o.Now())
	h.log(c, out)
}

// send writes the answer, and closes its content in every case.
func send(c *call, to *countWriter, envelope []byte, a *answer, failed code) (err error) {
	head := c.writer.Header()
	head.Set("X-Amz-Request-Id", c.requestID)
	head.Set("X-Amz-Id-2", c.hostID)
	head.Set("Server", serverName)
	status := httpStatus(failed)
	if a == nil || a.content == nil {
		head.Set("Content-Type", soap.MediaType)
		head.Set("Content-Length", strconv.Itoa(len(envelope)))
		c.writer.WriteHeader(status)
		_, err := to.Write(envelope)
		return err
	}
	defer func() { err = errors.Join(err, a.content.Close()) }()
	f := soap.NewFrame(a.frame, envelope, a.attached, boundary())
	head.Set("Content-Type", f.ContentType)
	head.Set("Content-Length", strconv.FormatInt(f.Length, 10))
	c.writer.WriteHeader(status)
	// An answer that falls short of its Content-Length makes net/http cut the connection.
	return f.WriteTo(to, a.content)
}

// httpStatus is the status of an answer: of every fault the same (SOAP 1.1, 6.2).
func httpStatus(failed code) int {
	if failed != "" {
		return http.StatusInternalServerError
	}
	return http.StatusOK
}

// boundary returns what no content has.
func boundary() string {
	var b [16]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return "shoal-" + hex.EncodeToString(b[:])
}

// marshal returns the body of an answer: <NameResponse> with the result of the operation.
func marshal(o *operation, result any) []byte {
	var b bytes.Buffer
	enc := xml.NewEncoder(&b)
	root := xml.StartElement{
		Name: xml.Name{Local: o.name + "Response"},
		Attr: []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: namespace}, {Name: xml.Name{Local: "xmlns:xsi"}, Value: soap.SchemaInstance}},
	}
	err := enc.EncodeToken(root)
	if o.result != "" {
		err = errors.Join(err, enc.EncodeElement(result, xml.StartElement{Name: xml.Name{Local: o.result}}))
	}
	if err = errors.Join(err, enc.EncodeToken(root.End()), enc.Close()); err != nil {
		panic(err) // what results are made of always marshals
	}
	return b.Bytes()
}

// record meters one request, with what the access log says of it.
func (h *Handler) record(c *call, out outcome) {
	e := meter.Event{
		At: c.started, Source: meter.SOAP, Account: string(c.principal.CanonicalID), Operation: meter.UnknownAction, Transfer: out.transfer,
	}
	if c.bucket != nil {
		// The owner pays for what is asked of his bucket, and Requester Pays has no SOAP.
		e.Account, e.Bucket = c.bucket.Owner, c.bucket.Name
	}
	if c.operation != nil {
		e.Operation = c.operation.usage
	}
	if billable(out, c.bucket == nil || string(c.principal.CanonicalID) != c.bucket.Owner) {
		e.Requests, e.BytesIn, e.BytesOut = 1, c.body.read, out.sent
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
		slog.String("bucket", c.bucketName), slog.String("key", c.key),
		slog.String("operation", c.operationName()), slog.String("requester", string(c.principal.CanonicalID)),
		slog.String("code", string(out.code)), slog.Int64("bytes_in", c.body.read), slog.Int64("bytes_out", out.sent),
		slog.Duration("took", h.o.Now().Sub(c.started)),
	}
	if out.cause != nil {
		attrs = append(attrs, slog.String("cause", out.cause.Error()))
	}
	h.o.Logger.LogAttrs(c.ctx, level, "soap request", attrs...)
}
