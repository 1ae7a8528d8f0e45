package s3api

import (
	"io"
	"net/http"
)

// maxKeptPage is the largest buffer that is kept for the next page, in bytes: one of 1,000 keys of everyday length.
const maxKeptPage = 1 << 20

// newPage begins an answer in the S3 namespace that is long: in a buffer that an earlier one was written in.
func (h *Handler) newPage(root string) *xmlWriter {
	var buf []byte
	if kept, ok := h.pages.Get().(*page); ok {
		buf = kept.buf
	}
	return beginXML(buf, root, ` xmlns="`+s3Namespace+`"`)
}

// pageResponse closes the root of what newPage began and returns the document as an answer of status 200.
func (h *Handler) pageResponse(x *xmlWriter) *response {
	p := &page{buf: x.bytes(), handler: h}
	return &response{stream: p, length: int64(len(p.buf)), header: http.Header{"Content-Type": {xmlType}}}
}

// page is a document that lends its buffer to the next one when it is closed.
type page struct {
	buf     []byte
	handler *Handler
}

func (p *page) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(p.buf)
	return int64(n), err
}

func (p *page) Close() error {
	if cap(p.buf) <= maxKeptPage {
		p.handler.pages.Put(p)
	}
	return nil
}
