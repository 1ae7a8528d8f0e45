package admin

import (
	"io"
	"maps"
	"net/http"
)

// InProcess returns a client that handler answers without a socket.
func InProcess(handler http.Handler) *Client {
	return &Client{http: &http.Client{Transport: handlerTransport{handler}}, base: "http://shoal"}
}

// handlerTransport answers requests from a handler in this process, while it writes.
type handlerTransport struct{ http.Handler }

// RoundTrip implements http.RoundTripper. The handler has ended when the body is closed.
func (h handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	read, write := io.Pipe()
	w := &answer{header: http.Header{}, body: write, begun: make(chan *http.Response, 1)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = write.CloseWithError(serveAborting(h.Handler, w, r)) // always nil
	}()
	response := <-w.begun
	response.Request, response.Body, response.ContentLength = r, &answerBody{read, ended}, -1
	return response, nil
}

// serveAborting serves r and returns an error when the handler breaks the answer off (http.ErrAbortHandler).
func serveAborting(h http.Handler, w *answer, r *http.Request) (err error) {
	defer func() {
		p := recover()
		if p != nil && p != http.ErrAbortHandler {
			panic(p)
		}
		if p != nil {
			err = io.ErrUnexpectedEOF // as over a connection that is cut
		}
		w.WriteHeader(http.StatusOK)
	}()
	h.ServeHTTP(w, r)
	return nil
}

// answer is an http.ResponseWriter that hands on what is written.
type answer struct {
	header http.Header
	body   *io.PipeWriter
	begun  chan *http.Response // takes one, when the header is written
	wrote  bool
}

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	if a.wrote {
		return
	}
	a.wrote = true
	a.begun <- &http.Response{StatusCode: status, Status: http.StatusText(status), Header: maps.Clone(a.header)}
}

// Write implements http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// answerBody is the body of an answer. Close lets the handler end, and waits for it.
type answerBody struct {
	*io.PipeReader
	ended <-chan struct{}
}

// Close implements io.Closer.
func (b *answerBody) Close() error {
	err := b.PipeReader.Close()
	<-b.ended
	return err
}
