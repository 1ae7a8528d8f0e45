package tracker

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"shoal/wire/torrent"
	"shoal/wire/tracker"
)

// ask gives one packet to the tracker, as sent to 198.51.100.1, and returns a copy of the answer.
func ask(tr *Tracker, from netip.AddrPort, packet []byte) []byte {
	var x exchange
	return bytes.Clone(tr.answerUDP(context.Background(), &x, bytes.Clone(packet), from, netip.MustParseAddr("198.51.100.1"), tr.o.Now()))
}

func TestUDPAnswers(t *testing.T) {
	tr, _, _ := newTestTracker(t, Options{})
	id := connected(tr, stranger)
	origin := []byte{198, 51, 100, 1, 0x1a, 0xe1}
	tests := []struct {
		name   string
		packet []byte
		want   []byte // from the action on, without the interval of an announce
	}{
		{"connect", udpConnect(5), binary.BigEndian.AppendUint64([]byte{0, 0, 0, 0, 0, 0, 0, 5}, id)},
		{"leecher", udpAnnounce(id, testHash, 5, 1000), append([]byte{0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 1}, origin...)},
		{"left 2^64-1", udpAnnounce(id, testHash, math.MaxUint64, 1000), append([]byte{0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 1}, origin...)},
		{"seed by v2 hash", udpAnnounce(id, testHashV2.Truncate(), 0, 1000), []byte{0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 2}},
		{"unknown", udpAnnounce(id, otherHash, 5, 1000), append([]byte{0, 0, 0, 3, 0, 0, 0, 7}, "torrent is not served here"...)},
		{"port 0", udpAnnounce(id, testHash, 5, 0), append([]byte{0, 0, 0, 3, 0, 0, 0, 7}, tracker.ErrPort.Error()...)},
		{"url data", append(udpAnnounce(id, testHash, 0, 1000), 2, 9, '/', 'a', 'n', 'n', 'o', 'u', 'n', 'c', 'e', 0), []byte{0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 2}},
		{"scrape", udpScrape(id, otherHash, testHash), append([]byte{0, 0, 0, 2, 0, 0, 0, 7}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0)},
		{"wrong id", udpAnnounce(id+1, testHash, 5, 1000), nil},
		{"scrape with a wrong id", udpScrape(0, testHash), nil},
		{"junk", []byte("hello"), nil},
		{"empty", nil, nil},
		{"short announce", udpAnnounce(id, testHash, 5, 1000)[:97], nil},
		{"unknown action", udpHeader(id, 3, 7), nil},
	}
	for _, tt := range tests {
		got := ask(tr, stranger, tt.packet)
		if len(got) >= 20 && got[3] == byte(tracker.ActionAnnounce) {
			got = append(got[:8], got[12:]...) // without the interval, which is random
		}
		if !bytes.Equal(got, tt.want) {
			t.Errorf("%s: got %x, want %x", tt.name, got, tt.want)
		}
	}
}

func TestUDPFamilies(t *testing.T) {
	tr, _, _ := newTestTracker(t, Options{PublicHost: "2001:db8::99"})
	v6 := netip.MustParseAddrPort("[2001:db8::1]:5000")
	ask(tr, stranger, udpAnnounce(connected(tr, stranger), testHash, 5, 1000))
	got := ask(tr, v6, udpAnnounce(connected(tr, v6), testHash, 5, 1000))
	if want := 20 + 18; len(got) != want || got[37] != 0xe1 {
		t.Errorf("IPv6: got %x, want the seeder in %d bytes", got, want)
	}
}

func TestUDPIDs(t *testing.T) {
	now := testTime
	tr, _, _ := newTestTracker(t, Options{Now: func() time.Time { return now }})
	id := connected(tr, stranger)
	other := netip.MustParseAddrPort("203.0.113.2:5000")
	if got := ask(tr, other, udpAnnounce(id, testHash, 5, 1000)); got != nil {
		t.Errorf("id of another address: got %x, want silence", got)
	}
	if got := ask(tr, netip.AddrPortFrom(stranger.Addr(), 6), udpAnnounce(id, testHash, 5, 1000)); got == nil {
		t.Error("id from another port: got silence, want an answer")
	}
	now = testTime.Add(2 * time.Minute)
	if got := ask(tr, stranger, udpAnnounce(id, testHash, 5, 1000)); got == nil {
		t.Error("id of two minutes: got silence, want an answer")
	}
	now = testTime.Add(4 * time.Minute)
	if got := ask(tr, stranger, udpAnnounce(id, testHash, 5, 1000)); got != nil {
		t.Errorf("id of four minutes: got %x, want silence", got)
	}
}

