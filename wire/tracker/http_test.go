package tracker

import (
	"errors"
	"math"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"shoal/wire/bencode"
	"shoal/wire/torrent"
)

const must = "info_hash=%01%02%03%04%05%06%07%08%09%0a%0b%0C%0D%0E%0F%10abcd&peer_id=-SL0001-abcdefghijkl&port=6881"

var (
	testHash = torrent.InfoHash([]byte("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10abcd"))
	testID   = PeerID([]byte("-SL0001-abcdefghijkl"))
)

func TestParseAnnounce(t *testing.T) {
	base := Announce{
		InfoHash: testHash, PeerID: testID, Port: 6881,
		Left: LeftUnknown, NumWant: NumWantDefault, Compact: true,
	}
	for _, tc := range []struct {
		query string
		want  func(*Announce)
	}{
		{"", func(*Announce) {}},
		{"&uploaded=1&downloaded=2&left=3", func(a *Announce) { a.Uploaded, a.Downloaded, a.Left = 1, 2, 3 }},
		{"&left=0", func(a *Announce) { a.Left = 0 }},
		{"&left=-1", func(*Announce) {}},
		{"&left=", func(*Announce) {}},
		{"&left=x", func(*Announce) {}},
		{"&left=18446744073709551615", func(*Announce) {}},
		{"&left=99999999999999999999999", func(*Announce) {}},
		{"&left=9223372036854775807", func(a *Announce) { a.Left = math.MaxInt64 }},
		{"&uploaded=-1&downloaded=x", func(*Announce) {}},
		{"&uploaded=18446744073709551615&downloaded=99999999999999999999999", func(a *Announce) {
			a.Uploaded, a.Downloaded = math.MaxInt64, math.MaxInt64
		}},
		{"&event=started", func(a *Announce) { a.Event = Started }},
		{"&event=completed", func(a *Announce) { a.Event = Completed }},
		{"&event=stopped", func(a *Announce) { a.Event = Stopped }},
		{"&event=paused", func(a *Announce) { a.Event = Paused }},
		{"&event=", func(*Announce) {}},
		{"&event=empty", func(*Announce) {}},
		{"&numwant=0", func(a *Announce) { a.NumWant = 0 }},
		{"&numwant=200", func(a *Announce) { a.NumWant = 200 }},
		{"&numwant=-1", func(*Announce) {}},
		{"&numwant=99999999999", func(a *Announce) { a.NumWant = math.MaxInt32 }},
		{"&compact=1&no_peer_id=0", func(*Announce) {}},
		{"&compact=0", func(a *Announce) { a.Compact = false }},
		{"&compact=0&no_peer_id=1", func(a *Announce) { a.Compact, a.NoPeerID = false, true }},
		{"&key=DEADBEEF", func(a *Announce) { a.Key = 0xdeadbeef }},
		{"&trackerid=x&corrupt=0&supportcrypto=1&redundant=0&foo", func(*Announce) {}},
		{"&ip=192.0.2.7", func(a *Announce) { a.IPv4 = netip.MustParseAddrPort("192.0.2.7:6881") }},
		{"&ipv4=192.0.2.7%3A1000", func(a *Announce) { a.IPv4 = netip.MustParseAddrPort("192.0.2.7:1000") }},
		{"&ipv6=2001%3Adb8%3A%3A1", func(a *Announce) { a.IPv6 = netip.MustParseAddrPort("[2001:db8::1]:6881") }},
		{"&ipv6=%5B2001:db8::1%5D:1000", func(a *Announce) { a.IPv6 = netip.MustParseAddrPort("[2001:db8::1]:1000") }},
		{"&ip=::ffff:192.0.2.7", func(a *Announce) { a.IPv4 = netip.MustParseAddrPort("192.0.2.7:6881") }},
		{"&ip=example.test", func(*Announce) {}},
		{"&ip=%zz", func(*Announce) {}},
		{"&port=7000", func(a *Announce) { a.Port = 7000 }},
	} {
		want := base
		tc.want(&want)
		got, err := ParseAnnounce(must + tc.query)
		if err != nil || !sameAnnounce(got, want) {
			t.Errorf("%q: got %+v, %v, want %+v", tc.query, got, err, want)
		}
	}
}

func sameAnnounce(a, b Announce) bool {
	same := string(a.URLData) == string(b.URLData)
	a.URLData, b.URLData = nil, nil
	return same && a.InfoHash == b.InfoHash && a.PeerID == b.PeerID && a.Port == b.Port && a.Event == b.Event &&
		a.Uploaded == b.Uploaded && a.Downloaded == b.Downloaded && a.Left == b.Left && a.NumWant == b.NumWant &&
		a.Key == b.Key && a.Compact == b.Compact && a.NoPeerID == b.NoPeerID && a.IPv4 == b.IPv4 && a.IPv6 == b.IPv6
}

