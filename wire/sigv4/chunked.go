package sigv4

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

const (
	// maxChunkHeader bounds a chunk's first line: 16 digits, ";chunk-signature=", 64 digits, CRLF is 99.
	maxChunkHeader = 128
	// maxChunkDigits keeps the size of a chunk inside int64.
	maxChunkDigits = 15
	// chunkBuffer holds a chunk header or a trailer line. A Read of at least this size goes past it,
	// straight into the caller's buffer; at most this much of each chunk is copied once more.
	chunkBuffer = 4 << 10

	chunkSignature = ";chunk-signature="
)

// ChunkedReader decodes an aws-chunked body: chunk framing, the chain of chunk signatures, the
// final empty chunk and the trailer (S3 API reference, sigv4-streaming and sigv4-streaming-trailers).
//
// Content passes through before its chunk's signature was checked, so nothing may become visible
// before Read returned io.EOF. The Read that completes the content first checks everything that
// follows it: on a fault it returns no bytes, so even a reader that stops at the declared length
// never holds the whole content of a body that is refused.
type ChunkedReader struct {
	src     *bufio.Reader
	payload Payload
	chain   *chunkChain // nil when chunks are not signed

	minChunk  int64
	left      int64 // bytes of content to come in this chunk
	decoded   int64 // bytes of content seen so far
	lastSmall bool  // the chunk before was under minChunk
	declared  [sha256.Size * 2]byte
	trailers  map[string]string
	err       error // sticky; io.EOF once everything is verified
}

// ChunkedReader returns the decoder of this request's body. It is for the streaming modes only; body
// must end where the request's body ends.
func (v *Verified) ChunkedReader(body io.Reader) (*ChunkedReader, error) {
	if !v.Payload.Mode.Streaming() {
		return nil, refuse(InvalidContentSHA256, "the body is not aws-chunked")
	}
	c := &ChunkedReader{
		src: bufio.NewReaderSize(body, chunkBuffer), payload: v.Payload, minChunk: v.minChunk,
	}
	if v.Payload.Mode.signedChunks() {
		if v.Mechanism != Header && v.Mechanism != Presigned {
			return nil, refuse(InvalidContentSHA256, "the request has no signature to sign chunks after")
		}
		c.chain = newChunkChain(v)
	}
	return c, nil
}

// Trailers returns the values of the announced trailers by lower-case name. It is nil before Read
// returned io.EOF. The values are not compared with the content: that is the caller's work.
func (c *ChunkedReader) Trailers() map[string]string {
	if c.err != io.EOF {
		return nil
	}
	return c.trailers
}

// Read implements io.Reader. Errors are an *Error or wrap what the body returned.
func (c *ChunkedReader) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	if c.left == 0 {
		// Only here when the content is still to come, or empty.
		if c.err = c.nextChunk(); c.err != nil {
			return 0, c.err
		}
		if c.left == 0 {
			c.err = c.finish()
			return 0, c.err
		}
	}
	n, err := c.src.Read(p[:min(int64(len(p)), c.left)])
	if c.chain != nil {
		c.chain.hash.Write(p[:n])
	}
	c.left -= int64(n)
	c.decoded += int64(n)
	if err != nil && c.left > 0 {
		c.err = bodyError(err)
		return n, c.err
	}
	if c.left == 0 {
		if c.err = c.endContent(); c.err != nil && c.err != io.EOF {
			return 0, c.err
		}
	}
	return n, nil
}

// endContent ends a chunk and, when it was the last one with content, the whole body.
func (c *ChunkedReader) endContent() error {
	if err := c.endChunk(); err != nil {
		return err
	}
	if c.decoded < c.payload.DecodedLength {
		return nil
	}
	if err := c.nextChunk(); err != nil {
		return err
	}
	return c.finish()
}