// TestUDPOverTheWire talks to the sockets that a server opens; the answer must come from the address that
// was asked, and name the seeder under it.
func TestUDPOverTheWire(t *testing.T) {
	for _, tt := range []struct{ name, network, listen, client, ask string }{
		{"IPv4", "udp4", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1"},
		{"any address, asked at another", "udp4", "0.0.0.0:0", "127.0.0.1:0", "127.0.0.5"},
		{"both families, by IPv4", "udp", "[::]:0", "127.0.0.1:0", "127.0.0.5"},
		{"both families, by IPv6", "udp", "[::]:0", "[::1]:0", "::1"},
	} {
		t.Run(tt.name, func(t *testing.T) { talk(t, tt.network, tt.listen, tt.client, netip.MustParseAddr(tt.ask)) })
	}
}

func talk(t *testing.T, network, listen, client string, to netip.Addr) {
	server, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(listen)))
	if err != nil {
		t.Skipf("no such network here: %v", err)
	}
	defer server.Close()
	tr, _, _ := newTestTracker(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error)
	go func() { served <- tr.ServeUDP(ctx, server) }()
	defer func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("ServeUDP = %v, want nil", err)
		}
	}()
	conn, err := net.DialUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(client)),
		net.UDPAddrFromAddrPort(netip.AddrPortFrom(to, server.LocalAddr().(*net.UDPAddr).AddrPort().Port())))
	if err != nil {
		t.Skipf("no such network here: %v", err)
	}
	defer conn.Close()
	answer := exchangePackets(t, conn, udpConnect(1))
	answer = exchangePackets(t, conn, udpAnnounce(binary.BigEndian.Uint64(answer[8:]), testHash, 5, 1000))
	want := append(to.AsSlice(), 0x1a, 0xe1)
	if !bytes.Equal(answer[20:], want) {
		t.Errorf("got %x, want the seeder at %v: %x", answer[20:], to, want)
	}
	// BEP 15: "Up to about 74 torrents can be scraped at once."
	answer = exchangePackets(t, conn, udpConnect(2))
	all := slices.Repeat([]torrent.InfoHash{testHash}, tracker.MaxScrape)
	answer = exchangePackets(t, conn, udpScrape(binary.BigEndian.Uint64(answer[8:]), all...))
	if got, want := len(answer), 8+12*len(all); got != want {
		t.Errorf("scrape of %d torrents: got %d bytes, want %d", len(all), got, want)
	}
}

// exchangePackets sends one packet until there is an answer, as clients do: what came before the server was
// ready is lost.
func exchangePackets(t *testing.T, conn *net.UDPConn, packet []byte) []byte {
	t.Helper()
	b := make([]byte, 2048)
	for range 20 {
		if err := conn.SetDeadline(time.Now().Add(500 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write(packet); err != nil {
			t.Fatal(err)
		}
		if n, err := conn.Read(b); err == nil && n >= 16 {
			return b[:n]
		}
	}
	t.Fatalf("no answer to %x", packet)
	return nil
}

func TestPublicHostIsResolved(t *testing.T) {
	answers := make(chan netip.Addr, 1)
	answers <- netip.MustParseAddr("198.51.100.77")
	tr, _, _ := newTestTracker(t, Options{PublicHost: "store.example", Lookup: func(context.Context, string) ([]netip.Addr, error) {
		select {
		case a := <-answers:
			return []netip.Addr{a}, nil
		default:
			return nil, &net.DNSError{Err: "gone", IsNotFound: true}
		}
	}})
	tr.lookupPublicHost(t.Context())
	tr.lookupPublicHost(t.Context()) // fails: the last answer stays
	got := tr.appendOrigins(nil, caller{addr: stranger, local: netip.MustParseAddr("10.0.0.1")})
	if len(got) != 1 || got[0].String() != "198.51.100.77:6881" {
		t.Errorf("got %v, want the resolved address", got)
	}
}

func FuzzUDP(f *testing.F) {
	tr, _, _ := newTestTracker(f, Options{})
	f.Add(udpConnect(1), false)
	f.Add(udpAnnounce(0, testHash, 5, 1000), true)
	f.Add(udpAnnounce(0, otherHash, 5, 1000), true)
	f.Add(udpScrape(0, testHash, otherHash), true)
	f.Add(udpScrape(0, make([]torrent.InfoHash, 72)...), false)
	f.Fuzz(func(t *testing.T, packet []byte, proven bool) {
		if proven && len(packet) >= 8 {
			binary.BigEndian.PutUint64(packet, connected(tr, stranger))
		}
		got := ask(tr, stranger, packet)
		if len(got) > tracker.MaxUDPPacket {
			t.Errorf("answer of %d bytes", len(got))
		}
		// Before the id is proven a packet may come from anyone but its source address.
		if !proven && len(got) > len(packet) {
			t.Errorf("%d bytes answer %d unproven ones", len(got), len(packet))
		}
		if len(got) >= 4 && tracker.Action(binary.BigEndian.Uint32(got)) == tracker.ActionError && len(got) > len(packet) {
			t.Errorf("an error of %d bytes answers %d", len(got), len(packet))
		}
	})
}

func FuzzControl(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 40))
	f.Fuzz(func(t *testing.T, control []byte) {
		if a := destination(control); a.IsValid() != (replyControl(control) != nil) {
			t.Errorf("destination %v does not agree with the reply's control data", a)
		}
	})
}

func BenchmarkUDPAnnounce(b *testing.B) {
	tr, _, _ := newTestTracker(b, Options{})
	var x exchange
	local := netip.MustParseAddr("198.51.100.1")
	peers := make([]netip.AddrPort, 1000)
	packets := make([][]byte, len(peers))
	for i := range peers {
		peers[i] = netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, byte(i >> 8), byte(i)}), 5000)
		packets[i] = udpAnnounce(connected(tr, peers[i]), testHash, 5, 1000)
		tr.answerUDP(b.Context(), &x, packets[i], peers[i], local, testTime)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if got := tr.answerUDP(b.Context(), &x, packets[i%1000], peers[i%1000], local, testTime); len(got) != 20+50*6 {
			b.Fatalf("answer of %d bytes", len(got))
		}
		i++
	}
}

// TestUDPAnnounceDoesNotAllocate: garbage per packet would be what limits the rate.
func TestUDPAnnounceDoesNotAllocate(t *testing.T) {
	tr, _, _ := newTestTracker(t, Options{})
	var x exchange
	packet := udpAnnounce(connected(tr, stranger), testHash, 5, 1000)
	ctx, local := t.Context(), netip.MustParseAddr("198.51.100.1")
	if got := testing.AllocsPerRun(1000, func() { tr.answerUDP(ctx, &x, packet, stranger, local, testTime) }); got != 0 {
		t.Errorf("%v allocations an announce, want 0", got)
	}
}
