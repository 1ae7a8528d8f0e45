package peer

import (
	"encoding/binary"
	"net/netip"
)

// HolePunchType is the msg_type of a ut_holepunch message.
type HolePunchType uint8

// The types of BEP 55.
const (
	HolePunchRendezvous HolePunchType = 0 // to a relay: introduce me to Addr
	HolePunchConnect    HolePunchType = 1 // from a relay: connect to Addr over uTP
	HolePunchFailed     HolePunchType = 2 // from a relay: cannot; see Code
)

// HolePunchCode says why a relay cannot introduce two peers.
type HolePunchCode uint32

// The codes of BEP 55.
const (
	NoSuchPeer   HolePunchCode = 1 // the endpoint is invalid
	NotConnected HolePunchCode = 2 // the relay has no connection to the target
	NoSupport    HolePunchCode = 3 // the target does not speak ut_holepunch
	NoSelf       HolePunchCode = 4 // the endpoint is the relay's own
)

// HolePunch is a ut_holepunch message.
type HolePunch struct {
	Type HolePunchType
	Addr netip.AddrPort
	Code HolePunchCode // 0 unless Type is HolePunchFailed
}

const (
	holePunchIPv4 = 0
	holePunchIPv6 = 1
	holePunchCode = 4 // bytes of the error code
)

// AppendHolePunch appends h, whose address is valid, as the receiver's extension id.
func AppendHolePunch(dst []byte, id ExtensionID, h HolePunch) []byte {
	family := byte(holePunchIPv6)
	if h.Addr.Addr().Unmap().Is4() {
		family = holePunchIPv4
	}
	return appendExtended(dst, id, func(dst []byte) []byte {
		dst = appendCompact(append(dst, byte(h.Type), family), h.Addr)
		return binary.BigEndian.AppendUint32(dst, uint32(h.Code))
	})
}

// ParseHolePunch reads the payload of a ut_holepunch message. The code may be missing from a
// message that is no failure: deployed clients leave it out there. The address is a claim.
func ParseHolePunch(payload []byte) (HolePunch, error) {
	if len(payload) < 2 {
		return HolePunch{}, malformed("ut_holepunch of %d bytes", len(payload))
	}
	h := HolePunch{Type: HolePunchType(payload[0])}
	size := compactIPv4
	switch payload[1] {
	case holePunchIPv4:
	case holePunchIPv6:
		size = compactIPv6
	default:
		return HolePunch{}, malformed("ut_holepunch with address type %d", payload[1])
	}
	body := payload[2:]
	switch {
	case h.Type > HolePunchFailed:
		return HolePunch{}, malformed("ut_holepunch of type %d", payload[0])
	case len(body) == size+holePunchCode:
		h.Code = HolePunchCode(binary.BigEndian.Uint32(body[size:]))
	case len(body) != size || h.Type == HolePunchFailed:
		return HolePunch{}, malformed("ut_holepunch of %d bytes", len(payload))
	}
	h.Addr = parseCompact(body[:size])
	return h, nil
}
