package accesslog

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// rowFormat starts the value of every row. A new field needs no new format, another meaning of a field does.
const rowFormat = 1

// errMalformed says that a row is not what docs/format/accesslog.md draws. It is wrapped.
var errMalformed = errors.New("malformed access log row")

// appendText leaves out what is empty, which is what an absent field reads as.
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

func appendUint(b []byte, num protowire.Number, v uint64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), v)
}

// field is one decoded field: uint for a varint, data for bytes, which are a part of the row.
type field struct {
	num  protowire.Number
	uint uint64
	data []byte
}

// readRow calls read for each field of a row's value; read skips the numbers it does not know.
func readRow(value []byte, read func(field) error) error {
	if len(value) == 0 || value[0] != rowFormat {
		return fmt.Errorf("%w: value of %d bytes is not of format %d", errMalformed, len(value), rowFormat)
	}
	return readFields(value[1:], read)
}

func readFields(b []byte, read func(field) error) error {
	for len(b) > 0 {
		num, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("%w: %w", errMalformed, protowire.ParseError(n))
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
			f.num = 0 // no row has such a field
		}
		if n < 0 {
			return fmt.Errorf("%w: field %d: %w", errMalformed, num, protowire.ParseError(n))
		}
		b = b[n:]
		if err := read(f); err != nil {
			return err
		}
	}
	return nil
}
