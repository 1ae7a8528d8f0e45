package peer

import (
	"encoding/binary"
	"fmt"
)

// ID is the type of a message: the byte after the length prefix.
type ID int16

// The message types.
const (
	MsgKeepAlive     ID = -1 // the empty frame; not a number on the wire
	MsgChoke         ID = 0  // BEP 3
	MsgUnchoke       ID = 1
	MsgInterested    ID = 2
	MsgNotInterested ID = 3
	MsgHave          ID = 4
	MsgBitfield      ID = 5
	MsgRequest       ID = 6
	MsgPiece         ID = 7
	MsgCancel        ID = 8
	MsgPort          ID = 9  // BEP 5
	MsgSuggest       ID = 13 // BEP 6
	MsgHaveAll       ID = 14
	MsgHaveNone      ID = 15
	MsgReject        ID = 16
	MsgAllowedFast   ID = 17
	MsgExtended      ID = 20 // BEP 10
	MsgHashRequest   ID = 21 // BEP 52
	MsgHashes        ID = 22
	MsgHashReject    ID = 23
)

// String returns the name that the BEPs use.
func (id ID) String() string {
	switch id {
	case MsgKeepAlive:
		return "keep-alive"
	case MsgChoke:
		return "choke"
	case MsgUnchoke:
		return "unchoke"
	case MsgInterested:
		return "interested"
	case MsgNotInterested:
		return "not interested"
	case MsgHave:
		return "have"
	case MsgBitfield:
		return "bitfield"
	case MsgRequest:
		return "request"
	case MsgPiece:
		return "piece"
	case MsgCancel:
		return "cancel"
	case MsgPort:
		return "port"
	case MsgSuggest:
		return "suggest"
	case MsgHaveAll:
		return "have all"
	case MsgHaveNone:
		return "have none"
	case MsgReject:
		return "reject"
	case MsgAllowedFast:
		return "allowed fast"
	case MsgExtended:
		return "extended"
	case MsgHashRequest:
		return "hash request"
	case MsgHashes:
		return "hashes"
	case MsgHashReject:
		return "hash reject"
	default:
		return fmt.Sprintf("message %d", int16(id))
	}
}

// Sizes of the protocol, in bytes.
const (
	BlockSize = 16 << 10 // what every client asks for
	// MaxRequest is the longest block that is served: some old clients ask for 128 KiB, and BEP 3
	// lets a longer request end the connection.
	MaxRequest = 128 << 10
)

// Block names a run of bytes in one piece.
type Block struct {
	Piece  uint32
	Begin  uint32 // bytes from the start of the piece
	Length uint32 // bytes
}

// Within reports whether b is 1 to MaxRequest bytes that lie inside one piece of a torrent of
// size bytes in pieces of pieceLength bytes.
func (b Block) Within(size, pieceLength int64) bool {
	if b.Length == 0 || b.Length > MaxRequest {
		return false
	}
	end := int64(b.Begin) + int64(b.Length)
	if end > pieceLength || int64(b.Piece) > size/pieceLength {
		return false
	}
	return int64(b.Piece)*pieceLength+end <= size
}

// Message is one message as read. Which fields are set depends on ID:
//
//	MsgHave, MsgSuggest, MsgAllowedFast   Block.Piece
//	MsgRequest, MsgCancel, MsgReject       Block
//	MsgPiece                               Block (Length of Payload), Payload: the data
//	MsgPort                                Port
//	MsgBitfield                            Payload: the bits, for ParseBitfield
//	MsgExtended                            Extension, Payload: what follows the extension id
//	MsgHashRequest, MsgHashReject          Payload, for ParseHashRequest
//	MsgHashes                              Payload, for ParseHashes
//	any other number                       Payload; a receiver skips it
//
// Payload is a view of the Reader's buffer, valid until its next Read.
type Message struct {
	ID        ID
	Block     Block
	Port      uint16
	Extension ExtensionID
	Payload   []byte
}

// parseMessage decodes the frame after its length prefix; the Reader has checked its length.
func parseMessage(frame []byte) Message {
	m := Message{ID: ID(frame[0])}
	body := frame[1:]
	switch m.ID {
	case MsgChoke, MsgUnchoke, MsgInterested, MsgNotInterested, MsgHaveAll, MsgHaveNone:
	case MsgHave, MsgSuggest, MsgAllowedFast:
		m.Block.Piece = binary.BigEndian.Uint32(body)
	case MsgRequest, MsgCancel, MsgReject:
		m.Block = parseBlock(body)
	case MsgPiece:
		m.Block.Piece = binary.BigEndian.Uint32(body)
		m.Block.Begin = binary.BigEndian.Uint32(body[4:])
		m.Payload = body[8:]
		m.Block.Length = uint32(len(m.Payload))
	case MsgPort:
		m.Port = binary.BigEndian.Uint16(body)
	case MsgExtended:
		m.Extension = ExtensionID(body[0])
		m.Payload = body[1:]
	default:
		m.Payload = body
	}
	return m
}

func parseBlock(body []byte) Block {
	return Block{
		Piece:  binary.BigEndian.Uint32(body),
		Begin:  binary.BigEndian.Uint32(body[4:]),
		Length: binary.BigEndian.Uint32(body[8:]),
	}
}
