package krpc

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"testing"
)

func parseID(t testing.TB, text string) (id ID) {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(id) {
		t.Fatalf("id %q: %d bytes, %v", text, len(b), err)
	}
	return ID(b)
}

// TestSecureID: the examples of BEP 42.
func TestSecureID(t *testing.T) {
	for addr, text := range map[string]string{
		"124.31.75.21": "5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401",
		"21.75.31.124": "5a3ce9c14e7a08645677bbd1cfe7d8f956d53256",
		"65.23.51.170": "a5d43220bc8f112a3d426c84764f8c2a1150e616",
		"84.124.73.14": "1b0321dd1bb1fe518101ceef99462b947a01ff41",
		"43.213.53.83": "e56f6cbf5b7c4be0237986d5243b87aa6d51305a",
	} {
		id, a := parseID(t, text), netip.MustParseAddr(addr)
		if got := id.Secured(a); got != id {
			t.Errorf("%v at %s: secured it is %v, want itself", id, addr, got)
		}
		other := id
		other[0] ^= 0x80
		if other.SecureAt(a) || !other.Secured(a).SecureAt(a) {
			t.Errorf("%v at %s: secure %v, secured %v", other, addr, other.SecureAt(a), other.Secured(a).SecureAt(a))
		}
		if !other.SecureAt(netip.MustParseAddr("192.168.1.2")) {
			t.Errorf("%v is not secure in a local network", other)
		}
	}
}

func TestSecureIPv6(t *testing.T) {
	a, sameSite, other := netip.MustParseAddr("2001:db8:1:2::3"), netip.MustParseAddr("2001:db8:1:2::4"), netip.MustParseAddr("2401:db8::3")
	id := parseID(t, "0123456789abcdef0123456789abcdef01234567").Secured(a)
	if !id.SecureAt(a) || !id.SecureAt(sameSite) || id.SecureAt(other) {
		t.Errorf("secure at %v %v, at %v %v, at %v %v", a, id.SecureAt(a), sameSite, id.SecureAt(sameSite), other, id.SecureAt(other))
	}
}

func TestCloser(t *testing.T) {
	target := parseID(t, "8000000000000000000000000000000000000000")
	list := []ID{{0x00}, {0x81}, {0x80}, {0xc0}}
	slices.SortFunc(list, target.Closer)
	if want := []ID{{0x80}, {0x81}, {0xc0}, {0x00}}; !slices.Equal(list, want) {
		t.Errorf("sorted by distance %v, want %v", list, want)
	}
}
