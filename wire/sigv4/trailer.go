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

// readTrailers reads the lines behind the final chunk's header up to the end of the body: exactly
// the announced trailers, each once, and then their signature when the mode has one. Clients differ
// in line ends ("\n", "\r\n", "\n\r\n"), so blank lines are skipped.
func (c *ChunkedReader) readTrailers() error {
	trailers := make(map[string]string, len(c.payload.Trailers))
	var canonical []byte
	signature := ""
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
		if len(line) == 0 {
			continue
		}
		name, value, err := parseTrailer(line)
		switch {
		case err != nil:
			return err
		case signature != "":
			return refuse(MalformedTrailer, "a line follows the signature")
		case name == trailerSignature && c.chain != nil:
			signature = value
		default:
			if _, again := trailers[name]; again || !slices.Contains(c.payload.Trailers, name) {
				return refuse(MalformedTrailer, "a trailer was not announced or came twice")
			}
			trailers[name] = value
			canonical = append(canonical, name+":"+value+"\n"...)
		}
	}
	if len(trailers) != len(c.payload.Trailers) {
		return refuse(MalformedTrailer, "an announced trailer is missing")
	}
	if c.chain != nil && !c.chain.checkTrailer(canonical, []byte(signature)) {
		return refuse(SignatureMismatch, "the trailer")
	}
	c.trailers = trailers
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
