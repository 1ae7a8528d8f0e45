package soap

import (
	"io"
	"math"
)

// Content is the content of an attachment on its way out. WriteTo may hand files to the kernel.
type Content interface {
	io.Reader
	io.WriterTo
}

// Frame packs an answer of an envelope and one attachment.
type Frame struct {
	ContentType string // of the answer
	Length      int64  // bytes of the answer

	before, after []byte
	chunks        []int64 // of DIME, the sizes of the chunks behind the first; nil when there are none
	size          int64   // of the content, or of the first chunk
}

// Attachment is what a Frame packs beside the envelope.
type Attachment struct {
	ID   string // that the envelope may name
	Type string // media type
	Size int64  // bytes
}

// maxRecord bounds the data of a DIME record, in bytes: its length has 32 bits, and the next chunk begins aligned.
const maxRecord = math.MaxUint32 &^ (dimeAlign - 1)

// NewFrame packs an answer, not as Plain. boundary, of MIME, is in no content: a random one.
func NewFrame(p Packaging, envelope []byte, a Attachment, boundary string) *Frame {
	if p == DIME {
		return newDIMEFrame(envelope, a, maxRecord)
	}
	root, rootType := xmlType, MediaType
	start := ""
	if p == MTOM {
		root, rootType = xopType, xopType+`; charset=utf-8; type="`+xmlType+`"`
		start = `; start-info="` + xmlType + `"`
	}
	const rootID = "envelope"
	f := &Frame{size: a.Size, ContentType: multipartType + `; type="` + root + `"; start="<` + rootID + `>"` + start + `; boundary="` + boundary + `"`}
	part := func(id, kind string) string {
		return "--" + boundary + "\r\nContent-Type: " + kind + "\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <" + id + ">\r\n\r\n"
	}
	f.before = append(f.before, part(rootID, rootType)...)
	f.before = append(f.before, envelope...)
	f.before = append(f.before, "\r\n"+part(a.ID, a.Type)...)
	f.after = []byte("\r\n--" + boundary + "--\r\n")
	f.Length = int64(len(f.before)) + a.Size + int64(len(f.after))
	return f
}

// newDIMEFrame packs an answer in DIME, with records of at most that many bytes of data.
func newDIMEFrame(envelope []byte, a Attachment, most int64) *Frame {
	f := &Frame{ContentType: dimeType, size: min(a.Size, most)}
	root := dimeRecord{flags: dimeBegin, typeFormat: dimeURI, kind: EnvelopeNamespace, size: int64(len(envelope))}
	f.before = appendPadded(root.append(nil), envelope)
	first := dimeRecord{flags: dimeEnd, typeFormat: dimeMedia, id: a.ID, kind: a.Type, size: f.size}
	if f.size < a.Size {
		first.flags = dimeChunk
	}
	f.before = first.append(f.before)
	last := f.size
	for left := a.Size - f.size; left > 0; left -= last {
		last = min(left, most)
		f.chunks = append(f.chunks, last)
	}
	f.after = make([]byte, padding(last))
	f.Length = int64(len(f.before)) + a.Size + int64(dimeHeader*len(f.chunks)) + int64(len(f.after))
	return f
}

// WriteTo writes the answer with its content to w.
func (f *Frame) WriteTo(w io.Writer, content Content) error {
	if _, err := w.Write(f.before); err != nil {
		return err
	}
	if err := f.writeContent(w, content); err != nil {
		return err
	}
	_, err := w.Write(f.after)
	return err
}

func (f *Frame) writeContent(w io.Writer, content Content) error {
	if len(f.chunks) == 0 {
		n, err := content.WriteTo(w)
		if err == nil && n != f.size {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	if err := copyChunk(w, content, f.size); err != nil {
		return err
	}
	for i, size := range f.chunks {
		r := dimeRecord{flags: dimeChunk, size: size}
		if i == len(f.chunks)-1 {
			r.flags = dimeEnd
		}
		if _, err := w.Write(r.append(nil)); err != nil {
			return err
		}
		if err := copyChunk(w, content, size); err != nil {
			return err
		}
	}
	return nil
}

// copyChunk copies n bytes of content. Its WriteTo would write all.
func copyChunk(w io.Writer, content Content, n int64) error {
	_, err := io.CopyN(w, struct{ io.Reader }{content}, n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}
