package soap

import (
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"strings"
)

// mimeReader reads the parts of a multipart/related message. The root is the first one: what streams cannot wait for it.
type mimeReader struct {
	src   *budget
	parts *multipart.Reader
	start string // content id of the root; "" when the media type does not say
	begun bool
}

func newMIMEReader(contentType string, body io.Reader) (*mimeReader, error) {
	_, params, err := mime.ParseMediaType(contentType)
	boundary := params["boundary"]
	if err != nil || boundary == "" || len(boundary) > maxBoundary {
		return nil, malformed("no boundary in the media type")
	}
	src := &budget{src: body}
	return &mimeReader{src: src, parts: multipart.NewReader(src, boundary), start: trimID(params["start"])}, nil
}

func (m *mimeReader) next() (*Part, error) {
	m.src.bind(maxMIMEHeaders)
	p, err := m.parts.NextRawPart()
	switch {
	case errors.Is(err, io.EOF) && m.begun:
		return nil, io.EOF
	case errors.Is(err, io.EOF):
		return nil, malformed("no part")
	case m.src.err != nil:
		return nil, m.src.err
	case err != nil:
		return nil, &Error{Malformed, err}
	}
	m.src.free()
	part := &Part{ID: trimID(p.Header.Get("Content-ID")), Type: p.Header.Get("Content-Type")}
	if part.Reader, err = m.decoded(p); err != nil {
		return nil, err
	}
	if !m.begun && m.start != "" && part.ID != m.start {
		return nil, malformed("the root is not the first part")
	}
	m.begun = true
	return part, nil
}

// decoded returns the content of a part (RFC 2045, 6).
func (m *mimeReader) decoded(p *multipart.Part) (io.Reader, error) {
	content := mimeData{m.src, p}
	switch encoding := strings.ToLower(p.Header.Get("Content-Transfer-Encoding")); encoding {
	case "", "7bit", "8bit", "binary":
		return content, nil
	case "base64":
		return decoder{base64.NewDecoder(base64.StdEncoding, content)}, nil
	case "quoted-printable":
		return decoder{quotedprintable.NewReader(content)}, nil
	default:
		return nil, malformed("transfer encoding %q", encoding)
	}
}

// mimeData is the content of a part as it came: errors of the source are those, not of the format.
type mimeData struct {
	src  *budget
	part *multipart.Part
}

// Read implements io.Reader.
func (d mimeData) Read(p []byte) (int, error) {
	n, err := d.part.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && d.src.err != nil {
		err = d.src.err
	}
	return n, err
}

// decoder makes what a decoder cannot read Malformed.
type decoder struct{ src io.Reader }

// Read implements io.Reader.
func (d decoder) Read(p []byte) (int, error) {
	n, err := d.src.Read(p)
	var corrupt base64.CorruptInputError
	if errors.As(err, &corrupt) || err != nil && strings.HasPrefix(err.Error(), "quotedprintable:") {
		err = &Error{Malformed, err}
	}
	return n, err
}

// budget is a source of which no more than some bytes are taken while it is bound: package multipart reads up to 10 MiB
// of headers.
type budget struct {
	src  io.Reader
	left int   // negative when it is not bound
	err  error // of the source, or of who wants more
}

func (b *budget) bind(n int) { b.left = n }
func (b *budget) free()      { b.left = -1 }

// Read implements io.Reader.
func (b *budget) Read(p []byte) (int, error) {
	if b.left == 0 {
		b.err = tooLarge("headers of a part")
		return 0, b.err
	}
	if b.left > 0 {
		p = p[:min(len(p), b.left)]
	}
	n, err := b.src.Read(p)
	if b.left > 0 {
		b.left -= n
	}
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}
