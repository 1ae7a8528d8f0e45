package s3api

import (
	"net/http"
	"strings"
	"time"
)

// keepAliveEvery is how long an answer may take before its connection hears something, and then again: below the
// minute after which clients and proxies take a connection for dead.
const keepAliveEvery = 10 * time.Second

// earlyAnswer is the beginning of an answer that takes long. S3 sends status 200 and, from time to time, white space, so
// that the connection does not time out; what comes of the operation, an error too, is the document that follows
// (S3 API reference, CompleteMultipartUpload). What would have been in headers is then not told.
type earlyAnswer struct {
	begun bool
	body  *stallWriter
	over  chan struct{} // closed when the work is done
	ended chan struct{} // closed when nothing more is written
}

func newEarlyAnswer(c *call) *earlyAnswer {
	return &earlyAnswer{
		body: &stallWriter{dst: c.writer, control: c.control}, over: make(chan struct{}), ended: make(chan struct{}),
	}
}

// keepAlive does work, the part of c's operation that may take long, and keeps the connection alive meanwhile. The
// body of c has been read.
func keepAlive[T any](h *Handler, c *call, work func() (T, error)) (T, error) {
	c.early = newEarlyAnswer(c)
	go h.sendSpace(c)
	defer func() {
		close(c.early.over)
		<-c.early.ended // from here on the writer is the caller's again
	}()
	return work()
}

// sendSpace sends white space each keepAliveEvery until the work is over or the client is gone: then the work goes on,
// or ends with the request's context.
func (h *Handler) sendSpace(c *call) {
	defer close(c.early.ended)
	tick := time.NewTicker(keepAliveEvery)
	defer tick.Stop()
	for {
		select {
		case <-c.early.over:
			return
		case <-tick.C:
		}
		if err := h.sendEarly(c); err != nil {
			return
		}
	}
}

// sendEarly begins the answer of c, or adds white space to what was begun.
func (h *Handler) sendEarly(c *call) error {
	space := " "
	if !c.early.begun {
		c.early.begun = true
		c.cors = h.corsHeader(c)
		writeHeader(c.writer, c, &response{header: http.Header{"Content-Type": {xmlType}}, length: -1}, http.StatusOK)
		space = xmlProlog
	}
	if _, err := c.early.body.Write([]byte(space)); err != nil {
		return err
	}
	return c.control.Flush()
}

// rest is a document behind the beginning that was sent.
func (e *earlyAnswer) rest(document []byte) []byte {
	return []byte(strings.TrimPrefix(string(document), xmlProlog))
}
