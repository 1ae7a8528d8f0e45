package peer

import (
	"fmt"
	"math"

	"shoal/wire/bencode"
)

// MetadataPiece is the length of every piece of an info dictionary but the last, in bytes (BEP 9).
const MetadataPiece = 16 << 10

// MetadataType is the msg_type of a ut_metadata message.
type MetadataType int64

// The types of BEP 9. "An unrecognized message ID MUST be ignored."
const (
	MetadataRequest MetadataType = 0
	MetadataData    MetadataType = 1
	MetadataReject  MetadataType = 2
)

// Metadata is a ut_metadata message.
type Metadata struct {
	Type      MetadataType
	Piece     uint32
	TotalSize int64  // MetadataData: bytes of the whole info dictionary
	Data      []byte // MetadataData: the piece
}

// ParseMetadata reads the payload of a ut_metadata message; Data is a view of payload. A type that
// BEP 9 does not know comes back as it is.
func ParseMetadata(payload []byte) (Metadata, error) {
	dict, rest, err := bencode.ParsePrefix(payload, bencode.Options{})
	if err != nil {
		return Metadata{}, fmt.Errorf("%w: ut_metadata: %w", ErrMalformed, err)
	}
	msgType, ok := dict.Get("msg_type").Int()
	if !ok {
		return Metadata{}, malformed("ut_metadata without msg_type")
	}
	m := Metadata{Type: MetadataType(msgType)}
	if m.Type < MetadataRequest || m.Type > MetadataReject {
		return m, nil
	}
	piece, ok := dict.Get("piece").Int()
	if !ok || piece < 0 || piece > math.MaxUint32 {
		return Metadata{}, malformed("ut_metadata without a valid piece")
	}
	m.Piece = uint32(piece)
	if m.Type != MetadataData {
		return m, nil
	}
	m.TotalSize, ok = dict.Get("total_size").Int()
	if !ok || m.TotalSize < 0 || len(rest) > MetadataPiece {
		return Metadata{}, malformed("ut_metadata data of %d bytes, total size %d", len(rest), m.TotalSize)
	}
	m.Data = rest
	return m, nil
}

// AppendMetadata appends m as the receiver's extension id.
func AppendMetadata(dst []byte, id ExtensionID, m Metadata) []byte {
	return appendExtended(dst, id, func(dst []byte) []byte {
		d := bencode.NewDict(dst)
		d.Int("msg_type", int64(m.Type))
		d.Int("piece", int64(m.Piece))
		if m.Type != MetadataData {
			return d.End()
		}
		d.Int("total_size", m.TotalSize)
		return append(d.End(), m.Data...)
	})
}
