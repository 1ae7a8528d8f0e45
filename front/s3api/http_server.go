package s3api

import (
	"log/slog"
	"net/http"

	"shoal/core/access"
	"shoal/wire/sigv4"
)

// NewHTTPServer returns an HTTP server with the bounds of S3 requests. Bodies and answers have no total time:
// the Handler gives each stretch of them its own (bodyStallTimeout).
func NewHTTPServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout, // of a TLS handshake too
		IdleTimeout:       idleTimeout,
		// Up to twice of what is allowed is read, so that the refusal can be said in XML.
		MaxHeaderBytes: 2 * maxHeaderBytes,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		// "OPTIONS *" is a request like any other, and is answered in XML.
		DisableGeneralOptionsHandler: true,
	}
}

// Signed answers by the handler that as returns for the signer of a request and for what conditions may ask of it, and
// what nobody signed as S3 would: for the control API beside S3. A body must be signed by its hash, or be empty.
func (h *Handler) Signed(as func(access.Principal, access.Context) http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := h.newCall(w, r)
		body, err := h.signedBody(c)
		if err != nil {
			h.render(w, c, nil, err)
			return
		}
		r.Body = body
		as(c.principal, c.access).ServeHTTP(&stallResponse{w, &stallWriter{dst: w, control: c.control}}, r)
	})
}

// stallResponse is an answer of another handler, under the deadlines of ours.
type stallResponse struct {
	http.ResponseWriter
	body *stallWriter
}

// Write implements io.Writer.
func (s *stallResponse) Write(p []byte) (int, error) { return s.body.Write(p) }

// Unwrap is for http.ResponseController.
func (s *stallResponse) Unwrap() http.ResponseWriter { return s.ResponseWriter }

func (h *Handler) signedBody(c *call) (*hashedBody, error) {
	if err := h.parseClaim(c); err != nil {
		return nil, err
	}
	verified, err := h.verify(c)
	if err != nil {
		return nil, err
	}
	p := verified.Payload
	if c.anonymous() || p.Mode != sigv4.Hashed {
		return nil, errAccessDenied()
	}
	h.describeConnection(c, h.o.Now())
	source := &stallReader{src: c.http.Body, control: c.control}
	return &hashedBody{sigv4.NewHashReader(source, p.SHA256), c.http.Body}, nil
}

// hashedBody is a body that ends in an error when it is not what was signed.
type hashedBody struct {
	*sigv4.HashReader
	body interface{ Close() error }
}

// Close implements io.Closer.
func (b *hashedBody) Close() error { return b.body.Close() }
