package soap

import (
	"bufio"
	"io"
	"mime"
	"strings"
)

// Packaging is what a message is packed in.
type Packaging uint8

const (
	Plain Packaging = iota // an envelope alone
	DIME
	SwA  // SOAP Messages with Attachments: MIME multipart/related
	MTOM // multipart/related with a root of XOP
)

// Media types of the packagings.
const (
	dimeType      = "application/dime"
	multipartType = "multipart/related"
	xopType       = "application/xop+xml"
	xmlType       = "text/xml"
)

// PackagingOf returns the packaging that a Content-Type, or one of an Accept header, names.
func PackagingOf(mediaType string) (p Packaging, ok bool) {
	kind, params, err := mime.ParseMediaType(mediaType)
	switch {
	case err != nil:
		return 0, false
	case kind == xmlType:
		return Plain, true
	case kind == dimeType:
		return DIME, true
	case kind == multipartType && strings.EqualFold(params["type"], xopType), kind == xopType:
		return MTOM, true
	case kind == multipartType:
		return SwA, true
	}
	return 0, false
}

// Part is the envelope of a message, or an attachment. It can be read until the next one is asked for.
type Part struct {
	io.Reader
	ID   string // content id or DIME id, without angle brackets or scheme
	Type string // media type, as sent; may be empty
}

// Reader reads the parts of a message. Errors of the source are passed on; others are an *Error.
type Reader struct {
	Packaging Packaging
	parts     interface{ next() (*Part, error) }
}

// NewReader returns a Reader of a message with that Content-Type.
func NewReader(contentType string, body io.Reader) (*Reader, error) {
	p, ok := PackagingOf(contentType)
	if !ok {
		return nil, malformed("media type %q", contentType)
	}
	r := &Reader{Packaging: p}
	switch p {
	case Plain:
		r.parts = &plain{body}
	case DIME:
		r.parts = &dimeReader{src: bufio.NewReader(body)}
	default:
		var err error
		if r.parts, err = newMIMEReader(contentType, body); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Next returns the next part, io.EOF when there is none. The first one is the envelope.
func (r *Reader) Next() (*Part, error) { return r.parts.next() }

// plain is a message of one part.
type plain struct{ body io.Reader }

func (p *plain) next() (*Part, error) {
	if p.body == nil {
		return nil, io.EOF
	}
	part := &Part{Reader: p.body, Type: xmlType}
	p.body = nil
	return part, nil
}

// trimID takes brackets and a scheme off an id.
func trimID(id string) string {
	id = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(id), "<"), ">")
	return strings.TrimPrefix(strings.TrimPrefix(id, "cid:"), "uuid:")
}
