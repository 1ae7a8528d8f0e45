package peer

import "encoding/binary"

// PieceHeaderLen is the length of what AppendPieceHeader appends, in bytes.
const PieceHeaderLen = prefixLen + 1 + 8

// AppendKeepAlive appends the empty frame.
func AppendKeepAlive(dst []byte) []byte { return append(dst, 0, 0, 0, 0) }

// AppendChoke appends a choke.
func AppendChoke(dst []byte) []byte { return appendHeader(dst, MsgChoke, 0) }

// AppendUnchoke appends an unchoke.
func AppendUnchoke(dst []byte) []byte { return appendHeader(dst, MsgUnchoke, 0) }

// AppendInterested appends an interested.
func AppendInterested(dst []byte) []byte { return appendHeader(dst, MsgInterested, 0) }

// AppendNotInterested appends a not interested.
func AppendNotInterested(dst []byte) []byte { return appendHeader(dst, MsgNotInterested, 0) }

// AppendHaveAll appends a have all (BEP 6): only to a peer with the fast extension, and first.
func AppendHaveAll(dst []byte) []byte { return appendHeader(dst, MsgHaveAll, 0) }

// AppendHaveNone appends a have none (BEP 6): only to a peer with the fast extension, and first.
func AppendHaveNone(dst []byte) []byte { return appendHeader(dst, MsgHaveNone, 0) }

// AppendHave appends a have.
func AppendHave(dst []byte, piece uint32) []byte { return appendIndex(dst, MsgHave, piece) }

// AppendSuggest appends a suggest piece (BEP 6).
func AppendSuggest(dst []byte, piece uint32) []byte { return appendIndex(dst, MsgSuggest, piece) }

// AppendAllowedFast appends an allowed fast (BEP 6).
func AppendAllowedFast(dst []byte, piece uint32) []byte {
	return appendIndex(dst, MsgAllowedFast, piece)
}

// AppendRequest appends a request.
func AppendRequest(dst []byte, b Block) []byte { return appendBlock(dst, MsgRequest, b) }

// AppendCancel appends a cancel.
func AppendCancel(dst []byte, b Block) []byte { return appendBlock(dst, MsgCancel, b) }

// AppendReject appends a reject request (BEP 6).
func AppendReject(dst []byte, b Block) []byte { return appendBlock(dst, MsgReject, b) }

// AppendBitfield appends a bitfield; it must be the first message after the handshakes.
func AppendBitfield(dst []byte, bits Bitfield) []byte {
	dst = appendHeader(dst, MsgBitfield, len(bits.bits))
	return append(dst, bits.bits...)
}

// AppendPort appends the UDP port of this peer's DHT node (BEP 5).
func AppendPort(dst []byte, port uint16) []byte {
	return binary.BigEndian.AppendUint16(appendHeader(dst, MsgPort, 2), port)
}

// AppendPieceHeader appends the PieceHeaderLen bytes that go before the b.Length bytes of a block.
func AppendPieceHeader(dst []byte, b Block) []byte {
	dst = appendHeader(dst, MsgPiece, 8+int(b.Length))
	dst = binary.BigEndian.AppendUint32(dst, b.Piece)
	return binary.BigEndian.AppendUint32(dst, b.Begin)
}

// appendHeader appends the length prefix and the type of a message with n further bytes.
func appendHeader(dst []byte, id ID, n int) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(1+n))
	return append(dst, byte(id))
}

func appendIndex(dst []byte, id ID, piece uint32) []byte {
	return binary.BigEndian.AppendUint32(appendHeader(dst, id, 4), piece)
}

func appendBlock(dst []byte, id ID, b Block) []byte {
	dst = appendHeader(dst, id, 12)
	dst = binary.BigEndian.AppendUint32(dst, b.Piece)
	dst = binary.BigEndian.AppendUint32(dst, b.Begin)
	return binary.BigEndian.AppendUint32(dst, b.Length)
}

// appendExtended appends an extended message whose payload is what payload appends.
func appendExtended(dst []byte, id ExtensionID, payload func([]byte) []byte) []byte {
	at := len(dst)
	dst = payload(append(appendHeader(dst, MsgExtended, 1), byte(id)))
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-prefixLen))
	return dst
}
