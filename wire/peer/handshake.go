package peer

import (
	"encoding/binary"
	"fmt"

	"shoal/wire/torrent"
)

// Protocol is how every plain handshake begins: the length 19 and the name (BEP 3).
const Protocol = "\x13BitTorrent protocol"

// HandshakeLen is the length of a handshake in bytes.
const HandshakeLen = len(Protocol) + 8 + 20 + 20

// Reserved is the 8 reserved bytes of the handshake as one big-endian number.
type Reserved uint64

// The reserved bits that this package knows.
const (
	ReservedDHT        Reserved = 1 << 0  // BEP 5
	ReservedFast       Reserved = 1 << 2  // BEP 6
	ReservedV2         Reserved = 1 << 4  // BEP 52: sender of a v1 infohash also speaks v2
	ReservedExtensions Reserved = 1 << 20 // BEP 10
)

// Has reports whether all of bits are set.
func (r Reserved) Has(bits Reserved) bool { return r&bits == bits }

// Handshake is the opening message of both sides.
type Handshake struct {
	Reserved Reserved
	InfoHash torrent.InfoHash // v1, or v2 truncated to 20 bytes
	PeerID   PeerID
}

// ParseHandshake reads a handshake from b, which holds exactly HandshakeLen bytes. A different
// protocol name is ErrNotBitTorrent.
func ParseHandshake(b []byte) (Handshake, error) {
	var h Handshake
	if len(b) != HandshakeLen {
		return h, malformed("handshake of %d bytes", len(b))
	}
	if string(b[:len(Protocol)]) != Protocol {
		return h, fmt.Errorf("%w: begins with %q", ErrNotBitTorrent, b[:len(Protocol)])
	}
	b = b[len(Protocol):]
	h.Reserved = Reserved(binary.BigEndian.Uint64(b))
	copy(h.InfoHash[:], b[8:28])
	copy(h.PeerID[:], b[28:48])
	return h, nil
}

// AppendHandshake appends h to dst.
func AppendHandshake(dst []byte, h Handshake) []byte {
	dst = append(dst, Protocol...)
	dst = binary.BigEndian.AppendUint64(dst, uint64(h.Reserved))
	dst = append(dst, h.InfoHash[:]...)
	return append(dst, h.PeerID[:]...)
}
