package swarm

import (
	"net/netip"
	"testing"
)

// TestPriority: the first two are the test vectors of BEP 40; the others say which bytes count.
func TestPriority(t *testing.T) {
	at := netip.MustParseAddrPort
	for _, tt := range []struct {
		a, b string
		want uint32
	}{
		{"123.213.32.10:0", "98.76.54.32:0", 0xec2d7224},
		{"123.213.32.10:0", "123.213.32.234:0", 0x99568189},
	} {
		if got := priority(at(tt.a), at(tt.b)); got != tt.want {
			t.Errorf("%s and %s: got %08x, want %08x", tt.a, tt.b, got, tt.want)
		}
		if got := priority(at(tt.b), at(tt.a)); got != tt.want {
			t.Errorf("%s and %s: got %08x, want %08x", tt.b, tt.a, got, tt.want)
		}
	}
	for _, tt := range []struct {
		name, a, b, other string // of b
		same              bool
	}{
		{"far: bits of aa do not count", "1.2.3.4:1", "5.6.7.0:1", "5.6.7.170:1", true},
		{"same /24: every bit counts", "1.2.3.4:1", "1.2.3.0:1", "1.2.3.170:1", false},
		{"IPv6, far", "[2001:db8:1::1]:1", "[2001:db8:2::]:1", "[2001:db8:2:aa00::]:1", true},
		{"IPv6, same /48", "[2001:db8:1::1]:1", "[2001:db8:1:100::]:1", "[2001:db8:1:ab00::]:1", false},
		{"one address: the ports count", "1.2.3.4:1", "1.2.3.4:2", "1.2.3.4:3", false},
	} {
		if got := priority(at(tt.a), at(tt.b)) == priority(at(tt.a), at(tt.other)); got != tt.same {
			t.Errorf("%s: %s and %s have the same priority for %s: %v, want %v", tt.name, tt.b, tt.other, tt.a, got, tt.same)
		}
	}
}
