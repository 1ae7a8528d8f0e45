package peer

import (
	"bytes"
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

// payloadOf checks that frame is one extended message with this extension id, and returns its payload.
func payloadOf(t testing.TB, frame []byte, id ExtensionID) []byte {
	t.Helper()
	reader := NewReader(bytes.NewReader(frame), nil, ReaderOptions{})
	m, err := reader.Read()
	if err != nil {
		t.Fatal(err)
	}
	if m.ID != MsgExtended || m.Extension != id || reader.end != reader.start {
		t.Fatalf("not one extended message %d: %+v", id, m)
	}
	return m.Payload
}

func TestExtendedHandshakeGolden(t *testing.T) {
	full := ExtendedHandshake{
		Extensions:   Extensions{DontHave: 7, HolePunch: 4, Metadata: 3, PEX: 1},
		Client:       "Shoal 1.0",
		Port:         6881,
		RequestQueue: 512,
		MetadataSize: 31235,
		UploadOnly:   true,
		Encrypt:      true,
		YourIP:       netip.MustParseAddr("1.2.3.4"),
		IPv4:         netip.MustParseAddr("5.6.7.8"),
		IPv6:         netip.MustParseAddr("2001:db8::1"),
	}
	for _, c := range []struct {
		name string
		h    ExtendedHandshake
		want string
	}{
		{"empty", ExtendedHandshake{}, "d1:mdee"},
		{
			// The example of BEP 9.
			"metadata",
			ExtendedHandshake{Extensions: Extensions{Metadata: 3}, MetadataSize: 31235},
			"d1:md11:ut_metadatai3ee13:metadata_sizei31235ee",
		},
		{
			"full", full,
			"d1:ei1e4:ipv44:\x05\x06\x07\x084:ipv616:\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" +
				"1:md11:lt_donthavei7e12:ut_holepunchi4e11:ut_metadatai3e6:ut_pexi1ee" +
				"13:metadata_sizei31235e1:pi6881e4:reqqi512e11:upload_onlyi1e1:v9:Shoal 1.06:yourip4:\x01\x02\x03\x04e",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			payload := payloadOf(t, AppendExtendedHandshake(nil, c.h), ExtendedHandshakeID)
			if string(payload) != c.want {
				t.Errorf("got %q, want %q", payload, c.want)
			}
			var got ExtendedHandshake
			if err := got.Update(payload); err != nil {
				t.Fatal(err)
			}
			if got != c.h {
				t.Errorf("read back %+v, want %+v", got, c.h)
			}
		})
	}
}

