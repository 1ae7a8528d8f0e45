package tracker

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"shoal/wire/torrent"
)

// udpAnnounce builds a request as BEP 15 draws it.
func udpAnnounce(left uint64, event, ip, key uint32, numWant int32, port uint16, options ...byte) []byte {
	p := binary.BigEndian.AppendUint64(nil, 0x1122334455667788)
	p = binary.BigEndian.AppendUint32(p, 1)
	p = binary.BigEndian.AppendUint32(p, 0xcafe)
	p = append(p, testHash[:]...)
	p = append(p, testID[:]...)
	p = binary.BigEndian.AppendUint64(p, 10)
	p = binary.BigEndian.AppendUint64(p, left)
	p = binary.BigEndian.AppendUint64(p, math.MaxUint64)
	p = binary.BigEndian.AppendUint32(p, event)
	p = binary.BigEndian.AppendUint32(p, ip)
	p = binary.BigEndian.AppendUint32(p, key)
	p = binary.BigEndian.AppendUint32(p, uint32(numWant))
	p = binary.BigEndian.AppendUint16(p, port)
	return append(p, options...)
}

func TestParseHeader(t *testing.T) {
	connect, _ := hex.DecodeString("0000041727101980" + "00000000" + "0000cafe")
	scrape, _ := hex.DecodeString("1122334455667788" + "00000002" + "0000cafe" + strings.Repeat("61", 20))
	for _, tc := range []struct {
		name   string
		packet []byte
		want   Header
	}{
		{"connect", connect, Header{protocolID, ActionConnect, 0xcafe}},
		{"padded connect", append(bytes.Clone(connect), 0, 0), Header{protocolID, ActionConnect, 0xcafe}},
		{"announce", udpAnnounce(1, 2, 0, 4, -1, 6), Header{0x1122334455667788, ActionAnnounce, 0xcafe}},
		{"scrape", scrape, Header{0x1122334455667788, ActionScrape, 0xcafe}},
	} {
		if got, err := ParseHeader(tc.packet); err != nil || got != tc.want {
			t.Errorf("%s: got %+v, %v, want %+v", tc.name, got, err, tc.want)
		}
	}
	wrongMagic := bytes.Clone(connect)
	wrongMagic[7]++
	errorAction := bytes.Clone(scrape)
	errorAction[11] = 3
	for name, packet := range map[string][]byte{
		"empty": nil, "short": connect[:15], "wrong magic": wrongMagic, "error action": errorAction,
		"short announce": udpAnnounce(1, 2, 3, 4, 5, 6)[:97], "short scrape": scrape[:35],
	} {
		if _, err := ParseHeader(packet); !errors.Is(err, ErrPacket) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

func TestParseUDPAnnounce(t *testing.T) {
	base := Announce{
		InfoHash: testHash, PeerID: testID, Port: 6881, Downloaded: 10, Uploaded: math.MaxInt64,
		Left: 5, NumWant: NumWantDefault, Compact: true, Key: 7,
	}
	for _, tc := range []struct {
		name   string
		packet []byte
		want   func(*Announce)
	}{
		{"plain", udpAnnounce(5, 0, 0, 7, -1, 6881), func(*Announce) {}},
		{"left -1", udpAnnounce(math.MaxUint64, 0, 0, 7, -1, 6881), func(a *Announce) { a.Left = LeftUnknown }},
		{"completed", udpAnnounce(5, 1, 0, 7, -1, 6881), func(a *Announce) { a.Event = Completed }},
		{"started", udpAnnounce(5, 2, 0, 7, -1, 6881), func(a *Announce) { a.Event = Started }},
		{"stopped", udpAnnounce(5, 3, 0, 7, -1, 6881), func(a *Announce) { a.Event = Stopped }},
		{"bad event", udpAnnounce(5, 9, 0, 7, -1, 6881), func(*Announce) {}},
		{"ip", udpAnnounce(5, 0, 0xc0000207, 7, -1, 6881), func(a *Announce) { a.IPv4 = netip.MustParseAddrPort("192.0.2.7:6881") }},
		{"numwant", udpAnnounce(5, 0, 0, 7, 30, 6881), func(a *Announce) { a.NumWant = 30 }},
		{"numwant -7", udpAnnounce(5, 0, 0, 7, -7, 6881), func(*Announce) {}},
	} {
		want := base
		tc.want(&want)
		if got, err := ParseUDPAnnounce(tc.packet); err != nil || !sameAnnounce(got, want) {
			t.Errorf("%s: got %+v, %v, want %+v", tc.name, got, err, want)
		}
	}
	if _, err := ParseUDPAnnounce(udpAnnounce(5, 0, 0, 7, -1, 0)); !errors.Is(err, ErrPort) {
		t.Errorf("port 0: got error %v", err)
	}
	if _, err := ParseUDPAnnounce(make([]byte, 97)); !errors.Is(err, ErrPacket) {
		t.Errorf("97 bytes: got error %v", err)
	}
}

func TestURLData(t *testing.T) {
	long := strings.Repeat("x", 255)
	for _, tc := range []struct{ options, want string }{
		{"", ""},
		{"\x00", ""},
		{"\x02\x05/a?b=", "/a?b="},
		{"\x01\x01\x02\x02/a\x00\x02\x02/b", "/a"},
		{"\x02\x02/a\x02\x02/b\x02\x01c", "/a/bc"},
		{"\x02\x02/a\x01\x09\x03zzz\x02\x02/b", "/a/b"},
		{"\x02\x01a\x02\x01b\x02\x01c\x02\x01d", "abcd"},
		{"\x02\x00\x02\x01b", "b"},
		{"\x02\xff" + long + "\x02\x03yyy", long + "yyy"},
		{"\x02\x05/a", ""},
		{"\x02\x02/a\x02\x05/b", "/a"},
		{"\x02", ""},
	} {
		a, err := ParseUDPAnnounce(udpAnnounce(5, 0, 0, 7, -1, 6881, []byte(tc.options)...))
		if err != nil || string(a.URLData) != tc.want {
			t.Errorf("%.40q: got %q, %v, want %q", tc.options, a.URLData, err, tc.want)
		}
	}
}

func TestUDPScrapeHashes(t *testing.T) {
	packet := append(make([]byte, 16), bytes.Repeat([]byte{'a'}, 20*80+5)...)
	if got := UDPScrapeHashes(nil, packet); len(got) != MaxScrape || got[73] != torrent.InfoHash([]byte(strings.Repeat("a", 20))) {
		t.Errorf("80 hashes: got %d", len(got))
	}
	if got := UDPScrapeHashes(nil, packet[:MaxUDPPacket]); len(got) != MaxScrape {
		t.Errorf("longest packet that is read: got %d hashes, want %d", len(got), MaxScrape)
	}
	if got := UDPScrapeHashes(nil, packet[:16+45]); len(got) != 2 {
		t.Errorf("45 bytes: got %d hashes", len(got))
	}
}

func TestUDPAnswers(t *testing.T) {
	a := &Answer{Interval: 1800 * time.Second, Complete: 2, Incomplete: 1, Peers: testPeers()}
	for _, tc := range []struct {
		name string
		got  []byte
		want string
	}{
		{"connect", AppendConnect(nil, 0xcafe, 0x1122334455667788), "00000000" + "0000cafe" + "1122334455667788"},
		{"announce v4", AppendUDPAnswer(nil, 0xcafe, a, IPv4), "00000001" + "0000cafe" + "00000708" + "00000001" + "00000002" + "010203040102" + "050607080103"},
		{"announce v6", AppendUDPAnswer(nil, 0xcafe, a, IPv6), "00000001" + "0000cafe" + "00000708" + "00000001" + "00000002" + "20010db80000000000000000000000010102"},
		{
			"scrape", AppendUDPScrape(nil, 0xcafe, []Scrape{{Complete: 1, Downloaded: 2, Incomplete: 3}, {Complete: 1 << 40, Downloaded: -1}}),
			"00000002" + "0000cafe" + "00000001" + "00000002" + "00000003" + "7fffffff" + "00000000" + "00000000",
		},
		{"error", AppendUDPError(nil, 0xcafe, "gone", 98), "00000003" + "0000cafe" + "676f6e65"},
		{"error cut", AppendUDPError(nil, 0xcafe, "a reason too long", 16), "00000003" + "0000cafe" + "6120726561736f6e"},
	} {
		if got := hex.EncodeToString(tc.got); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestUDPAnswersFitAPacket(t *testing.T) {
	var a Answer
	for range 300 {
		a.Peers = append(a.Peers, testPeers()[0], testPeers()[1])
	}
	if got, want := len(AppendUDPAnswer(nil, 1, &a, IPv4)), 20+MaxUDPPeers4*compactSize4; got != want || got > MaxUDPPacket {
		t.Errorf("v4: %d bytes, want %d", got, want)
	}
	// 1452 bytes are left of an Ethernet frame by the headers of IPv6 and UDP.
	if got, want := len(AppendUDPAnswer(nil, 1, &a, IPv6)), 20+MaxUDPPeers6*compactSize6; got != want || got > 1452 {
		t.Errorf("v6: %d bytes, want %d", got, want)
	}
	if got := len(AppendUDPScrape(nil, 1, make([]Scrape, 100))); got > 16+20*MaxScrape {
		t.Errorf("scrape: %d bytes", got)
	}
}

func TestConnectionIDs(t *testing.T) {
	ids := newConnectionIDs([16]byte{1})
	ip, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	start := time.Unix(1700000040, 0) // the start of a window
	id := ids.Make(ip, start)
	for _, tc := range []struct {
		name string
		id   uint64
		ip   netip.Addr
		now  time.Time
		want bool
	}{
		{"at once", id, ip, start, true},
		{"same host through an IPv6 socket", id, netip.MustParseAddr("::ffff:192.0.2.1"), start, true},
		{"two minutes later", id, ip, start.Add(2 * time.Minute), true},
		{"end of the next window", id, ip, start.Add(4*time.Minute - time.Second), true},
		{"four minutes later", id, ip, start.Add(4 * time.Minute), false},
		{"before", id, ip, start.Add(-time.Second), false},
		{"other address", id, other, start, false},
		{"high bit", id ^ 1<<63, ip, start, false},
		{"low bit", id ^ 1, ip, start, false},
		{"protocol id", protocolID, ip, start, false},
	} {
		if got := ids.Verify(tc.id, tc.ip, tc.now); got != tc.want {
			t.Errorf("%s: got %v, want %v", tc.name, got, tc.want)
		}
	}
	if newConnectionIDs([16]byte{2}).Verify(id, ip, start) {
		t.Error("verified under another key")
	}
	a, b := NewConnectionIDs(), NewConnectionIDs()
	if a.Make(ip, start) == b.Make(ip, start) {
		t.Error("two makers share a key")
	}
}

// The value is that of "openssl mac -macopt size:8 SIPHASH" for key 00..0f and message 00..17.
func TestSipHash(t *testing.T) {
	var b [40]byte
	for i := range b {
		b[i] = byte(i)
	}
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(b[i:]) }
	got := binary.LittleEndian.AppendUint64(nil, sipHash(word(0), word(8), [3]uint64{word(0), word(8), word(16)}))
	if want := "94af49f6c650adb8"; hex.EncodeToString(got) != want {
		t.Errorf("got %x, want %s", got, want)
	}
}

func FuzzUDPRequest(f *testing.F) {
	f.Add(udpAnnounce(5, 2, 9, 7, -1, 6881, []byte("\x02\x02/a\x01\x02\x02/b")...))
	f.Add(append(make([]byte, 16), bytes.Repeat([]byte{'a'}, 45)...))
	f.Fuzz(func(t *testing.T, packet []byte) {
		h, err := ParseHeader(packet)
		if err == nil && h.Action > ActionScrape {
			t.Fatalf("action %d accepted", h.Action)
		}
		if got := UDPScrapeHashes(nil, packet); len(got) > MaxScrape {
			t.Fatalf("%d hashes", len(got))
		}
		a, err := ParseUDPAnnounce(packet)
		if err == nil && (a.Port == 0 || a.Left < LeftUnknown || a.Uploaded < 0 || a.Downloaded < 0 || len(a.URLData) > len(packet)) {
			t.Fatalf("out of range: %+v", a)
		}
		if got := AppendUDPError(nil, h.TransactionID, strings.Repeat("e", 200), len(packet)); len(packet) >= 16 && len(got) > len(packet) {
			t.Fatalf("error of %d bytes to %d", len(got), len(packet))
		}
	})
}

// The path of one announce from packet to packet does not allocate.
func BenchmarkUDPAnnounce(b *testing.B) {
	packet := udpAnnounce(5, 2, 0, 7, -1, 6881, []byte("\x02\x02/a\x02\x02/b")...)
	scratch := make([]byte, len(packet))
	out := make([]byte, 0, MaxUDPPacket)
	answer := Answer{Interval: 1800 * time.Second}
	for range 50 {
		answer.Peers = append(answer.Peers, testPeers()[0])
	}
	ids, ip, now := NewConnectionIDs(), netip.MustParseAddr("192.0.2.1"), time.Unix(1700000000, 0)
	b.ReportAllocs()
	for b.Loop() {
		copy(scratch, packet)
		h, err := ParseHeader(scratch)
		if err != nil {
			b.Fatal(err)
		}
		ids.Verify(h.ConnectionID, ip, now)
		if _, err := ParseUDPAnnounce(scratch); err != nil {
			b.Fatal(err)
		}
		out = AppendUDPAnswer(out[:0], h.TransactionID, &answer, IPv4)
	}
}

func BenchmarkUDPConnect(b *testing.B) {
	packet, _ := hex.DecodeString("0000041727101980" + "00000000" + "0000cafe")
	out := make([]byte, 0, MaxUDPPacket)
	ids, ip, now := NewConnectionIDs(), netip.MustParseAddr("192.0.2.1"), time.Unix(1700000000, 0)
	b.ReportAllocs()
	for b.Loop() {
		h, err := ParseHeader(packet)
		if err != nil {
			b.Fatal(err)
		}
		out = AppendConnect(out[:0], h.TransactionID, ids.Make(ip, now))
	}
}

func BenchmarkUDPScrape(b *testing.B) {
	packet := append(make([]byte, 16), bytes.Repeat([]byte{'a'}, 20*MaxScrape)...)
	out := make([]byte, 0, MaxUDPPacket)
	hashes := make([]torrent.InfoHash, 0, MaxScrape)
	files := make([]Scrape, MaxScrape)
	b.ReportAllocs()
	for b.Loop() {
		hashes = UDPScrapeHashes(hashes[:0], packet)
		out = AppendUDPScrape(out[:0], 1, files[:len(hashes)])
	}
}

func TestUDPDoesNotAllocate(t *testing.T) {
	packet := udpAnnounce(5, 2, 0, 7, -1, 6881, []byte("\x02\x02/a\x02\x02/b")...)
	scratch, out := make([]byte, len(packet)), make([]byte, 0, MaxUDPPacket)
	answer := Answer{Interval: time.Minute, Peers: testPeers()}
	ids, ip := NewConnectionIDs(), netip.MustParseAddr("192.0.2.1")
	if got := testing.AllocsPerRun(100, func() {
		copy(scratch, packet)
		h, _ := ParseHeader(scratch)
		ids.Verify(h.ConnectionID, ip, time.Time{})
		a, _ := ParseUDPAnnounce(scratch)
		out = AppendUDPAnswer(out[:0], h.TransactionID+uint32(a.Port), &answer, IPv4)
	}); got != 0 {
		t.Errorf("%v allocations for an announce", got)
	}
}
