package torrent

import (
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMagnet(t *testing.T) {
	h, err := ParseInfoHash("e0784de831beb4db8a8614951fdd13780948a7a0")
	if err != nil {
		t.Fatal(err)
	}
	h2, err := ParseInfoHashV2("b8fd4c23a546040a9740a5881b006497a7bed2211f45e667ebc8ea03b7c7b5f9")
	if err != nil {
		t.Fatal(err)
	}
	m := Magnet{
		InfoHash: h, InfoHashV2: h2, Name: "a b&c+ü", Length: 5,
		Trackers: []string{"http://t.test:6969/announce", "udp://t.test:6969"},
		WebSeeds: []string{"http://s.test/b/a%20b"},
		Peers:    []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:6881"), netip.MustParseAddrPort("[2001:db8::1]:6881")},
	}
	want := "magnet:?xt=urn:btih:e0784de831beb4db8a8614951fdd13780948a7a0" +
		"&xt=urn:btmh:1220b8fd4c23a546040a9740a5881b006497a7bed2211f45e667ebc8ea03b7c7b5f9" +
		"&dn=a%20b%26c%2B%C3%BC&xl=5&tr=http%3A%2F%2Ft.test%3A6969%2Fannounce&tr=udp%3A%2F%2Ft.test%3A6969" +
		"&ws=http%3A%2F%2Fs.test%2Fb%2Fa%2520b&x.pe=192.0.2.1%3A6881&x.pe=%5B2001%3Adb8%3A%3A1%5D%3A6881"
	if got := m.String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, err := ParseMagnet(want); err != nil || !reflect.DeepEqual(got, m) {
		t.Errorf("got %+v, %v, want %+v", got, err, m)
	}
}

func TestParseMagnetVariants(t *testing.T) {
	hash := "e0784de831beb4db8a8614951fdd13780948a7a0"
	got, err := ParseMagnet("MAGNET:?xt.1=urn:btih:4B4E32BRX22NXCUGCSKR7XITPAEURJ5A&tr.2=http://a&x.pe=example.test:1&foo&so=0")
	if err != nil || got.InfoHash.String() != hash || len(got.Trackers) != 1 || len(got.Peers) != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, in := range []string{
		"", "magnet:", "magnet:?", "http://x", "magnet:?dn=x", "magnet:?xt=urn:btih:12",
		"magnet:?xt=urn:btih:" + strings.Repeat("z", 40), "magnet:?xt=urn:btmh:1220aa", "magnet:?xt=urn:btih:" + hash + "&dn=%zz",
		"magnet:?xt=urn:btih:" + hash + strings.Repeat("&tr=a", 65), "magnet:?xt=urn:btih:" + hash + strings.Repeat("a", 1<<15),
	} {
		if _, err := ParseMagnet(in); !errors.Is(err, ErrMagnet) {
			t.Errorf("ParseMagnet(%.60q): got error %v", in, err)
		}
	}
}

func TestTruncate(t *testing.T) {
	h := HashInfoV2([]byte("de"))
	if got, want := h.Truncate().String(), h.String()[:40]; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNameFromKey(t *testing.T) {
	long := strings.Repeat("ü", 200)
	for _, tc := range []struct{ key, want string }{
		{"Nelson", "Nelson"},
		{"a/b", "b"},
		{"a/b/", "b"},
		{"a/b///", "b"},
		{"a//b c.txt", "b c.txt"},
		{"", "object"},
		{"/", "object"},
		{"//", "object"},
		{".", "object"},
		{"a/..", "object"},
		{"a/../", "object"},
		{"...", "..."},
		{`a\..\b`, "a_.._b"},
		{"a\x00b\n\x7f", "a_b__"},
		{"\u0085", "_"},
		{"x\xff\xfey", "x_y"},
		{"日本/語.bin", "語.bin"},
		{strings.Repeat("a", 300), strings.Repeat("a", 255)},
		{strings.Repeat("a", 300) + ".tar", strings.Repeat("a", 251) + ".tar"},
		{long + ".iso", strings.Repeat("ü", 125) + ".iso"},
		{"." + long, "." + strings.Repeat("ü", 127)},
	} {
		if got := NameFromKey(tc.key); got != tc.want {
			t.Errorf("NameFromKey(%q) = %q, want %q", tc.key, got, tc.want)
		}
	}
}

func FuzzNameFromKey(f *testing.F) {
	f.Add("a/b/")
	f.Add("\xff/..")
	f.Fuzz(func(t *testing.T, key string) {
		name := NameFromKey(key)
		if !validName(name) || !utf8.ValidString(name) || len(name) > maxNameBytes {
			t.Fatalf("%q gives %q", key, name)
		}
	})
}

func FuzzParseMagnet(f *testing.F) {
	f.Add("magnet:?xt=urn:btih:e0784de831beb4db8a8614951fdd13780948a7a0&dn=x&tr=http://a&x.pe=1.2.3.4:5&xl=7")
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ParseMagnet(s)
		if err != nil {
			return
		}
		if len(m.String()) > maxMagnetBytes {
			return // escaping may lengthen a link beyond what is read
		}
		again, err := ParseMagnet(m.String())
		if err != nil || !reflect.DeepEqual(again, m) {
			t.Fatalf("got %+v, %v, want %+v", again, err, m)
		}
	})
}
