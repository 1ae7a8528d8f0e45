package soap

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// Flags of the first byte of a DIME record, and its version in the upper bits (draft-nielsen-dime-02, 3.2).
const (
	dimeBegin   = 0x04
	dimeEnd     = 0x02
	dimeChunk   = 0x01
	dimeVersion = 1 << 3
	dimeVersMsk = 0xf8
)

// Values of TYPE_T, in the upper half of the second byte.
const (
	dimeUnchanged = 0x00 // of a chunk behind the first
	dimeMedia     = 0x10
	dimeURI       = 0x20
)

const (
	dimeHeader = 12 // bytes
	dimeAlign  = 4  // every field ends on such a boundary
)

// dimeRecord is the header of a record.
type dimeRecord struct {
	flags, typeFormat byte
	id, kind          string
	size              int64 // of the data, fits 32 bits
}

// append appends everything of the record but its data.
func (r *dimeRecord) append(b []byte) []byte {
	b = append(b, dimeVersion|r.flags, r.typeFormat)
	b = binary.BigEndian.AppendUint16(b, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(len(r.id)))
	b = binary.BigEndian.AppendUint16(b, uint16(len(r.kind)))
	b = binary.BigEndian.AppendUint32(b, uint32(r.size))
	b = appendPadded(b, r.id)
	return appendPadded(b, r.kind)
}

func appendPadded[T string | []byte](b []byte, field T) []byte {
	b = append(b, field...)
	return append(b, make([]byte, padding(int64(len(field))))...)
}

// padding is how many zeros follow a field of n bytes.
func padding(n int64) int { return int(-n & (dimeAlign - 1)) }

// dimeReader reads the records of a DIME message; chunks are put together.
type dimeReader struct {
	src     *bufio.Reader
	begun   bool
	last    bool  // the record being read ends the message
	chunked bool  // another chunk follows the record being read
	left    int64 // bytes of its data
	pad     int   // behind its data
}

func (d *dimeReader) next() (*Part, error) {
	if d.begun {
		if _, err := io.Copy(io.Discard, dimeData{d}); err != nil {
			return nil, err
		}
		if d.last {
			return nil, io.EOF
		}
	}
	r, err := d.header()
	switch {
	case err != nil:
		return nil, err
	case r.flags&dimeBegin == 0 == !d.begun:
		return nil, malformed("a DIME message that does not begin with its first record")
	case r.typeFormat == dimeUnchanged:
		return nil, malformed("a DIME record of no type")
	}
	d.begun = true
	return &Part{Reader: dimeData{d}, ID: trimID(r.id), Type: r.kind}, nil
}

// header reads the header of the next record with its fields.
func (d *dimeReader) header() (r dimeRecord, err error) {
	var head [dimeHeader]byte
	if err := d.read(head[:]); err != nil {
		return r, err
	}
	if head[0]&dimeVersMsk != dimeVersion || head[1]&0x0f != 0 {
		return r, malformed("a DIME record of another version")
	}
	r.flags, r.typeFormat = head[0]&^dimeVersMsk, head[1]
	r.size = int64(binary.BigEndian.Uint32(head[8:]))
	var fields [3]string // options, id, type
	for i := range fields {
		if fields[i], err = d.field(int64(binary.BigEndian.Uint16(head[2+2*i:]))); err != nil {
			return r, err
		}
	}
	r.id, r.kind = fields[1], fields[2]
	d.left, d.pad = r.size, padding(r.size)
	d.chunked, d.last = r.flags&dimeChunk != 0, r.flags&dimeEnd != 0
	if d.chunked && (d.last || r.size == 0) {
		return r, malformed("a DIME chunk that is empty, or the last though another follows")
	}
	return r, nil
}

func (d *dimeReader) field(n int64) (string, error) {
	if n > maxDIMEField {
		return "", tooLarge("DIME field")
	}
	b := make([]byte, n+int64(padding(n)))
	err := d.read(b)
	return string(b[:n]), err
}

func (d *dimeReader) read(b []byte) error {
	_, err := io.ReadFull(d.src, b)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// dimeData is the data of the part being read.
type dimeData struct{ *dimeReader }

// Read implements io.Reader.
func (d dimeData) Read(p []byte) (int, error) {
	for d.left == 0 {
		if err := d.endRecord(); err != nil {
			return 0, err
		}
	}
	n, err := d.src.Read(p[:min(int64(len(p)), d.left)])
	d.left -= int64(n)
	if errors.Is(err, io.EOF) && d.left > 0 {
		err = io.ErrUnexpectedEOF
	} else if errors.Is(err, io.EOF) {
		err = nil // the padding may be missing all the same
	}
	return n, err
}

// endRecord goes on to the next chunk, io.EOF when there is none.
func (d dimeData) endRecord() error {
	pad := make([]byte, d.pad)
	d.pad = 0
	if err := d.read(pad); err != nil {
		return err
	}
	if !d.chunked {
		return io.EOF
	}
	r, err := d.header()
	if err == nil && (r.typeFormat != dimeUnchanged || r.flags&dimeBegin != 0 || r.id != "" || r.kind != "") {
		err = malformed("a DIME chunk that begins anew")
	}
	return err
}
