package s3api

import (
	"io"
	"net/http"
	"time"
)

// Share lets next, an API beside this one, serve requests in the places of S3's, under the bounds of S3 on how slowly a
// request may come in and an answer go out. busy answers when all places are taken.
func (h *Handler) Share(next, busy http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		// The deadline of the last answer on this connection is over.
		_ = control.SetWriteDeadline(time.Time{})
		source := &stallReader{src: r.Body, control: control}
		out := &sharedWriter{ResponseWriter: w, source: source, body: stallWriter{dst: w, control: control}}
		r.Body = sharedBody{source, r.Body}
		select {
		case h.slots <- struct{}{}:
			defer func() { <-h.slots }()
			next(out, r)
		default:
			busy(out, r)
		}
	})
}

// sharedBody is the body of a request to another API.
type sharedBody struct {
	*stallReader
	io.Closer
}

// sharedWriter is the answer of another API.
type sharedWriter struct {
	http.ResponseWriter
	source *stallReader
	body   stallWriter
}

// WriteHeader implements http.ResponseWriter. What comes of a body that was not read to its end is bounded.
func (w *sharedWriter) WriteHeader(status int) {
	if !w.source.over {
		_ = w.body.control.SetReadDeadline(time.Now().Add(drainTimeout))
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (w *sharedWriter) Write(p []byte) (int, error) { return w.body.Write(p) }

// ReadFrom implements io.ReaderFrom.
func (w *sharedWriter) ReadFrom(src io.Reader) (int64, error) { return w.body.ReadFrom(src) }

// Unwrap is for http.ResponseController.
func (w *sharedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
