package peer

import (
	"fmt"
	"net/netip"
	"strings"
	"unicode"

	"shoal/wire/bencode"
)

// ExtensionID is the number by which one side wants to be sent one extension (BEP 10). 0 is the
// extended handshake itself; as an entry of the m dictionary 0 means "not supported".
type ExtensionID uint8

// ExtendedHandshakeID is the extension id of the extended handshake.
const ExtendedHandshakeID ExtensionID = 0

// MaxClientVersion is the most bytes of a peer's client name that are kept: it is for people.
const MaxClientVersion = 64

// Extensions is the m dictionary of one side, as far as this package speaks it.
type Extensions struct {
	DontHave  ExtensionID // lt_donthave, BEP 54
	HolePunch ExtensionID // ut_holepunch, BEP 55
	Metadata  ExtensionID // ut_metadata, BEP 9
	PEX       ExtensionID // ut_pex, BEP 11
}

// The names in the m dictionary.
const (
	nameDontHave  = "lt_donthave"
	nameHolePunch = "ut_holepunch"
	nameMetadata  = "ut_metadata"
	namePEX       = "ut_pex"
)

// ExtendedHandshake is what one side has said about itself in BEP 10 handshakes. A zero field was
// not said.
type ExtendedHandshake struct {
	Extensions   Extensions
	Client       string     // v: name and version
	Port         uint16     // p: TCP port that the sender listens on
	RequestQueue uint32     // reqq: requests that the sender keeps without dropping any
	MetadataSize int64      // metadata_size: bytes of the info dictionary, BEP 9
	UploadOnly   bool       // upload_only: BEP 21
	Encrypt      bool       // e: prefers encrypted connections
	YourIP       netip.Addr // yourip: the receiver's address as the sender sees it
	IPv4, IPv6   netip.Addr // the sender's own addresses; claims, not proven
}

// AppendExtendedHandshake appends an extended handshake with the fields of h that are not zero.
func AppendExtendedHandshake(dst []byte, h ExtendedHandshake) []byte {
	return appendExtended(dst, ExtendedHandshakeID, func(dst []byte) []byte {
		d := bencode.NewDict(dst)
		if h.Encrypt {
			d.Int("e", 1)
		}
		if h.IPv4.Is4() {
			d.Bytes("ipv4", h.IPv4.AsSlice())
		}
		if h.IPv6.Is6() {
			d.Bytes("ipv6", h.IPv6.AsSlice())
		}
		d.Value("m", h.Extensions.append)
		if h.MetadataSize > 0 {
			d.Int("metadata_size", h.MetadataSize)
		}
		if h.Port != 0 {
			d.Int("p", int64(h.Port))
		}
		if h.RequestQueue != 0 {
			d.Int("reqq", int64(h.RequestQueue))
		}
		if h.UploadOnly {
			d.Int("upload_only", 1)
		}
		if h.Client != "" {
			d.String("v", h.Client)
		}
		if h.YourIP.IsValid() {
			d.Bytes("yourip", h.YourIP.Unmap().AsSlice())
		}
		return d.End()
	})
}

// append appends the m dictionary.
func (e Extensions) append(dst []byte) []byte {
	d := bencode.NewDict(dst)
	for _, entry := range []struct {
		name string
		id   ExtensionID
	}{
		{nameDontHave, e.DontHave},
		{nameHolePunch, e.HolePunch},
		{nameMetadata, e.Metadata},
		{namePEX, e.PEX},
	} {
		if entry.id != 0 {
			d.Int(entry.name, int64(entry.id))
		}
	}
	return d.End()
}

// Update takes over what the payload of an extended handshake says. Unknown keys, and known keys
// with a value out of their range, are ignored; what is not mentioned stays as it was, because
// BEP 10 makes later handshakes additive. On an error nothing has changed.
func (h *ExtendedHandshake) Update(payload []byte) error {
	dict, err := parseDict(payload, "extended handshake")
	if err != nil {
		return err
	}
	for key, value := range dict.Entries() {
		switch string(key) {
		case "m":
			h.Extensions.update(value)
		case "v":
			if b, ok := value.Bytes(); ok {
				h.Client = printable(b)
			}
		case "p":
			updateNumber(&h.Port, value, 1<<16-1)
		case "reqq":
			updateNumber(&h.RequestQueue, value, 1<<31-1)
		case "metadata_size":
			updateNumber(&h.MetadataSize, value, 1<<31-1)
		case "upload_only":
			updateFlag(&h.UploadOnly, value)
		case "e":
			updateFlag(&h.Encrypt, value)
		case "yourip":
			updateAddr(&h.YourIP, value, netip.Addr.IsValid)
		case "ipv4":
			updateAddr(&h.IPv4, value, netip.Addr.Is4)
		case "ipv6":
			updateAddr(&h.IPv6, value, netip.Addr.Is6)
		}
	}
	return nil
}

// update takes over the entries of an m dictionary.
func (e *Extensions) update(m bencode.Value) {
	for name, value := range m.Entries() {
		switch string(name) {
		case nameDontHave:
			updateNumber(&e.DontHave, value, 255)
		case nameHolePunch:
			updateNumber(&e.HolePunch, value, 255)
		case nameMetadata:
			updateNumber(&e.Metadata, value, 255)
		case namePEX:
			updateNumber(&e.PEX, value, 255)
		}
	}
}

// updateNumber sets *field to an integer between 0 and limit, which fits the field.
func updateNumber[T ExtensionID | uint16 | uint32 | int64](field *T, value bencode.Value, limit int64) {
	if n, ok := value.Int(); ok && n >= 0 && n <= limit {
		*field = T(n)
	}
}

func updateFlag(field *bool, value bencode.Value) {
	if n, ok := value.Int(); ok {
		*field = n != 0
	}
}

// updateAddr sets *field to a compact address, 4 or 16 bytes, of the family that fits.
func updateAddr(field *netip.Addr, value bencode.Value, fits func(netip.Addr) bool) {
	b, _ := value.Bytes()
	if addr, ok := netip.AddrFromSlice(b); ok && fits(addr.Unmap()) {
		*field = addr.Unmap()
	}
}

// printable cuts a peer's text to MaxClientVersion bytes and drops what a log must not show.
func printable(b []byte) string {
	text := strings.ToValidUTF8(string(b[:min(len(b), MaxClientVersion)]), "")
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
}

// parseDict reads the payload of an extension message that is one dictionary; what follows it is
// ignored.
func parseDict(payload []byte, what string) (bencode.Value, error) {
	value, _, err := bencode.ParsePrefix(payload, bencode.Options{})
	if err != nil {
		return value, fmt.Errorf("%w: %s: %w", ErrMalformed, what, err)
	}
	if value.Kind() != bencode.Dict {
		return value, malformed("%s is not a dictionary", what)
	}
	return value, nil
}
