package s3api

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"shoal/core/fault"
	"shoal/core/object"
)

// getBucketCORS answers GET ?cors.
func (h *Handler) getBucketCORS(c *call) (*response, error) {
	cfg, err := h.corsOf(c.ctx, c.bucket)
	if err != nil {
		return nil, err
	}
	if cfg == nil {
		return nil, errorOf(codeNoSuchCORS, "", element{"BucketName", c.bucket.Name})
	}
	x := newXML("CORSConfiguration")
	list := func(name string, values []string) {
		for _, v := range values {
			x.text(name, v)
		}
	}
	for _, r := range cfg.Rules {
		x.open("CORSRule")
		x.textIf("ID", r.ID)
		list("AllowedMethod", r.Methods)
		list("AllowedOrigin", r.Origins)
		list("AllowedHeader", r.Headers)
		list("ExposeHeader", r.Expose)
		if r.MaxAge != nil {
			x.int("MaxAgeSeconds", int64(*r.MaxAge))
		}
		x.close("CORSRule")
	}
	return x.response(), nil
}

// putBucketCORS replaces the rules of a bucket.
func (h *Handler) putBucketCORS(c *call) (*response, error) {
	var cfg corsConfiguration
	data, err := c.readXMLDocument(object.MaxDocument, "CORSConfiguration", &cfg)
	if err != nil {
		return nil, err
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	return h.putDocument(c, object.CORSDocument, data, http.StatusOK)
}

// deleteBucketCORS takes the rules away.
func (h *Handler) deleteBucketCORS(c *call) (*response, error) {
	return h.putDocument(c, object.CORSDocument, nil, http.StatusNoContent)
}

// corsOf returns the rules of b; nil when it has none.
func (h *Handler) corsOf(ctx context.Context, b *object.Bucket) (*corsConfiguration, error) {
	return h.cors.read(ctx, h.objects, b, object.CORSDocument, "CORSConfiguration")
}

// preflight answers OPTIONS of a bucket or an object, which a browser sends without credentials before the request
// itself (S3 API reference, OPTIONS object).
func (h *Handler) preflight(c *call) (*response, error) {
	q := c.corsQuestion()
	switch {
	case q.origin == "":
		return nil, errorOf(codeBadRequest, "Insufficient information. Origin request header needed.")
	case c.http.Header.Get("Access-Control-Request-Method") == "":
		return nil, errorOf(codeBadRequest, "Invalid Access-Control-Request-Method: null")
	}
	if err := q.check(); err != nil {
		return nil, err
	}
	cfg, err := h.corsOf(c.ctx, c.bucket)
	if err != nil {
		return nil, err
	}
	refused := []element{{"Method", q.method}, {"ResourceType", c.resourceType()}}
	if cfg == nil {
		return nil, errorOf(codeAccessForbidden, "", refused...)
	}
	head := cfg.answer(q)
	if head == nil {
		return nil, errorOf(codeAccessForbidden, "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.", refused...)
	}
	return &response{header: head}, nil
}

// loadOpen is load for a preflight: whether there is a bucket is all that counts.
func (h *Handler) loadOpen(c *call) (err error) {
	c.bucket, err = h.objects.Bucket(c.ctx, c.target.bucket)
	if fault.Is(err, fault.NoSuchBucket) {
		return errorOf(codeAccessForbidden, "CORSResponse: Bucket not found",
			element{"Method", c.http.Header.Get("Access-Control-Request-Method")}, element{"ResourceType", c.resourceType()})
	}
	return err
}

// corsQuestion reads what the browser asks. Of an actual request that names another method in
// Access-Control-Request-Method, that one counts, as on AWS.
func (c *call) corsQuestion() corsQuestion {
	in := c.http.Header
	q := corsQuestion{
		origin: in.Get("Origin"), method: in.Get("Access-Control-Request-Method"),
		headers: strings.Split(strings.Join(in.Values("Access-Control-Request-Headers"), ","), ","),
	}
	q.headers = slices.DeleteFunc(q.headers, func(name string) bool { return strings.TrimSpace(name) == "" })
	if q.method == "" {
		q.method = c.http.Method
	}
	return q
}

// checkCORS refuses an actual request that comes with a preflight's headers and has nonsense in them: before it is
// served, and only where the bucket has rules, as AWS does.
func (h *Handler) checkCORS(c *call) error {
	in := c.http.Header
	if in.Get("Origin") == "" || c.bucket == nil || c.operation.open ||
		in.Get("Access-Control-Request-Method") == "" && in.Get("Access-Control-Request-Headers") == "" {
		return nil
	}
	if cfg, err := h.corsOf(c.ctx, c.bucket); cfg == nil {
		return err
	}
	return c.corsQuestion().check()
}

// corsHeader returns what the rules of c's bucket add to the answer to an actual request, refusals included, as a
// script in a browser sees only what they let it see.
func (h *Handler) corsHeader(c *call) http.Header {
	if c.http.Header.Get("Origin") == "" || c.target.scope == serviceScope || c.http.Method == http.MethodOptions {
		return nil
	}
	b := c.bucket
	if b == nil {
		var err error
		if b, err = h.objects.Bucket(c.ctx, c.target.bucket); err != nil {
			return nil
		}
	}
	cfg, err := h.corsOf(c.ctx, b)
	if err != nil {
		h.o.Logger.LogAttrs(c.ctx, slog.LevelError, "cors rules", slog.String("request_id", c.requestID), slog.Any("error", err))
	}
	if cfg == nil {
		return nil
	}
	return cfg.answer(c.corsQuestion())
}