// nextChunk reads a chunk header and sets left.
func (c *ChunkedReader) nextChunk() error {
	line, err := c.src.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) || len(line) > maxChunkHeader {
		return refuse(MalformedChunk, "a chunk header is longer than %d bytes", maxChunkHeader)
	}
	if err != nil {
		return bodyError(err)
	}
	head, ok := bytes.CutSuffix(line, []byte("\r\n"))
	if !ok {
		return refuse(MalformedChunk, "a chunk header does not end in CRLF")
	}
	if c.chain != nil {
		digits, signature, ok := bytes.Cut(head, []byte(chunkSignature))
		if !ok || len(signature) != len(c.declared) {
			return refuse(MalformedChunk, "a chunk header has no signature")
		}
		copy(c.declared[:], signature)
		head = digits
	}
	size, err := parseChunkSize(head)
	if err != nil {
		return err
	}
	return c.startChunk(size)
}

func (c *ChunkedReader) startChunk(size int64) error {
	if size > c.payload.DecodedLength-c.decoded {
		return c.overlong(size)
	}
	if size == 0 && c.decoded < c.payload.DecodedLength {
		return &Error{Reason: IncompleteBody}
	}
	if size > 0 {
		if c.lastSmall {
			return &Error{Reason: InvalidChunkSize}
		}
		c.lastSmall = size < c.minChunk
	}
	c.left = size
	return nil
}

// overlong refuses a chunk of more than was declared: it is too much, or its size is wrong, which the framing behind it
// shows where it is near.
func (c *ChunkedReader) overlong(size int64) error {
	if size <= chunkBuffer {
		if _, err := c.src.Discard(int(size)); err != nil {
			return bodyError(err)
		}
		if end, err := c.src.Peek(2); err == nil && string(end) != "\r\n" {
			return refuse(MalformedChunk, "a chunk does not end in CRLF")
		}
	}
	return &Error{Reason: IncompleteBody}
}

// endChunk reads the CRLF behind the content of a chunk and checks the chunk's signature.
func (c *ChunkedReader) endChunk() error {
	for _, want := range []byte("\r\n") {
		got, err := c.src.ReadByte()
		if err != nil {
			return bodyError(err)
		}
		if got != want {
			return refuse(MalformedChunk, "a chunk does not end in CRLF")
		}
	}
	return c.checkChunk()
}

func (c *ChunkedReader) checkChunk() error {
	if c.chain != nil && !c.chain.checkChunk(c.declared[:]) {
		return refuse(SignatureMismatch, "a chunk")
	}
	return nil
}

// finish checks everything after the header of the final empty chunk. It returns io.EOF when the
// body was complete and correct.
func (c *ChunkedReader) finish() error {
	if c.payload.Mode.hasTrailer() {
		if err := c.checkChunk(); err != nil {
			return err
		}
		if err := c.readTrailers(); err != nil {
			return err
		}
	} else if err := c.endChunk(); err != nil {
		return err
	}
	switch _, err := c.src.ReadByte(); {
	case err == nil:
		return refuse(MalformedChunk, "there are bytes after the final chunk")
	case err != io.EOF:
		return bodyError(err)
	}
	return io.EOF
}

func parseChunkSize(digits []byte) (int64, error) {
	if len(digits) == 0 || len(digits) > maxChunkDigits {
		return 0, refuse(MalformedChunk, "a chunk size is not a hexadecimal number")
	}
	var n int64
	for _, d := range digits {
		switch {
		case '0' <= d && d <= '9':
			d -= '0'
		case 'a' <= d && d <= 'f':
			d -= 'a' - 10
		case 'A' <= d && d <= 'F':
			d -= 'A' - 10
		default:
			return 0, refuse(MalformedChunk, "a chunk size is not a hexadecimal number")
		}
		n = n<<4 | int64(d)
	}
	return n, nil
}

// bodyError tells a body that ends too early from one that cannot be read.
func bodyError(err error) error {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return &Error{Reason: IncompleteBody, Detail: "The request body terminated unexpectedly", Err: io.ErrUnexpectedEOF}
	}
	return fmt.Errorf("sigv4: read body: %w", err)
}
