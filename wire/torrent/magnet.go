package torrent

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Bounds of a magnet link, all far above what links in use have.
const (
	maxMagnetBytes = 16 << 10
	maxMagnetItems = 64 // trackers, peers and web seeds, each
)

const (
	magnetPrefix = "magnet:?"
	urnBTIH      = "urn:btih:"
	// urnBTMH is followed by a multihash: BEP 52 uses SHA-256 (0x12) of 32 (0x20) bytes.
	urnBTMH = "urn:btmh:1220"
)

// ErrMagnet: a text is not a magnet link of a torrent.
var ErrMagnet = errors.New("malformed magnet link")

// Magnet is a magnet link (BEP 9, BEP 52). Zero fields are left out.
type Magnet struct {
	InfoHash   InfoHash
	InfoHashV2 InfoHashV2
	Name       string
	Length     int64            // bytes
	Trackers   []string         // URLs
	WebSeeds   []string         // URLs
	Peers      []netip.AddrPort // BEP 9: x.pe; host names are dropped when parsing
}

// String returns the link, its parameters in a fixed order.
func (m *Magnet) String() string {
	var b strings.Builder
	b.WriteString(magnetPrefix)
	put := func(key, escaped string) {
		if b.Len() > len(magnetPrefix) {
			b.WriteByte('&')
		}
		b.WriteString(key + "=" + escaped)
	}
	if !m.InfoHash.IsZero() {
		put("xt", urnBTIH+m.InfoHash.String())
	}
	if !m.InfoHashV2.IsZero() {
		put("xt", urnBTMH+m.InfoHashV2.String())
	}
	if m.Name != "" {
		put("dn", escape(m.Name))
	}
	if m.Length > 0 {
		put("xl", strconv.FormatInt(m.Length, 10))
	}
	for _, u := range m.Trackers {
		put("tr", escape(u))
	}
	for _, u := range m.WebSeeds {
		put("ws", escape(u))
	}
	for _, p := range m.Peers {
		put("x.pe", escape(p.String()))
	}
	return b.String()
}

// escape is url.QueryEscape with %20 for a space: many clients show "+" as it is.
func escape(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

// ParseMagnet reads a link that has at least one infohash. Parameters it does not know and peers
// that are not an address and port are ignored. Errors wrap ErrMagnet.
func ParseMagnet(s string) (Magnet, error) {
	var m Magnet
	if len(s) > maxMagnetBytes {
		return m, fmt.Errorf("%w: %d bytes", ErrMagnet, len(s))
	}
	if len(s) < len(magnetPrefix) || !strings.EqualFold(s[:len(magnetPrefix)], magnetPrefix) {
		return m, fmt.Errorf("%w: no %q", ErrMagnet, magnetPrefix)
	}
	for part := range strings.SplitSeq(s[len(magnetPrefix):], "&") {
		key, value, _ := strings.Cut(part, "=")
		value, err := url.QueryUnescape(value)
		if err != nil {
			return Magnet{}, fmt.Errorf("%w: %w", ErrMagnet, err)
		}
		if err := m.set(key, value); err != nil {
			return Magnet{}, fmt.Errorf("%w: %w", ErrMagnet, err)
		}
	}
	if m.InfoHash.IsZero() && m.InfoHashV2.IsZero() {
		return Magnet{}, fmt.Errorf("%w: no infohash", ErrMagnet)
	}
	return m, nil
}

func (m *Magnet) set(key, value string) (err error) {
	// Several of one kind may be numbered: "tr.1", "tr.2".
	if base, n, ok := strings.Cut(key, "."); ok && key != "x.pe" {
		if _, err := strconv.ParseUint(n, 10, 16); err == nil {
			key = base
		}
	}
	switch key {
	case "xt":
		if hash, ok := strings.CutPrefix(value, urnBTIH); ok {
			m.InfoHash, err = ParseInfoHash(hash)
		} else if hash, ok := strings.CutPrefix(value, urnBTMH); ok {
			m.InfoHashV2, err = ParseInfoHashV2(hash)
		}
	case "dn":
		m.Name = strings.ToValidUTF8(value, "_")
	case "xl":
		if n, err := strconv.ParseInt(value, 10, 64); err == nil && n > 0 {
			m.Length = n
		}
	case "tr":
		m.Trackers, err = addBounded(m.Trackers, value)
	case "ws":
		m.WebSeeds, err = addBounded(m.WebSeeds, value)
	case "x.pe":
		if p, parseErr := netip.ParseAddrPort(value); parseErr == nil {
			m.Peers, err = addBounded(m.Peers, p)
		}
	}
	return err
}

func addBounded[T any](list []T, item T) ([]T, error) {
	if len(list) >= maxMagnetItems {
		return nil, fmt.Errorf("more than %d of one parameter", maxMagnetItems)
	}
	return append(list, item), nil
}
