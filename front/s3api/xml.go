package s3api

import (
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"
)

const (
	s3Namespace  = "http://s3.amazonaws.com/doc/2006-03-01/"
	xsiNamespace = "http://www.w3.org/2001/XMLSchema-instance"
	xmlProlog    = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	xmlType      = "application/xml"
	xmlTime      = "2006-01-02T15:04:05.000Z"
)

// xmlWriter appends one XML document to a buffer. Element names come from the program, never from outside.
type xmlWriter struct {
	buf  []byte
	root string
}

// newXML begins an answer in the S3 namespace.
func newXML(root string) *xmlWriter { return startXML(root, ` xmlns="`+s3Namespace+`"`) }

// newPlainXML begins a document without a namespace, as errors are.
func newPlainXML(root string) *xmlWriter { return startXML(root, "") }

func startXML(root, attributes string) *xmlWriter {
	return beginXML(make([]byte, 0, 1024), root, attributes)
}

// beginXML begins a document in buf.
func beginXML(buf []byte, root, attributes string) *xmlWriter {
	x := &xmlWriter{buf: append(buf[:0], xmlProlog...), root: root}
	x.openWith(root, attributes)
	return x
}

func (x *xmlWriter) open(name string) { x.buf = appendOpen(x.buf, name) }

// appendOpen and appendClose leave it to the caller to keep the buffer: an element is written back once.
func appendOpen(b []byte, name string) []byte {
	b = append(b, '<')
	b = append(b, name...)
	return append(b, '>')
}

func appendClose(b []byte, name string) []byte {
	b = append(b, '<', '/')
	b = append(b, name...)
	return append(b, '>')
}

// openWith writes a start tag; attributes is empty or begins with a space.
func (x *xmlWriter) openWith(name, attributes string) {
	x.buf = append(x.buf, '<')
	x.buf = append(x.buf, name...)
	x.buf = append(x.buf, attributes...)
	x.buf = append(x.buf, '>')
}

func (x *xmlWriter) close(name string) { x.buf = appendClose(x.buf, name) }

// text writes an element that holds s, escaped.
func (x *xmlWriter) text(name, s string) {
	x.buf = appendClose(appendEscaped(appendOpen(x.buf, name), s), name)
}

// textIf is text, but nothing for an empty s.
func (x *xmlWriter) textIf(name, s string) {
	if s != "" {
		x.text(name, s)
	}
}

func (x *xmlWriter) int(name string, n int64) {
	x.buf = appendClose(strconv.AppendInt(appendOpen(x.buf, name), n, 10), name)
}

func (x *xmlWriter) bool(name string, b bool) {
	x.buf = appendClose(strconv.AppendBool(appendOpen(x.buf, name), b), name)
}

func (x *xmlWriter) time(name string, t time.Time) {
	x.buf = appendClose(appendXMLTime(appendOpen(x.buf, name), t), name)
}

// appendXMLTime appends t as xmlTime, in a fraction of the time: package time is quick at RFC 3339 alone.
func appendXMLTime(b []byte, t time.Time) []byte {
	b = t.UTC().AppendFormat(b, time.RFC3339)
	ms := t.Nanosecond() / int(time.Millisecond)
	return append(b[:len(b)-len("Z")], '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10), 'Z')
}

// bytes closes the root and returns the document.
func (x *xmlWriter) bytes() []byte {
	x.close(x.root)
	return x.buf
}

// response closes the root and returns the document as an answer of status 200.
func (x *xmlWriter) response() *response {
	return &response{raw: x.bytes(), header: http.Header{"Content-Type": {xmlType}}}
}

// appendEscaped appends s as character data. XML 1.0 has no form for most control characters; S3 writes
// references for them all the same, and so clients ask for encoding-type=url. What is not UTF-8 becomes U+FFFD.
func appendEscaped(b []byte, s string) []byte {
	start := 0 // of the run that is not yet written: most names need no escape at all
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c < ' ' || c == '&' || c == '<' || c == '>' || c == '"' || c == 0x7F {
				b = appendEscapedByte(append(b, s[start:i]...), c)
				start = i + 1
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError || r == 0xFFFE || r == 0xFFFF {
			b = append(b, s[start:i]...)
			if r == utf8.RuneError {
				b = utf8.AppendRune(b, r)
			} else {
				b = appendReference(b, r)
			}
			start = i + n
		}
		i += n
	}
	return append(b, s[start:]...)
}

func appendEscapedByte(b []byte, c byte) []byte {
	switch c {
	case '&':
		return append(b, "&amp;"...)
	case '<':
		return append(b, "&lt;"...)
	case '>':
		return append(b, "&gt;"...)
	case '"':
		return append(b, "&quot;"...)
	case '\t', '\n':
		return append(b, c)
	}
	if c < ' ' || c == 0x7F {
		return appendReference(b, rune(c))
	}
	return append(b, c)
}

func appendReference(b []byte, r rune) []byte {
	b = append(b, "&#x"...)
	b = strconv.AppendInt(b, int64(r), 16)
	return append(b, ';')
}
