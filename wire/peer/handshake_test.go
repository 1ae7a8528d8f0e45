package peer

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

// goldenHandshake has the bits of BEP 5, 6, 10 and 52 set, each at the place its BEP gives.
const goldenHandshake = "13426974546f7272656e742070726f746f636f6c" +
	"0000000000100015" +
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" +
	"2d534c303030312d303132333435363738394142"

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestHandshakeGolden(t *testing.T) {
	wire := unhex(t, goldenHandshake)
	got, err := ParseHandshake(wire)
	if err != nil {
		t.Fatal(err)
	}
	want := Handshake{Reserved: ReservedDHT | ReservedFast | ReservedV2 | ReservedExtensions}
	copy(want.InfoHash[:], bytes.Repeat([]byte{0xaa}, 20))
	copy(want.PeerID[:], "-SL0001-0123456789AB")
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if b := AppendHandshake([]byte("x"), got); !bytes.Equal(b[1:], wire) {
		t.Errorf("got %x, want %x", b[1:], wire)
	}
	// BEP 10: reserved[5] & 0x10; BEP 6: reserved[7] & 0x04.
	reserved := wire[20:28]
	if reserved[5] != 0x10 || reserved[7]&0x04 == 0 || !got.Reserved.Has(ReservedFast|ReservedExtensions) {
		t.Errorf("reserved bytes %x are not where BEP 6 and BEP 10 put them", reserved)
	}
}

func TestHandshakeRefused(t *testing.T) {
	wire := unhex(t, goldenHandshake)
	if _, err := ParseHandshake(wire[:67]); !errors.Is(err, ErrMalformed) {
		t.Errorf("short: got %v", err)
	}
	wire[19] = 'L'
	if _, err := ParseHandshake(wire); !errors.Is(err, ErrNotBitTorrent) {
		t.Errorf("other protocol: got %v", err)
	}
}

func TestClientNames(t *testing.T) {
	for _, c := range []struct{ id, name, version string }{
		{"-SL0001-0123456789AB", "Shoal", "0.0.0.1"},
		{"-qB5200-0123456789AB", "qBittorrent", "5.2.0.0"},
		{"-LT20E0-0123456789AB", "libtorrent", "2.0.14.0"},
		{"-lt0G20-0123456789AB", "rTorrent", "0.16.2.0"},
		{"-TR413z-0123456789AB", "Transmission", "4.1.3.61"},
		{"-ZZ1234-0123456789AB", UnknownClient, "1.2.3.4"},
		{"-\n 1234-0123456789AB", UnknownClient, ""},
		{"M4-3-6--0123456789AB", "BitTorrent", "4.3.6"},
		{"M4-20-8-0123456789AB", "BitTorrent", "4.20.8"},
		{"Q1-10-0-0123456789AB", "Queen Bee", "1.10.0"},
		{"A2-1-37-0-0123456789", "aria2", "1.37.0"},
		{"-ML2.7.2-kgjjfkd0000", "MLDonkey", ""},
		{"XBT054d-0123456789AB", "XBT Client", ""},
		{"exbc\x00\x380123456789ABCD", "BitComet", ""},
		{"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", UnknownClient, ""},
	} {
		id := PeerID([]byte(c.id))
		if got := ClientName(id); got != c.name {
			t.Errorf("ClientName(%s) = %q, want %q", id, got, c.name)
		}
		if got := ClientVersion(id); got != c.version {
			t.Errorf("ClientVersion(%s) = %q, want %q", id, got, c.version)
		}
	}
}

func TestNewPeerID(t *testing.T) {
	a, b := NewPeerID([4]byte([]byte("0012"))), NewPeerID([4]byte([]byte("0012")))
	if a == b {
		t.Errorf("two ids are equal: %s", a)
	}
	if got := a.String(); len(got) != 20 || !strings.HasPrefix(got, "-SL0012-") {
		t.Errorf("got id %q", got)
	}
	if ClientName(a) != "Shoal" || ClientVersion(a) != "0.0.1.2" {
		t.Errorf("own id reads as %s %s", ClientName(a), ClientVersion(a))
	}
	if got := (PeerID{0: '\n', 1: 0xff}).String(); got[:6] != `\n\xff` {
		t.Errorf("unescaped: %q", got)
	}
}
