package object

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// extentFixed is the blob id in front of the varints of an encoded extent.
const extentFixed = 16

// encodeExtent writes the blob id, then offset and length as varints, and a third one when it is sealed.
func encodeExtent(e Extent) []byte {
	b := append(make([]byte, 0, extentFixed+12), e.Blob[:]...)
	b = protowire.AppendVarint(b, uint64(e.Offset))
	b = protowire.AppendVarint(b, uint64(e.Length))
	if e.Sealed == 0 {
		return b
	}
	return protowire.AppendVarint(b, uint64(e.Sealed))
}

func decodeExtent(b []byte) (e Extent, err error) {
	if len(b) < extentFixed {
		return e, fmt.Errorf("%w: extent of %d bytes", errRecord, len(b))
	}
	copy(e.Blob[:], b)
	b = b[extentFixed:]
	off, n := protowire.ConsumeVarint(b)
	if n < 0 {
		return e, fmt.Errorf("%w: extent offset: %w", errRecord, protowire.ParseError(n))
	}
	length, m := protowire.ConsumeVarint(b[n:])
	if m < 0 {
		return e, fmt.Errorf("%w: extent length: %w", errRecord, protowire.ParseError(m))
	}
	e.Offset, e.Length = int64(off), int64(length)
	if e.Offset < 0 || e.Length <= 0 || e.Offset+e.Length < e.Offset {
		return e, fmt.Errorf("%w: extent of %d bytes at %d", errRecord, e.Length, e.Offset)
	}
	if b = b[n+m:]; len(b) == 0 {
		return e, nil
	}
	sealed, n := protowire.ConsumeVarint(b)
	if e.Sealed = int64(sealed); n < 0 || e.Sealed < e.Offset+e.Length || e.Sealed > MaxObject {
		return e, fmt.Errorf("%w: extent to %d of %d sealed bytes", errRecord, e.Offset+e.Length, e.Sealed)
	}
	return e, nil
}

// encodeChecksum writes algorithm, type and the base64 value; nothing when there is none.
func encodeChecksum(c Checksum) []byte {
	if c.Algorithm == NoChecksum {
		return nil
	}
	return append([]byte{byte(c.Algorithm), byte(c.Type)}, c.Value...)
}

func decodeChecksum(b []byte) (Checksum, error) {
	return readChecksum(field{data: b}, field.string)
}

// readChecksum is decodeChecksum with text, which makes the string.
func readChecksum(f field, text func(field) string) (Checksum, error) {
	b := f.data
	if len(b) < 2 || b[0] > byte(lastChecksum) || b[1] > byte(Composite) {
		return Checksum{}, fmt.Errorf("%w: checksum %x", errRecord, b)
	}
	f.data = b[2:]
	return Checksum{Algorithm: ChecksumAlgorithm(b[0]), Type: ChecksumType(b[1]), Value: text(f)}, nil
}