func TestKeysOfOtherClients(t *testing.T) {
	key := func(s string) uint32 {
		a, err := ParseAnnounce(must + "&key=" + s)
		if err != nil {
			t.Fatal(err)
		}
		return a.Key
	}
	first, again, other := key("NoHex!"), key("NoHex!"), key("NoHex?")
	if first != again || first == other || first == 0 {
		t.Error("keys that are not hexadecimal are not told apart")
	}
}

func TestParseAnnounceRefuses(t *testing.T) {
	for _, tc := range []struct {
		query string
		want  error
	}{
		{"", ErrInfoHash},
		{"peer_id=-SL0001-abcdefghijkl&port=1", ErrInfoHash},
		{"info_hash=short&peer_id=-SL0001-abcdefghijkl&port=1", ErrInfoHash},
		{"info_hash=aaaaaaaaaaaaaaaaaaaaa&peer_id=-SL0001-abcdefghijkl&port=1", ErrInfoHash},
		{"info_hash=aaaaaaaaaaaaaaaaaaa%&peer_id=-SL0001-abcdefghijkl&port=1", ErrInfoHash},
		{"info_hash=aaaaaaaaaaaaaaaaaaa%g0&peer_id=-SL0001-abcdefghijkl&port=1", ErrInfoHash},
		{"info_hash=aaaaaaaaaaaaaaaaaaaa&port=1", ErrPeerID},
		{"info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=x&port=1", ErrPeerID},
		{"info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=-SL0001-abcdefghijkl", ErrPort},
		{must + "&port=0", ErrPort},
		{must + "&port=65536", ErrPort},
		{must + "&port=-1", ErrPort},
		{must + "&x=" + strings.Repeat("a", MaxQueryBytes), ErrQuery},
	} {
		if _, err := ParseAnnounce(tc.query); !errors.Is(err, tc.want) {
			t.Errorf("%.60q: got error %v, want %v", tc.query, err, tc.want)
		}
	}
}

