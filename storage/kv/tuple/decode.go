package tuple

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrMalformed says that a key is not the tuple that was asked for. It is wrapped.
var ErrMalformed = errors.New("tuple: malformed key")

// Decoder reads the fields of one key in order. The first error sticks: later reads return zero values,
// and Done returns it. It does not change the key and keeps no part of it in what it returns,
// except Rest.
type Decoder struct {
	rest []byte
	at   int // offset of rest in the key, for errors
	err  error
}

// NewDecoder returns a Decoder at the first byte of key.
func NewDecoder(key []byte) *Decoder { return &Decoder{rest: key} }

// Byte reads one byte, such as the table's prefix.
func (d *Decoder) Byte() byte {
	b := d.take(1)
	if b == nil {
		return 0
	}
	return b[0]
}

// Str reads a string.
func (d *Decoder) Str() string { return string(d.Bytes()) }

// Bytes reads what AppendBytes or AppendString wrote. It is not nil unless there was an error.
func (d *Decoder) Bytes() []byte {
	if d.err != nil {
		return nil
	}
	out := []byte{}
	for i := 0; i+1 < len(d.rest); i++ {
		if d.rest[i] != zero {
			out = append(out, d.rest[i])
			continue
		}
		i++
		switch d.rest[i] {
		case escapedNul:
			out = append(out, zero)
		case escapedEnd:
			d.advance(i + 1)
			return out
		default:
			d.fail("bad escape in a string")
			return nil
		}
	}
	d.fail("string without end")
	return nil
}

// Uint16 reads what AppendUint16 wrote.
func (d *Decoder) Uint16() uint16 {
	b := d.take(2)
	if b == nil {
		return 0
	}
	return binary.BigEndian.Uint16(b)
}

// Uint64 reads what AppendUint64 wrote.
func (d *Decoder) Uint64() uint64 {
	b := d.take(8)
	if b == nil {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

// Uint64Desc reads what AppendUint64Desc wrote.
func (d *Decoder) Uint64Desc() uint64 {
	b := d.take(8)
	if b == nil {
		return 0
	}
	return ^binary.BigEndian.Uint64(b)
}

// ID16 reads a 16-byte id.
func (d *Decoder) ID16() (id [16]byte) {
	copy(id[:], d.take(len(id)))
	return id
}

// ID20 reads a 20-byte id.
func (d *Decoder) ID20() (id [20]byte) {
	copy(id[:], d.take(len(id)))
	return id
}

// Rest returns the bytes not read yet, which are part of the key, and reads them.
func (d *Decoder) Rest() []byte {
	rest := d.rest
	d.advance(len(rest))
	return rest
}

// Err returns the first error, which wraps ErrMalformed.
func (d *Decoder) Err() error { return d.err }

// Done returns the first error, or an error when bytes are left over.
func (d *Decoder) Done() error {
	if d.err == nil && len(d.rest) > 0 {
		d.fail(fmt.Sprintf("%d bytes left over", len(d.rest)))
	}
	return d.err
}

func (d *Decoder) take(n int) []byte {
	if d.err != nil {
		return nil
	}
	if len(d.rest) < n {
		d.fail(fmt.Sprintf("%d bytes wanted, %d left", n, len(d.rest)))
		return nil
	}
	b := d.rest[:n]
	d.advance(n)
	return b
}

func (d *Decoder) advance(n int) {
	d.rest = d.rest[n:]
	d.at += n
}

func (d *Decoder) fail(what string) {
	d.err = fmt.Errorf("%w: at byte %d: %s", ErrMalformed, d.at, what)
	d.rest = nil
}
