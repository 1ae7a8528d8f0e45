package sigv4

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
)

const (
	// maxTrailerLines bounds the section: every announced trailer, the signature, blank lines.
	maxTrailerLines = maxTrailers + 4
	// maxTrailerValue is enough for any checksum in base64 and for the 64 digits of a signature.
	maxTrailerValue = 1 << 10
)

// trailers is the section behind the final chunk's header as it is read.
type trailers struct {
	values    map[string]string
	canonical []byte // what is signed
	signature string
	wrong     error // the first line that does not belong
	ended     bool  // the last line was blank
}

// readTrailers reads the lines behind the final chunk's header up to the end of the body: exactly
// the announced trailers, each once, their signature when the mode has one, and a blank line. Clients differ
// in line ends ("\n", "\r\n", "\n\r\n"), so further blank lines are skipped. A section without its
// end or its signature was cut off or broken: then no line of it is what the client meant.
func (c *ChunkedReader) readTrailers() error {
	t := trailers{values: make(map[string]string, len(c.payload.Trailers))}
	for lines := 0; ; lines++ {
		line, err := c.trailerLine()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if lines == maxTrailerLines {
			return refuse(MalformedTrailer, "too many lines")
		}
		if t.ended = len(line) == 0; t.ended {
			continue
		}
		if err := c.takeTrailer(&t, line); t.wrong == nil {
			t.wrong = err
		}
	}
	switch {
	case !t.ended, c.chain != nil && len(t.signature) != len(c.declared):
		return refuse(MalformedChunk, "the trailer does not end")
	case t.wrong != nil:
		return t.wrong
	case len(t.values) != len(c.payload.Trailers):
		return refuse(MalformedTrailer, "an announced trailer is missing")
	case c.chain != nil && !c.chain.checkTrailer(t.canonical, []byte(t.signature)):
		return refuse(SignatureMismatch, "the trailer")
	}
	c.trailers = t.values
	return nil
}

// takeTrailer adds a line to t, or says what is wrong with it.
func (c *ChunkedReader) takeTrailer(t *trailers, line []byte) error {
	name, value, err := parseTrailer(line)
	switch {
	case err != nil:
		return err
	case t.signature != "":
		return refuse(MalformedTrailer, "a line follows the signature")
	case name == trailerSignature && c.chain != nil:
		t.signature = value
		return nil
	}
	if _, again := t.values[name]; again || !slices.Contains(c.payload.Trailers, name) {
		return refuse(MalformedTrailer, "a trailer was not announced or came twice")
	}
	t.values[name] = value
	t.canonical = append(t.canonical, name+":"+value+"\n"...)
	return nil
}

// trailerLine returns the next line without its end, valid until the next read; io.EOF after the
// last one. A last line that is cut off is IncompleteBody.
func (c *ChunkedReader) trailerLine() ([]byte, error) {
	line, err := c.src.ReadSlice('\n')
	switch {
	case err == io.EOF && len(line) == 0:
		return nil, io.EOF
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, refuse(MalformedTrailer, "a line is longer than %d bytes", chunkBuffer)
	case err != nil:
		return nil, bodyError(err)
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
}

func parseTrailer(line []byte) (name, value string, err error) {
	name, value, ok := strings.Cut(string(line), ":")
	name = strings.ToLower(strings.TrimSpace(name))
	value = strings.TrimSpace(value)
	if !ok || !isToken(name) || value == "" || len(value) > maxTrailerValue ||
		strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "", "", refuse(MalformedTrailer, "a line is not a header")
	}
	return name, value, nil
}
