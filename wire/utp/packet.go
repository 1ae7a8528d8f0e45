package utp

import (
	"encoding/binary"
	"fmt"
)

// headerLen is the length of a packet without extensions and payload, in bytes.
const headerLen = 20

const version = 1

// packetType is the type field of a packet.
type packetType uint8

// The types of BEP 29.
const (
	typeData packetType = iota
	typeFin
	typeState
	typeReset
	typeSyn
	numTypes
)

// selectiveAck is the number of the only extension that is read. A bit is packet ack+2 and following, the lowest
// of the first byte first.
const selectiveAck = 1

// header is everything of a packet but its payload. Times are microseconds of a clock of the sender's.
type header struct {
	kind      packetType
	connID    uint16
	timestamp uint32 // when it was sent
	delay     uint32 // of the last packet of the other side: arrival by this clock minus its timestamp; 0 is unknown
	window    uint32 // bytes that the sender takes
	seq, ack  uint16
	sack      []byte // bits of selectiveAck; nil is none
}

// parsePacket reads one datagram. The header's sack and the payload are views of b.
func parsePacket(b []byte) (h header, payload []byte, err error) {
	if len(b) < headerLen {
		return h, nil, fmt.Errorf("%w: %d bytes", ErrMalformed, len(b))
	}
	h = header{
		kind:      packetType(b[0] >> 4),
		connID:    binary.BigEndian.Uint16(b[2:]),
		timestamp: binary.BigEndian.Uint32(b[4:]),
		delay:     binary.BigEndian.Uint32(b[8:]),
		window:    binary.BigEndian.Uint32(b[12:]),
		seq:       binary.BigEndian.Uint16(b[16:]),
		ack:       binary.BigEndian.Uint16(b[18:]),
	}
	if b[0]&15 != version || h.kind >= numTypes {
		return h, nil, fmt.Errorf("%w: type and version %#x", ErrMalformed, b[0])
	}
	next, rest := b[1], b[headerLen:]
	for next != 0 {
		if len(rest) < 2 || len(rest)-2 < int(rest[1]) {
			return h, nil, fmt.Errorf("%w: extension %d is cut off", ErrMalformed, next)
		}
		if next == selectiveAck {
			h.sack = rest[2 : 2+int(rest[1])]
		}
		next, rest = rest[0], rest[2+int(rest[1]):]
	}
	return h, rest, nil
}

// appendHeader appends h, with its sack, to dst.
func appendHeader(dst []byte, h *header) []byte {
	extension := byte(0)
	if len(h.sack) > 0 {
		extension = selectiveAck
	}
	dst = append(dst, byte(h.kind)<<4|version, extension)
	dst = binary.BigEndian.AppendUint16(dst, h.connID)
	dst = binary.BigEndian.AppendUint32(dst, h.timestamp)
	dst = binary.BigEndian.AppendUint32(dst, h.delay)
	dst = binary.BigEndian.AppendUint32(dst, h.window)
	dst = binary.BigEndian.AppendUint16(dst, h.seq)
	dst = binary.BigEndian.AppendUint16(dst, h.ack)
	if extension != 0 {
		dst = append(dst, 0, byte(len(h.sack)))
		dst = append(dst, h.sack...)
	}
	return dst
}

// before reports whether a comes before b in the circle of sequence numbers.
func before(a, b uint16) bool { return int16(a-b) < 0 }
