package peer

import "encoding/binary"

// AppendDontHave appends an lt_donthave (BEP 54) as the receiver's extension id: the sender takes
// back that it has piece.
func AppendDontHave(dst []byte, id ExtensionID, piece uint32) []byte {
	dst = append(appendHeader(dst, MsgExtended, 1+4), byte(id))
	return binary.BigEndian.AppendUint32(dst, piece)
}

// ParseDontHave reads the payload of an lt_donthave message.
func ParseDontHave(payload []byte) (piece uint32, err error) {
	if len(payload) != 4 {
		return 0, malformed("lt_donthave of %d bytes", len(payload))
	}
	return binary.BigEndian.Uint32(payload), nil
}
