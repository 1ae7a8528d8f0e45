package object

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// recordVersion starts every record. A reader refuses others: a new field needs no new version, a change
// of the meaning of a field does.
const recordVersion = 1

var errRecord = errors.New("malformed record")

// newRecord starts a record with room for size bytes of fields.
func newRecord(size int) []byte { return append(make([]byte, 0, 1+size), recordVersion) }

// The append functions leave out zero values, which are what an absent field reads as.

func appendUint(b []byte, num protowire.Number, v uint64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), v)
}

func appendBool(b []byte, num protowire.Number, v bool) []byte {
	return appendUint(b, num, protowire.EncodeBool(v))
}

func appendText[T ~string | ~[]byte](b []byte, num protowire.Number, v T) []byte {
	if len(v) == 0 {
		return b
	}
	return appendMessage(b, num, v)
}

// appendMessage writes v also when it is empty: an element of a list.
func appendMessage[T ~string | ~[]byte](b []byte, num protowire.Number, v T) []byte {
	b = protowire.AppendTag(b, num, protowire.BytesType)
	return append(protowire.AppendVarint(b, uint64(len(v))), v...)
}

func appendID[T ~[16]byte](b []byte, num protowire.Number, id T) []byte {
	raw := [16]byte(id)
	return appendMessage(b, num, raw[:])
}

// appendTime writes Unix nanoseconds; the zero time is left out.
func appendTime(b []byte, num protowire.Number, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	return appendUint(b, num, uint64(t.UnixNano()))
}

// field is one decoded field: uint for a varint, data for bytes. data is a part of the record.
type field struct {
	num  protowire.Number
	uint uint64
	data []byte
}

func (f field) bool() bool      { return f.uint != 0 }
func (f field) int64() int64    { return int64(f.uint) }
func (f field) string() string  { return string(f.data) }
func (f field) time() time.Time { return time.Unix(0, int64(f.uint)).UTC() }

func (f field) id() (id [16]byte, err error) {
	if len(f.data) != len(id) {
		return id, fmt.Errorf("%w: field %d is an id of %d bytes", errRecord, f.num, len(f.data))
	}
	return [16]byte(f.data), nil
}

// readRecord calls read for each field of a record; read skips the numbers it does not know.
func readRecord(record []byte, read func(field) error) error {
	if len(record) == 0 {
		return fmt.Errorf("%w: empty", errRecord)
	}
	if record[0] != recordVersion {
		return fmt.Errorf("%w: version %d, this program reads %d", errRecord, record[0], recordVersion)
	}
	return readFields(record[1:], read)
}

// readFields is readRecord for a message inside a record.
func readFields(b []byte, read func(field) error) error {
	for len(b) > 0 {
		num, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("%w: %w", errRecord, protowire.ParseError(n))
		}
		b = b[n:]
		f := field{num: num}
		switch kind {
		case protowire.VarintType:
			f.uint, n = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			f.data, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(num, kind, b)
			f.num = 0 // no record has such a field
		}
		if n < 0 {
			return fmt.Errorf("%w: field %d: %w", errRecord, num, protowire.ParseError(n))
		}
		b = b[n:]
		if err := read(f); err != nil {
			return err
		}
	}
	return nil
}
