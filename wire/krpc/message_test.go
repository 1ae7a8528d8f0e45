package krpc

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

const (
	senderText = "abcdefghij0123456789"
	targetText = "mnopqrstuvwxyz123456"
)

// TestQueryGolden: the examples of BEP 5 with the keys of BEP 32 and 43.
func TestQueryGolden(t *testing.T) {
	sender, target := ID([]byte(senderText)), ID([]byte(targetText))
	for _, tt := range []struct {
		query Query
		want  string
	}{
		{
			Query{Method: FindNode, Transaction: "aa", Sender: sender, Target: target},
			"d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e1:q9:find_node2:roi1e1:t2:aa1:y1:qe",
		},
		{
			Query{Method: GetPeers, Transaction: "aa", Sender: sender, Target: target, Want: WantIPv4 | WantIPv6},
			"d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz1234564:wantl2:n42:n6ee1:q9:get_peers2:roi1e1:t2:aa1:y1:qe",
		},
		{
			Query{Method: AnnouncePeer, Transaction: "aa", Sender: sender, Target: target, Want: WantIPv6, Token: "aoeusnth", Port: 6881},
			"d1:ad2:id20:abcdefghij012345678912:implied_porti0e9:info_hash20:mnopqrstuvwxyz1234564:porti6881e5:token8:aoeusnthe" +
				"1:q13:announce_peer2:roi1e1:t2:aa1:y1:qe",
		},
	} {
		if got := string(tt.query.Append(nil)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.query.Method, got, tt.want)
		}
	}
}

func TestParseReply(t *testing.T) {
	node4 := senderText + "\x01\x02\x03\x04\x1a\xe1"
	node6 := targetText + "\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x05\x1a\xe2"
	packet := "d2:ip6:\x05\x06\x07\x08\x1a\xe31:rd2:id20:" + senderText + "5:nodes26:" + node4 + "6:nodes638:" + node6 +
		"5:token3:tok6:valuesl6:\x09\x09\x09\x09\x00\x01ee1:t2:aa1:y1:re"
	got, err := ParseReply([]byte(packet))
	if err != nil {
		t.Fatal(err)
	}
	want := []Node{
		{ID([]byte(senderText)), netip.MustParseAddrPort("1.2.3.4:6881")},
		{ID([]byte(targetText)), netip.MustParseAddrPort("[2001:db8::5]:6882")},
	}
	if got.Transaction != "aa" || got.Refused || got.Sender != ID([]byte(senderText)) || got.Token != "tok" ||
		got.External != netip.MustParseAddr("5.6.7.8") || !slices.Equal(got.Nodes, want) {
		t.Errorf("got %+v, want nodes %v", got, want)
	}
}

func TestParseReplyBounds(t *testing.T) {
	reply := func(values string) string { return "d1:rd2:id20:" + senderText + values + "e1:t1:a1:y1:re" }
	nodes := strings.Repeat(senderText+"\x01\x02\x03\x04\x1a\xe1", 20)
	for _, tt := range []struct {
		name, packet string
		nodes, token int
		refused      bool
		err          error
	}{
		{name: "no nodes", packet: reply("")},
		{name: "many nodes", packet: reply("5:nodes520:" + nodes), nodes: MaxNodes},
		{name: "cut node", packet: reply("5:nodes30:" + nodes[:30]), nodes: 1},
		{name: "long token", packet: reply("5:token65:" + strings.Repeat("x", 65))},
		{name: "longest token", packet: reply("5:token64:" + strings.Repeat("x", 64)), token: 64},
		{name: "error", packet: "d1:eli201e3:Oope1:t1:a1:y1:ee", refused: true},
		{name: "query", packet: "d1:q4:ping1:t1:a1:y1:qe", err: ErrQuery},
		{name: "short id", packet: "d1:rd2:id2:abe1:t1:a1:y1:re", err: ErrMessage},
		{name: "no type", packet: "d1:t1:ae", err: ErrMessage},
		{name: "no dictionary", packet: "le", err: ErrMessage},
		{name: "nothing", packet: "", err: ErrMessage},
		{name: "too long", packet: "d1:t2040:" + strings.Repeat("x", 2040) + "e", err: ErrMessage},
	} {
		got, err := ParseReply([]byte(tt.packet))
		if !errors.Is(err, tt.err) || len(got.Nodes) != tt.nodes || len(got.Token) != tt.token || got.Refused != tt.refused {
			t.Errorf("%s: %+v, %v; want %d nodes, a token of %d, refused %v, %v", tt.name, got, err, tt.nodes, tt.token, tt.refused, tt.err)
		}
	}
}

// FuzzReply: whatever a stranger sends is an error or within the bounds.
func FuzzReply(f *testing.F) {
	f.Add([]byte("d2:ip6:\x05\x06\x07\x08\x1a\xe31:rd2:id20:" + senderText + "5:nodes26:" + targetText + "\x01\x02\x03\x04\x1a\xe15:token3:toke1:t2:aa1:y1:re"))
	f.Add([]byte("d1:eli201e3:Oope1:t1:a1:y1:ee"))
	f.Add([]byte("d1:q4:ping1:t1:a1:y1:qe"))
	f.Fuzz(func(t *testing.T, packet []byte) {
		r, err := ParseReply(packet)
		if err != nil {
			return
		}
		if len(r.Nodes) > 2*MaxNodes || len(r.Token) > MaxToken || len(packet) > MaxPacket {
			t.Errorf("%d nodes, a token of %d bytes, of a packet of %d", len(r.Nodes), len(r.Token), len(packet))
		}
		q := Query{Method: GetPeers, Transaction: r.Transaction, Sender: r.Sender}
		if _, err := ParseReply(q.Append(nil)); len(r.Transaction) < MaxToken && !errors.Is(err, ErrQuery) {
			t.Errorf("our own query with transaction %q: %v, want %v", r.Transaction, err, ErrQuery)
		}
	})
}
