package soapapi

import (
	"errors"
	"io"
	"time"

	"shoal/wire/soap"
)

// errBody marks an error that reading what the client sends ended in.
var errBody = errors.New("the request ended early")

// bodyReader reads what a client sends, counts it, and marks its errors.
type bodyReader struct {
	src  io.Reader
	read int64            // bytes so far
	now  func() time.Time // nil: nobody asks for over
	over time.Time        // when the end, or an error, was seen
}

// Read implements io.Reader.
func (b *bodyReader) Read(p []byte) (int, error) {
	n, err := b.src.Read(p)
	b.read += int64(n)
	if err != nil && b.now != nil {
		b.over = b.now()
	}
	if !errors.Is(err, io.EOF) {
		err = markBody(err)
	}
	return n, err
}

// markBody marks err, unless it says of a message what is wrong with it.
func markBody(err error) error {
	var format *soap.Error
	if err == nil || errors.As(err, &format) || errors.Is(err, errBody) {
		return err
	}
	return errors.Join(errBody, err)
}

// readMessage reads the envelope of c and finds its operation.
func (h *Handler) readMessage(c *call) (err error) {
	if c.message, err = soap.NewReader(c.http.Header.Get("Content-Type"), &c.body); err != nil {
		return err
	}
	data, err := h.readEnvelope(c)
	if err != nil {
		return err
	}
	e, err := soap.Parse(data)
	if err != nil {
		return err
	}
	op, ok := h.operations[e.Name.Local]
	if !ok || !isOurs(e.Name.Space) {
		return errorOf(codeInvalidSOAPRequest, "There is no operation "+e.Name.Local+" of this API.")
	}
	c.operation = &op
	c.request, err = newRequest(e, &op)
	c.readNames()
	return err
}

// readEnvelope reads the first part of the message. A long one takes a place that release gives back.
func (h *Handler) readEnvelope(c *call) ([]byte, error) {
	part, err := c.message.Next()
	if err != nil {
		return nil, markBody(err)
	}
	src := &bodyReader{src: part}
	data, err := io.ReadAll(io.LimitReader(src, shortEnvelope))
	if err != nil || len(data) < shortEnvelope {
		return data, err
	}
	select {
	case h.long <- struct{}{}:
		c.free = func() { <-h.long }
	default:
		return nil, errorOf(codeSlowDown, "")
	}
	rest, err := io.ReadAll(io.LimitReader(src, soap.MaxEnvelope-shortEnvelope+1))
	return append(data, rest...), err
}

// attachment returns the content that is attached to the message. MissingAttachment when there is none, or none by the id
// that an element names.
func (c *call) attachment(named *soap.Element) (io.Reader, error) {
	part, err := c.message.Next()
	if errors.Is(err, io.EOF) {
		return nil, errorOf(codeMissingAttachment, "")
	}
	if err != nil {
		return nil, markBody(err)
	}
	if id := contentID(named); id != "" && id != part.ID {
		return nil, errorOf(codeMissingAttachment, "")
	}
	return &bodyReader{src: part}, nil
}

func contentID(e *soap.Element) string {
	if e == nil {
		return ""
	}
	return e.ContentID()
}
