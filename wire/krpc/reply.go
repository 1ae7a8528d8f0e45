package krpc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"shoal/wire/bencode"
)

// Bounds of what a node may say.
const (
	// MaxPacket is the longest answer that is read, in bytes: BEP 5 has no limit, but one that is longer than an
	// Ethernet frame does not arrive whole from most of the Internet.
	MaxPacket = 2048
	// MaxNodes of each family are taken from one answer: twice the eight that BEP 5 has.
	MaxNodes = 16
	// MaxToken is the longest token that is kept, in bytes. Those in use have 4 to 20.
	MaxToken = 64
)

// answerBounds: the values of an answer that does not exceed MaxPacket, a list of peers among them, fit.
var answerBounds = bencode.Options{MaxBytes: MaxPacket, MaxDepth: 4}

// ErrMessage: a packet is no answer of a node.
var ErrMessage = errors.New("malformed DHT message")

// ErrQuery: a packet is a query, which a read-only node does not answer.
var ErrQuery = errors.New("DHT query")

// Node is a node as others name it.
type Node struct {
	ID   ID
	Addr netip.AddrPort
}

// Reply is the answer of a node to a Query.
type Reply struct {
	Transaction string
	Refused     bool       // an error message ("e"); of what follows only External is set
	Sender      ID         // of the node
	Token       string     // "" is none
	Nodes       []Node     // of IPv4 before those of IPv6 (BEP 32)
	External    netip.Addr // BEP 42: where our packet came from; not valid when the node does not say
}

// ParseReply reads an answer. Peers that it lists are not kept. Nothing of the result is part of packet. Errors wrap
// ErrMessage, or are ErrQuery.
func ParseReply(packet []byte) (r Reply, err error) {
	v, err := bencode.Parse(packet, answerBounds)
	if err != nil {
		return Reply{}, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	r.Transaction, _ = v.Get("t").Text()
	if ip, ok := v.Get("ip").Bytes(); ok {
		r.External = parseExternal(ip)
	}
	switch y, _ := v.Get("y").Text(); y {
	case "q":
		return Reply{}, ErrQuery
	case "e":
		r.Refused = true
		return r, nil
	case "r":
		return r, r.parseValues(v.Get("r"))
	}
	return Reply{}, fmt.Errorf("%w: neither query, response nor error", ErrMessage)
}

func (r *Reply) parseValues(v bencode.Value) error {
	id, _ := v.Get("id").Bytes()
	if len(id) != len(r.Sender) {
		return fmt.Errorf("%w: an id of %d bytes", ErrMessage, len(id))
	}
	r.Sender = ID(id)
	if token, _ := v.Get("token").Text(); len(token) <= MaxToken {
		r.Token = token
	}
	nodes4, _ := v.Get("nodes").Bytes()
	nodes6, _ := v.Get("nodes6").Bytes()
	r.Nodes = appendNodes(appendNodes(nil, nodes4, net4Bytes), nodes6, net6Bytes)
	return nil
}

// Lengths of addresses, in bytes.
const (
	net4Bytes = 4
	net6Bytes = 16
	portBytes = 2
)

// appendNodes appends nodes from their compact form, in which an address has that many bytes; what is left over at the
// end is dropped.
func appendNodes(list []Node, b []byte, addrBytes int) []Node {
	size := len(ID{}) + addrBytes + portBytes
	for n := 0; n < MaxNodes && len(b) >= size; n++ {
		addr, _ := netip.AddrFromSlice(b[len(ID{}) : len(ID{})+addrBytes])
		port := binary.BigEndian.Uint16(b[size-portBytes : size])
		list = append(list, Node{ID: ID(b[:len(ID{})]), Addr: netip.AddrPortFrom(addr.Unmap(), port)})
		b = b[size:]
	}
	return list
}

// parseExternal reads an address, with or without a port.
func parseExternal(b []byte) netip.Addr {
	switch len(b) {
	case net4Bytes, net4Bytes + portBytes:
		b = b[:net4Bytes]
	case net6Bytes, net6Bytes + portBytes:
		b = b[:net6Bytes]
	default:
		return netip.Addr{}
	}
	a, _ := netip.AddrFromSlice(b)
	return a.Unmap()
}
