package peer

import (
	"encoding/binary"
	"net/netip"

	"shoal/wire/bencode"
)

const (
	// MaxPEXPeers is how many peers of one list of a received message are looked at. BEP 11
	// permits 50 of both families; only the first message of a connection may be longer.
	MaxPEXPeers = 200

	compactIPv4 = 4 + 2
	compactIPv6 = 16 + 2
)

// PEXFlags is what a PEX message says about one peer (BEP 11).
type PEXFlags uint8

// The flags of BEP 11.
const (
	PEXEncryption PEXFlags = 1 << iota // prefers encryption
	PEXSeed                            // seed or upload_only
	PEXUTP                             // supports uTP
	PEXHolePunch                       // supports ut_holepunch
	PEXReachable                       // was connected to: it accepts connections
)

// PEXPeer is a peer that the sender is connected to.
type PEXPeer struct {
	Addr  netip.AddrPort
	Flags PEXFlags
}

// PEX is a ut_pex message: what changed in the sender's connections.
type PEX struct {
	Added   []PEXPeer
	Dropped []netip.AddrPort
}

// AppendPEX appends p as the receiver's extension id; p has at least one peer. Peers whose address
// is not valid are left out.
func AppendPEX(dst []byte, id ExtensionID, p PEX) []byte {
	var added4, added6, flags4, flags6, dropped4, dropped6 []byte
	for _, peer := range p.Added {
		switch addr := peer.Addr.Addr().Unmap(); {
		case addr.Is4():
			added4 = appendCompact(added4, peer.Addr)
			flags4 = append(flags4, byte(peer.Flags))
		case addr.Is6():
			added6 = appendCompact(added6, peer.Addr)
			flags6 = append(flags6, byte(peer.Flags))
		}
	}
	for _, dropped := range p.Dropped {
		switch addr := dropped.Addr().Unmap(); {
		case addr.Is4():
			dropped4 = appendCompact(dropped4, dropped)
		case addr.Is6():
			dropped6 = appendCompact(dropped6, dropped)
		}
	}
	return appendExtended(dst, id, func(dst []byte) []byte {
		d := bencode.NewDict(dst)
		for _, entry := range []struct {
			key   string
			value []byte
		}{
			{"added", added4},
			{"added.f", flags4},
			{"added6", added6},
			{"added6.f", flags6},
			{"dropped", dropped4},
			{"dropped6", dropped6},
		} {
			if len(entry.value) != 0 {
				d.Bytes(entry.key, entry.value)
			}
		}
		return d.End()
	})
}

// ParsePEX reads the payload of a ut_pex message. It forgives a cut last entry, missing flags and
// peers beyond MaxPEXPeers in a list, and leaves out port 0. The addresses are claims: they may
// be anyone's.
func ParsePEX(payload []byte) (PEX, error) {
	dict, err := parseDict(payload, "ut_pex")
	if err != nil {
		return PEX{}, err
	}
	var p PEX
	p.Added = appendAdded(p.Added, dict.Get("added"), dict.Get("added.f"), compactIPv4)
	p.Added = appendAdded(p.Added, dict.Get("added6"), dict.Get("added6.f"), compactIPv6)
	for _, list := range []struct {
		key  string
		size int
	}{{"dropped", compactIPv4}, {"dropped6", compactIPv6}} {
		entries, _ := dict.Get(list.key).Bytes()
		for i := 0; i < min(len(entries)/list.size, MaxPEXPeers); i++ {
			if addr := parseCompact(entries[i*list.size:][:list.size]); addr.Port() != 0 {
				p.Dropped = append(p.Dropped, addr)
			}
		}
	}
	return p, nil
}

// appendAdded appends the peers of one family, of size bytes each, with their flags.
func appendAdded(peers []PEXPeer, list, flagList bencode.Value, size int) []PEXPeer {
	entries, _ := list.Bytes()
	flags, _ := flagList.Bytes()
	for i := 0; i < min(len(entries)/size, MaxPEXPeers); i++ {
		peer := PEXPeer{Addr: parseCompact(entries[i*size:][:size])}
		if i < len(flags) {
			peer.Flags = PEXFlags(flags[i])
		}
		if peer.Addr.Port() != 0 {
			peers = append(peers, peer)
		}
	}
	return peers
}

// appendCompact appends an address as 4 or 16 bytes and its port (BEP 23, BEP 7).
func appendCompact(dst []byte, addr netip.AddrPort) []byte {
	dst = append(dst, addr.Addr().Unmap().AsSlice()...)
	return binary.BigEndian.AppendUint16(dst, addr.Port())
}

// parseCompact reads what appendCompact writes; b is compactIPv4 or compactIPv6 bytes.
func parseCompact(b []byte) netip.AddrPort {
	addr, _ := netip.AddrFromSlice(b[:len(b)-2])
	return netip.AddrPortFrom(addr.Unmap(), binary.BigEndian.Uint16(b[len(b)-2:]))
}
