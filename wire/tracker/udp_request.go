package tracker

import (
	"encoding/binary"
	"errors"
	"math"
	"net/netip"

	"shoal/wire/torrent"
)

// Action is the kind of a UDP packet (BEP 15).
type Action uint32

// The actions of BEP 15.
const (
	ActionConnect Action = iota
	ActionAnnounce
	ActionScrape
	ActionError
)

// protocolID is the magic number in the place of the connection id of a connect request (BEP 15).
const protocolID = 0x41727101980

// Sizes of UDP requests (BEP 15).
const (
	headerSize   = 16 // connection id, action, transaction id
	announceSize = 98 // without options
	hashSize     = len(torrent.InfoHash{})

	// MaxUDPPacket is a scrape of MaxScrape hashes, which takes two fragments on Ethernet; longer requests need not
	// be read.
	MaxUDPPacket = headerSize + MaxScrape*hashSize
)

// ErrPacket: not a request of BEP 15. Such a packet gets no answer at all.
var ErrPacket = errors.New("malformed tracker packet")

// Header is the start of every UDP request.
type Header struct {
	ConnectionID  uint64 // to be verified before anything is answered; not for ActionConnect
	Action        Action // ActionConnect, ActionAnnounce or ActionScrape
	TransactionID uint32
}

// ParseHeader reads the header and checks that the packet is long enough for its action; a connect
// request must carry the protocol id. The error is ErrPacket.
func ParseHeader(packet []byte) (Header, error) {
	if len(packet) < headerSize {
		return Header{}, ErrPacket
	}
	h := Header{
		ConnectionID:  binary.BigEndian.Uint64(packet),
		Action:        Action(binary.BigEndian.Uint32(packet[8:])),
		TransactionID: binary.BigEndian.Uint32(packet[12:]),
	}
	switch {
	case h.Action == ActionConnect && h.ConnectionID == protocolID:
	case h.Action == ActionAnnounce && len(packet) >= announceSize:
	case h.Action == ActionScrape && len(packet) >= headerSize+hashSize:
	default:
		return Header{}, ErrPacket
	}
	return h, nil
}

// ParseUDPAnnounce reads an announce request whose header ParseHeader has accepted. It may move the
// parts of URLData together inside packet. Errors are ErrPacket or ErrPort.
func ParseUDPAnnounce(packet []byte) (Announce, error) {
	if len(packet) < announceSize {
		return Announce{}, ErrPacket
	}
	a := Announce{
		InfoHash:   torrent.InfoHash(packet[16:36]),
		PeerID:     PeerID(packet[36:56]),
		Downloaded: clampBytes(binary.BigEndian.Uint64(packet[56:])),
		Left:       LeftUnknown,
		Uploaded:   clampBytes(binary.BigEndian.Uint64(packet[72:])),
		Key:        binary.BigEndian.Uint32(packet[88:]),
		NumWant:    NumWantDefault,
		Port:       binary.BigEndian.Uint16(packet[96:]),
		Compact:    true,
	}
	if a.Port == 0 {
		return Announce{}, ErrPort
	}
	if left := binary.BigEndian.Uint64(packet[64:]); left <= math.MaxInt64 {
		a.Left = int64(left)
	}
	// BEP 15 ends with stopped; libtorrent sends the number after it for paused.
	if event := binary.BigEndian.Uint32(packet[80:]); event <= uint32(Paused) {
		a.Event = Event(event)
	}
	// BEP 15: "IP address ... 0 // default", in four bytes even over IPv6.
	if ip := netip.AddrFrom4([4]byte(packet[84:88])); !ip.IsUnspecified() {
		a.IPv4 = netip.AddrPortFrom(ip, a.Port)
	}
	if n := int32(binary.BigEndian.Uint32(packet[92:])); n >= 0 {
		a.NumWant = n
	}
	a.URLData = urlData(packet[announceSize:])
	return a, nil
}

// The options of BEP 41.
const (
	optionEnd     = 0
	optionNOP     = 1
	optionURLData = 2
)

// urlData joins the URLData options in place. What follows a cut-off option is ignored.
func urlData(options []byte) []byte {
	start, end := 0, 0 // of the URL in options; end stays behind i
	for i := 0; i < len(options) && options[i] != optionEnd; {
		if options[i] == optionNOP {
			i++
			continue
		}
		body := i + 2
		if body > len(options) {
			break
		}
		next := body + int(options[i+1])
		if next > len(options) {
			break
		}
		// BEP 41: a URL over 255 bytes is split over several options.
		if options[i] == optionURLData {
			if end == 0 {
				start, end = body, body
			}
			end += copy(options[end:], options[body:next])
		}
		i = next
	}
	return clip(options, start, end)
}

func clip(b []byte, start, end int) []byte {
	if start == end {
		return nil
	}
	return b[start:end:end]
}

// UDPScrapeHashes appends to dst the infohashes of a scrape request whose header ParseHeader has
// accepted, at most MaxScrape of them; an incomplete last one is ignored.
func UDPScrapeHashes(dst []torrent.InfoHash, packet []byte) []torrent.InfoHash {
	if len(packet) < headerSize {
		return dst
	}
	packet = packet[headerSize:]
	for n := 0; len(packet) >= hashSize && n < MaxScrape; n++ {
		dst = append(dst, torrent.InfoHash(packet))
		packet = packet[hashSize:]
	}
	return dst
}