func TestParseScrape(t *testing.T) {
	got, err := ParseScrape(nil, "info_hash=aaaaaaaaaaaaaaaaaaaa&x=1&info_hash=%62bbbbbbbbbbbbbbbbbbb")
	want := []torrent.InfoHash{
		torrent.InfoHash([]byte(strings.Repeat("a", 20))), torrent.InfoHash([]byte(strings.Repeat("b", 20))),
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := ParseScrape(nil, ""); err != nil || len(got) != 0 {
		t.Errorf("full scrape: got %v, %v", got, err)
	}
	many := strings.Repeat("info_hash=aaaaaaaaaaaaaaaaaaaa&", 80)
	if got, err := ParseScrape(nil, many); err != nil || len(got) != MaxScrape {
		t.Errorf("80 hashes: got %d, %v", len(got), err)
	}
	if _, err := ParseScrape(nil, "info_hash=a"); !errors.Is(err, ErrInfoHash) {
		t.Errorf("short hash: got error %v", err)
	}
}

func testPeers() []Peer {
	return []Peer{
		{Addr: netip.MustParseAddrPort("1.2.3.4:258"), ID: testID},
		{Addr: netip.MustParseAddrPort("[2001:db8::1]:258"), ID: testID},
		{Addr: netip.MustParseAddrPort("[::ffff:5.6.7.8]:259"), ID: testID},
	}
}

func TestAppendAnswer(t *testing.T) {
	full := &Answer{
		Interval: 1799500 * time.Millisecond, MinInterval: time.Minute, Complete: 1, Incomplete: 2, Downloaded: 3,
		ExternalIP: netip.MustParseAddr("::ffff:9.8.7.6"), Warning: "w", Peers: testPeers(),
	}
	bare := &Answer{Interval: time.Second, Downloaded: Unknown}
	head := "d8:completei1e10:downloadedi3e11:external ip4:\x09\x08\x07\x0610:incompletei2e8:intervali1800e12:min intervali60e"
	tail := "15:warning message1:we"
	for _, tc := range []struct {
		name   string
		answer *Answer
		form   Form
		want   string
	}{
		{
			"compact", full, Compact,
			head + "5:peers12:\x01\x02\x03\x04\x01\x02\x05\x06\x07\x08\x01\x03" +
				"6:peers618:\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x01\x02" + tail,
		},
		{
			"dict", full, Dict,
			head + "5:peersld2:ip7:1.2.3.44:porti258eed2:ip11:2001:db8::14:porti258eed2:ip7:5.6.7.84:porti259eee" + tail,
		},
		{
			"dict with id", &Answer{Interval: time.Second, Downloaded: Unknown, Peers: testPeers()[:1]}, DictWithID,
			"d8:completei0e10:incompletei0e8:intervali1e5:peersld2:ip7:1.2.3.47:peer id20:-SL0001-abcdefghijkl4:porti258eeee",
		},
		{"bare", bare, Compact, "d8:completei0e10:incompletei0e8:intervali1e5:peers0:e"},
		{"bare dict", bare, Dict, "d8:completei0e10:incompletei0e8:intervali1e5:peerslee"},
	} {
		got := AppendAnswer(nil, tc.answer, tc.form)
		if string(got) != tc.want {
			t.Errorf("%s:\n got %q\nwant %q", tc.name, got, tc.want)
		}
		mustCanonical(t, got)
	}
}

func mustCanonical(t *testing.T, body []byte) {
	t.Helper()
	if _, err := bencode.Parse(body, bencode.Options{Canonical: true}); err != nil {
		t.Errorf("%q: %v", body, err)
	}
}

func TestForm(t *testing.T) {
	for query, want := range map[string]Form{"": Compact, "&compact=0": DictWithID, "&compact=0&no_peer_id=1": Dict} {
		a, err := ParseAnnounce(must + query)
		if err != nil || a.Form() != want {
			t.Errorf("%q: got form %d, %v, want %d", query, a.Form(), err, want)
		}
	}
}

func TestAppendFailure(t *testing.T) {
	for _, tc := range []struct {
		retry time.Duration
		want  string
	}{
		{0, "d14:failure reason4:gonee"},
		{90 * time.Second, "d14:failure reason4:gone8:retry ini2ee"},
		{RetryNever, "d14:failure reason4:gone8:retry in5:nevere"},
	} {
		if got := string(AppendFailure(nil, "gone", tc.retry)); got != tc.want {
			t.Errorf("retry %v: got %q, want %q", tc.retry, got, tc.want)
		}
	}
}

func TestAppendScrape(t *testing.T) {
	a, b := torrent.InfoHash([]byte(strings.Repeat("a", 20))), torrent.InfoHash([]byte(strings.Repeat("b", 20)))
	got := AppendScrape(nil, []Scrape{{b, 4, 5, 6}, {a, 1, 2, 3}, {b, 4, 5, 6}}, time.Minute)
	want := "d5:filesd20:aaaaaaaaaaaaaaaaaaaad8:completei1e10:downloadedi2e10:incompletei3ee" +
		"20:bbbbbbbbbbbbbbbbbbbbd8:completei4e10:downloadedi5e10:incompletei6eee5:flagsd20:min_request_intervali60eee"
	if string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	mustCanonical(t, got)
	if got := string(AppendScrape(nil, nil, 0)); got != "d5:filesdee" {
		t.Errorf("nothing: got %q", got)
	}
}

func FuzzParseAnnounce(f *testing.F) {
	f.Add(must + "&left=-1&event=started&ip=%5B::1%5D:5&key=zz&numwant=7")
	f.Fuzz(func(t *testing.T, query string) {
		a, err := ParseAnnounce(query)
		if err != nil {
			return
		}
		if a.Port == 0 || a.Uploaded < 0 || a.Downloaded < 0 || a.Left < LeftUnknown || a.NumWant < NumWantDefault || a.Event > Paused ||
			a.IPv4.IsValid() && !a.IPv4.Addr().Is4() || a.IPv6.IsValid() && !a.IPv6.Addr().Is6() {
			t.Fatalf("out of range: %+v", a)
		}
	})
}

func FuzzParseScrape(f *testing.F) {
	f.Add("info_hash=aaaaaaaaaaaaaaaaaaa%61&info_hash=x")
	f.Fuzz(func(t *testing.T, query string) {
		if got, _ := ParseScrape(nil, query); len(got) > MaxScrape {
			t.Fatalf("%d hashes", len(got))
		}
	})
}

func BenchmarkParseAnnounce(b *testing.B) {
	query := must + "&uploaded=0&downloaded=0&left=1048576&corrupt=0&key=DEADBEEF&event=started&numwant=200&compact=1&no_peer_id=1"
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseAnnounce(query); err != nil {
			b.Fatal(err)
		}
	}
}
