package tracker

import (
	"bytes"
	"unsafe"
)

// request is an HTTP request for an announce or a scrape that says nothing out of the ordinary. It is of the memory
// of the head that it was read from.
type request struct {
	ask    question
	query  string
	token  string // in the path; empty without one
	host   []byte // the Host header; nil without one
	head   bool   // HEAD: the answer's head alone
	http10 bool
	close  bool // the connection ends with the answer
}

// headScan looks for the end of a request's head in bytes that come piece by piece.
type headScan struct{ line int } // where the line begins whose end is to come

// end returns the length of the head that b begins with, 0 when more of it is to come. It is not plain when a line ends
// without CR, which net/http takes; then the length means nothing.
func (s *headScan) end(b []byte) (n int, plain bool) {
	for {
		i := bytes.IndexByte(b[s.line:], '\n')
		switch {
		case i < 0:
			return 0, true
		case i == 0 || b[s.line+i-1] != '\r':
			return 0, false
		case i == 1:
			return s.line + 2, true
		}
		s.line += i + 1
	}
}

// parseRequest reads a head that ends with its empty line. It takes only what can be read in one way: no body and no
// way to announce one, no header that asks for more than an answer, one Host. Of anything else, ok is false, and
// net/http is to look at it.
func parseRequest(head []byte) (r request, ok bool) {
	line, rest := cutLine(head)
	if !r.parseLine(line) {
		return r, false
	}
	connection := false
	for line, rest = cutLine(rest); len(line) > 0; line, rest = cutLine(rest) {
		colon := bytes.IndexByte(line, ':')
		if colon <= 0 || !isToken(line[:colon]) {
			return r, false
		}
		name, value := line[:colon], bytes.Trim(line[colon+1:], " \t")
		switch {
		case !isText(value) || asksMore(name):
			return r, false
		case bytes.EqualFold(name, []byte("Host")):
			if r.host != nil || !isHost(value) {
				return r, false
			}
			r.host = value
		case bytes.EqualFold(name, []byte("Connection")):
			if connection || !r.parseConnection(value) {
				return r, false
			}
			connection = true
		}
	}
	return r, r.http10 || r.host != nil
}

// parseLine reads the request line.
func (r *request) parseLine(line []byte) (ok bool) {
	line, ok = bytes.CutPrefix(line, []byte("GET "))
	if !ok {
		if line, ok = bytes.CutPrefix(line, []byte("HEAD ")); !ok {
			return false
		}
		r.head = true
	}
	target, ok := bytes.CutSuffix(line, []byte(" HTTP/1.1"))
	if !ok {
		if target, ok = bytes.CutSuffix(line, []byte(" HTTP/1.0")); !ok {
			return false
		}
		r.http10, r.close = true, true
	}
	for _, c := range target {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	path, query, _ := bytes.Cut(target, []byte("?"))
	if bytes.IndexByte(path, '%') >= 0 || bytes.IndexByte(path, '#') >= 0 {
		return false
	}
	r.ask, r.token, r.query = questionAt(text(path)), tokenIn(text(path)), text(query)
	return r.ask != nil
}

// parseConnection reads the one Connection header that a request may have.
func (r *request) parseConnection(value []byte) bool {
	switch {
	case bytes.EqualFold(value, []byte("close")):
		r.close = true
	case bytes.EqualFold(value, []byte("keep-alive")):
		r.close = false
	default:
		return false
	}
	return true
}

// asksMore reports whether a header says that there is a body, or asks for something else than an answer.
func asksMore(name []byte) bool {
	switch len(name) {
	case len("Expect"):
		return bytes.EqualFold(name, []byte("Expect"))
	case len("Upgrade"): // and Trailer
		return bytes.EqualFold(name, []byte("Upgrade")) || bytes.EqualFold(name, []byte("Trailer"))
	case len("Content-Length"):
		return bytes.EqualFold(name, []byte("Content-Length"))
	case len("Transfer-Encoding"):
		return bytes.EqualFold(name, []byte("Transfer-Encoding"))
	}
	return false
}

// cutLine returns the first line of b without its end, and what follows it. b has one.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexByte(b, '\n')
	return b[:i-1], b[i+1:]
}

// isToken is RFC 9110's token, of the characters that names of headers have.
func isToken(b []byte) bool {
	for _, c := range b {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

// isText reports whether a header's value has no control characters.
func isText(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// isHost reports whether b has the characters of a name or an address with or without a port.
func isHost(b []byte) bool {
	for _, c := range b {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == ':' || c == '[' || c == ']' || c == '_') {
			return false
		}
	}
	return len(b) > 0
}

// text is b as a string, without a copy: good until b changes.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
