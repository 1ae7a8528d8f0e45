package tracker

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"net/netip"
	"strconv"
	"strings"

	"shoal/wire/torrent"
)

// Bounds of HTTP queries.
const (
	// MaxQueryBytes: MaxScrape hashes with every byte escaped take 5.3 KB; an announce under 1 KB.
	MaxQueryBytes = 8 << 10
	// MaxScrape is what fits a UDP scrape request (BEP 15: "Up to about 74 torrents").
	MaxScrape = 74
)

// The faults of a request. Their texts are fit to be sent as failure reason.
var (
	ErrQuery    = errors.New("malformed query")
	ErrInfoHash = errors.New("info_hash must be 20 bytes")
	ErrPeerID   = errors.New("peer_id must be 20 bytes")
	ErrPort     = errors.New("port must be a number from 1 to 65535")
)

// ParseAnnounce reads the query of an announce URL, without "?". Of a repeated parameter the last
// counts; unknown ones are ignored. Only info_hash, peer_id and port have to be there and right;
// other parameters that make no sense count as missing. Errors wrap ErrQuery, ErrInfoHash,
// ErrPeerID or ErrPort.
func ParseAnnounce(rawQuery string) (Announce, error) {
	if len(rawQuery) > MaxQueryBytes {
		return Announce{}, fmt.Errorf("%w: too long", ErrQuery)
	}
	a := Announce{Left: LeftUnknown, NumWant: NumWantDefault, Compact: true}
	var hasHash, hasID bool
	for part := range strings.SplitSeq(rawQuery, "&") {
		key, value, _ := strings.Cut(part, "=")
		var ok bool
		switch key {
		case "info_hash":
			if hasHash = unescape20((*[20]byte)(&a.InfoHash), value); !hasHash {
				return Announce{}, ErrInfoHash
			}
		case "peer_id":
			if hasID = unescape20((*[20]byte)(&a.PeerID), value); !hasID {
				return Announce{}, ErrPeerID
			}
		case "port":
			if a.Port, ok = parsePort(value); !ok {
				return Announce{}, ErrPort
			}
		default:
			a.setOptional(key, value)
		}
	}
	switch {
	case !hasHash:
		return Announce{}, ErrInfoHash
	case !hasID:
		return Announce{}, ErrPeerID
	case a.Port == 0:
		return Announce{}, ErrPort
	}
	a.fillClaimedPorts()
	return a, nil
}

func (a *Announce) setOptional(key, value string) {
	switch key {
	case "uploaded":
		a.Uploaded = parseCounter(value)
	case "downloaded":
		a.Downloaded = parseCounter(value)
	case "left":
		a.Left = parseLeft(value)
	case "event":
		a.Event = parseEvent(value)
	case "numwant":
		a.NumWant = parseNumWant(value)
	case "compact":
		a.Compact = value != "0"
	case "no_peer_id":
		a.NoPeerID = value == "1"
	case "key":
		a.Key = parseKey(value)
	case "ip", "ipv4", "ipv6":
		a.setClaim(value)
	}
}

// setClaim reads an address with or without port; BEP 7 allows both, escaped or not.
func (a *Announce) setClaim(value string) {
	text, ok := unescapeText(value)
	if !ok {
		return
	}
	if ip, err := netip.ParseAddr(text); err == nil {
		a.addClaim(netip.AddrPortFrom(ip, 0))
	} else if addr, err := netip.ParseAddrPort(text); err == nil {
		a.addClaim(addr)
	}
}

// fillClaimedPorts gives the announce's port to claims without one.
func (a *Announce) fillClaimedPorts() {
	for _, claim := range []*netip.AddrPort{&a.IPv4, &a.IPv6} {
		if claim.IsValid() && claim.Port() == 0 {
			*claim = netip.AddrPortFrom(claim.Addr(), a.Port)
		}
	}
}

// ParseScrape appends to dst the infohashes of the query of a scrape URL, without "?", and returns
// it. Hashes after the first MaxScrape are ignored. No hash at all is no error: it asks for all
// torrents. Errors wrap ErrQuery or ErrInfoHash.
func ParseScrape(dst []torrent.InfoHash, rawQuery string) ([]torrent.InfoHash, error) {
	if len(rawQuery) > MaxQueryBytes {
		return dst, fmt.Errorf("%w: too long", ErrQuery)
	}
	n := 0
	for part := range strings.SplitSeq(rawQuery, "&") {
		key, value, _ := strings.Cut(part, "=")
		if key != "info_hash" || n == MaxScrape {
			continue
		}
		var h torrent.InfoHash
		if !unescape20((*[20]byte)(&h), value) {
			return dst, ErrInfoHash
		}
		dst = append(dst, h)
		n++
	}
	return dst, nil
}

// unescape20 decodes a value that must come to exactly 20 bytes. "+" is a space, as in forms; no
// client leaves the byte itself unescaped.
func unescape20(dst *[20]byte, s string) bool {
	n := 0
	for i := 0; i < len(s); i++ {
		if n == len(dst) {
			return false
		}
		switch s[i] {
		case '%':
			if i+2 >= len(s) {
				return false
			}
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi > 15 || lo > 15 {
				return false
			}
			dst[n] = hi<<4 | lo
			i += 2
		case '+':
			dst[n] = ' '
		default:
			dst[n] = s[i]
		}
		n++
	}
	return n == len(dst)
}

// maxClaimBytes is longer than any escaped address and port.
const maxClaimBytes = 160

// unescapeText decodes an address; it allocates only if something is escaped.
func unescapeText(s string) (string, bool) {
	if len(s) > maxClaimBytes {
		return "", false
	}
	if strings.IndexByte(s, '%') < 0 {
		return s, true
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b = append(b, s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		hi, lo := unhex(s[i+1]), unhex(s[i+2])
		if hi > 15 || lo > 15 {
			return "", false
		}
		b = append(b, hi<<4|lo)
		i += 2
	}
	return string(b), true
}

// unhex returns the value of a hexadecimal digit, or more than 15.
func unhex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 0xff
}

func parsePort(s string) (uint16, bool) {
	n, err := strconv.ParseUint(s, 10, 16)
	return uint16(n), err == nil && n > 0
}

// parseCounter: an overflow is the largest int64, any other fault 0.
func parseCounter(s string) int64 {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0
	}
	return clampBytes(n)
}

func parseLeft(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return LeftUnknown
	}
	return n
}

func parseNumWant(s string) int32 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return NumWantDefault
	}
	return int32(min(n, math.MaxInt32))
}

// parseKey: most clients send 32 bits in hexadecimal, the same number that they send by UDP; of
// others a hash is as good.
func parseKey(s string) uint32 {
	if n, err := strconv.ParseUint(s, 16, 32); err == nil {
		return uint32(n)
	}
	h := fnv.New32a()
	h.Write([]byte(s))
	return h.Sum32()
}