func TestExtendedHandshakeUpdate(t *testing.T) {
	known := ExtendedHandshake{Extensions: Extensions{Metadata: 1, PEX: 2}, Port: 6881, RequestQueue: 250}
	for _, c := range []struct {
		name, payload string
		from, want    ExtendedHandshake
	}{
		{
			"BEP 10 example", "d1:md11:LT_metadatai1e6:ut_pexi2ee1:pi6881e1:v13:\xc2\xb5Torrent 1.2e",
			ExtendedHandshake{},
			ExtendedHandshake{Extensions: Extensions{PEX: 2}, Port: 6881, Client: "µTorrent 1.2"},
		},
		{"additive", "d1:md11:lt_donthavei7eee", known, ExtendedHandshake{
			Extensions: Extensions{DontHave: 7, Metadata: 1, PEX: 2}, Port: 6881, RequestQueue: 250,
		}},
		{"disabled", "d1:md6:ut_pexi0eee", known, ExtendedHandshake{
			Extensions: Extensions{Metadata: 1}, Port: 6881, RequestQueue: 250,
		}},
		{"unsorted", "d1:pi1e4:reqqi2e1:md6:ut_pexi3eee", ExtendedHandshake{}, ExtendedHandshake{
			Extensions: Extensions{PEX: 3}, Port: 1, RequestQueue: 2,
		}},
		{"unknown keys", "d5:abcdeld1:xi1eee3:zzz0:e", known, known},
		{"bytes after it", "de\r\n", known, known},
		{"numbers out of range", "d1:md6:ut_pexi256e11:ut_metadatai-1ee1:pi65536e4:reqqi-1e13:metadata_sizei4294967296ee", known, known},
		{"wrong types", "d1:mle1:p4:68814:reqqle1:vi1e11:upload_only1:16:youripi1ee", known, known},
		{"addresses of wrong length", "d4:ipv416:0123456789abcdef4:ipv64:01236:yourip5:01234e", known, known},
		{"text for a log", "d1:v6:a\n\x1b\xffbce", ExtendedHandshake{}, ExtendedHandshake{Client: "abc"}},
		{"long text", "d1:v200:" + strings.Repeat("x", 200) + "e", ExtendedHandshake{}, ExtendedHandshake{
			Client: strings.Repeat("x", MaxClientVersion),
		}},
		{
			"mapped address", "d6:yourip16:\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x01\x02\x03\x04e",
			ExtendedHandshake{},
			ExtendedHandshake{YourIP: netip.MustParseAddr("1.2.3.4")},
		},
		{"back to downloading", "d11:upload_onlyi0ee", ExtendedHandshake{UploadOnly: true}, ExtendedHandshake{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.from
			if err := got.Update([]byte(c.payload)); err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestExtendedHandshakeRefused(t *testing.T) {
	for _, payload := range []string{
		"", "le", "i1e", "d1:pi6881e", "d1:p", "d1:pi6881e4:reqqi0250ee",
		strings.Repeat("d1:m", 100) + strings.Repeat("e", 100),
		"d1:ml" + strings.Repeat("i1e", 1000) + "ee",
	} {
		got := ExtendedHandshake{Port: 1}
		if err := got.Update([]byte(payload)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%.20q: got error %v", payload, err)
		}
		if got != (ExtendedHandshake{Port: 1}) {
			t.Errorf("%.20q: changed to %+v", payload, got)
		}
	}
}

func TestMetadataGolden(t *testing.T) {
	for _, c := range []struct {
		name, payload string
		want          Metadata
	}{
		// The examples of BEP 9.
		{"request", "d8:msg_typei0e5:piecei0ee", Metadata{Type: MetadataRequest}},
		{"data", "d8:msg_typei1e5:piecei0e10:total_sizei34256eexxxxxxxx", Metadata{
			Type: MetadataData, TotalSize: 34256, Data: []byte("xxxxxxxx"),
		}},
		{"reject", "d8:msg_typei2e5:piecei5ee", Metadata{Type: MetadataReject, Piece: 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			payload := payloadOf(t, AppendMetadata(nil, 3, c.want), 3)
			if string(payload) != c.payload {
				t.Errorf("got %q, want %q", payload, c.payload)
			}
			got, err := ParseMetadata([]byte(c.payload))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestParseMetadata(t *testing.T) {
	for _, c := range []struct {
		name, payload string
		ok            bool
	}{
		{"more keys", "d3:abci1e8:msg_typei0e5:piecei0e4:userlee", true},
		{"type from the future", "d8:msg_typei9ee", true},
		{"last piece number", "d8:msg_typei0e5:piecei4294967295ee", true},
		{"whole piece", "d8:msg_typei1e5:piecei0e10:total_sizei16384ee" + strings.Repeat("x", MetadataPiece), true},
		{"too long a piece", "d8:msg_typei1e5:piecei0e10:total_sizei16385ee" + strings.Repeat("x", MetadataPiece+1), false},
		{"no type", "d5:piecei0ee", false},
		{"no piece", "d8:msg_typei0ee", false},
		{"negative piece", "d8:msg_typei0e5:piecei-1ee", false},
		{"huge piece", "d8:msg_typei0e5:piecei4294967296ee", false},
		{"no total size", "d8:msg_typei1e5:piecei0ee", false},
		{"negative total size", "d8:msg_typei1e5:piecei0e10:total_sizei-1ee", false},
		{"no dictionary", "i0e", false},
		{"nothing", "", false},
	} {
		_, err := ParseMetadata([]byte(c.payload))
		if (err == nil) != c.ok || (err != nil && !errors.Is(err, ErrMalformed)) {
			t.Errorf("%s: got error %v", c.name, err)
		}
	}
}

func TestPEXGolden(t *testing.T) {
	addr := netip.MustParseAddrPort
	p := PEX{
		Added: []PEXPeer{
			{addr("1.2.3.4:6881"), PEXSeed | PEXReachable},
			{addr("[::ffff:5.6.7.8]:1"), 0},
			{addr("[2001:db8::1]:51413"), PEXUTP},
			{},
		},
		Dropped: []netip.AddrPort{addr("[2001:db8::2]:2"), addr("9.9.9.9:9"), {}},
	}
	want := "d5:added12:\x01\x02\x03\x04\x1a\xe1\x05\x06\x07\x08\x00\x01" + "7:added.f2:\x12\x00" +
		"6:added618:\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\xc8\xd5" + "8:added6.f1:\x04" +
		"7:dropped6:\x09\x09\x09\x09\x00\x09" +
		"8:dropped618:\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x02e"
	payload := payloadOf(t, AppendPEX(nil, 1, p), 1)
	if string(payload) != want {
		t.Errorf("got %q, want %q", payload, want)
	}
	got, err := ParsePEX(payload)
	if err != nil {
		t.Fatal(err)
	}
	back := PEX{
		Added:   []PEXPeer{p.Added[0], {Addr: addr("5.6.7.8:1")}, p.Added[2]},
		Dropped: []netip.AddrPort{p.Dropped[1], p.Dropped[0]},
	}
	if !reflect.DeepEqual(got, back) {
		t.Errorf("read back %+v, want %+v", got, back)
	}
}

func TestParsePEX(t *testing.T) {
	one := []PEXPeer{{Addr: netip.MustParseAddrPort("1.2.3.4:6881")}}
	for _, c := range []struct {
		name, payload string
		added         []PEXPeer
	}{
		{"no flags", "d5:added6:\x01\x02\x03\x04\x1a\xe1e", one},
		{"cut entry", "d5:added8:\x01\x02\x03\x04\x1a\xe1\x05\x06e", one},
		{"port 0", "d5:added12:\x01\x02\x03\x04\x00\x00\x01\x02\x03\x04\x1a\xe17:added.f2:\x02\x00e", one},
		{"wrong types", "d5:addedle7:droppedi1ee", nil},
		{"empty", "de", nil},
	} {
		got, err := ParsePEX([]byte(c.payload))
		if err != nil || !reflect.DeepEqual(got.Added, c.added) || got.Dropped != nil {
			t.Errorf("%s: got %+v, %v", c.name, got, err)
		}
	}
	if _, err := ParsePEX([]byte("le")); !errors.Is(err, ErrMalformed) {
		t.Errorf("list: got %v", err)
	}
	flood := "d5:added6000:" + strings.Repeat("\x01\x02\x03\x04\x1a\xe1", 1000) +
		"7:dropped6000:" + strings.Repeat("\x01\x02\x03\x04\x1a\xe1", 1000) + "e"
	got, err := ParsePEX([]byte(flood))
	if err != nil || len(got.Added) != MaxPEXPeers || len(got.Dropped) != MaxPEXPeers {
		t.Errorf("flood: %d added, %d dropped, %v", len(got.Added), len(got.Dropped), err)
	}
}

func TestDontHave(t *testing.T) {
	if piece, err := ParseDontHave(payloadOf(t, AppendDontHave(nil, 7, 9), 7)); piece != 9 || err != nil {
		t.Errorf("got %d, %v", piece, err)
	}
	for _, n := range []int{0, 3, 5} {
		if _, err := ParseDontHave(make([]byte, n)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%d bytes: got %v", n, err)
		}
	}
}

func TestHolePunchGolden(t *testing.T) {
	ipv6 := "20010db8000000000000000000000001"
	for _, c := range []struct {
		name, wire string // wire as in the table of BEP 55
		want       HolePunch
	}{
		{"rendezvous", "00 00 01020304 1ae1 00000000", HolePunch{Addr: netip.MustParseAddrPort("1.2.3.4:6881")}},
		{"connect", "01 01 " + ipv6 + "1ae1 00000000", HolePunch{
			Type: HolePunchConnect, Addr: netip.MustParseAddrPort("[2001:db8::1]:6881"),
		}},
		{"error", "02 00 01020304 1ae1 00000002", HolePunch{
			Type: HolePunchFailed, Addr: netip.MustParseAddrPort("1.2.3.4:6881"), Code: NotConnected,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			payload := payloadOf(t, AppendHolePunch(nil, 4, c.want), 4)
			if want := unhex(t, c.wire); !bytes.Equal(payload, want) {
				t.Errorf("got %x, want %x", payload, want)
			}
			got, err := ParseHolePunch(payload)
			if err != nil || got != c.want {
				t.Errorf("read back %+v, %v; want %+v", got, err, c.want)
			}
			got, err = ParseHolePunch(payload[:len(payload)-4])
			if c.want.Type == HolePunchFailed {
				if !errors.Is(err, ErrMalformed) {
					t.Errorf("failure without a code: got %v", err)
				}
			} else if err != nil || got != c.want {
				t.Errorf("without a code: %+v, %v", got, err)
			}
		})
	}
}

func TestParseHolePunchRefused(t *testing.T) {
	for _, wire := range []string{
		"", "00", "00 02 01020304 1ae1 00000000", "03 00 01020304 1ae1 00000000",
		"00 00 01020304 1ae1 000000", "00 00 01020304 1a", "00 01 01020304 1ae1 00000000",
	} {
		if _, err := ParseHolePunch(unhex(t, wire)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %v", wire, err)
		}
	}
}
