package peer

import (
	"bytes"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"shoal/wire/torrent"
)

// goldenFrame is one message in both forms.
type goldenFrame struct {
	name string
	wire string // hex
	sent []byte
	read Message
}

// goldenFrames are the layouts of BEP 3, 5, 6, 10, 52 and 54, byte for byte.
func goldenFrames(t testing.TB) []goldenFrame {
	block := Block{Piece: 0x01020304, Begin: 0x4000, Length: 0x4000}
	bits := NewBitfield(12)
	bits.Set(0)
	bits.Set(11)
	request := HashRequest{HashRange: torrent.HashRange{BaseLayer: 4, Index: 1024, Length: 512, ProofLayers: 9}}
	copy(request.Root[:], bytes.Repeat([]byte{0x11}, torrent.HashSize))
	root := strings.Repeat("11", torrent.HashSize)
	hashBody := root + "00000004 00000400 00000200 00000009"
	return []goldenFrame{
		{"keep-alive", "00000000", AppendKeepAlive(nil), Message{ID: MsgKeepAlive}},
		{"choke", "00000001 00", AppendChoke(nil), Message{ID: MsgChoke}},
		{"unchoke", "00000001 01", AppendUnchoke(nil), Message{ID: MsgUnchoke}},
		{"interested", "00000001 02", AppendInterested(nil), Message{ID: MsgInterested}},
		{"not interested", "00000001 03", AppendNotInterested(nil), Message{ID: MsgNotInterested}},
		{"have", "00000005 04 00000007", AppendHave(nil, 7), Message{ID: MsgHave, Block: Block{Piece: 7}}},
		{"bitfield", "00000003 05 8010", AppendBitfield(nil, bits), Message{ID: MsgBitfield, Payload: []byte{0x80, 0x10}}},
		{"request", "0000000d 06 01020304 00004000 00004000", AppendRequest(nil, block), Message{ID: MsgRequest, Block: block}},
		{
			"piece", "0000000c 07 01020304 00004000 616263",
			append(AppendPieceHeader(nil, Block{Piece: 0x01020304, Begin: 0x4000, Length: 3}), "abc"...),
			Message{ID: MsgPiece, Block: Block{Piece: 0x01020304, Begin: 0x4000, Length: 3}, Payload: []byte("abc")},
		},
		{"cancel", "0000000d 08 01020304 00004000 00004000", AppendCancel(nil, block), Message{ID: MsgCancel, Block: block}},
		{"port", "00000003 09 1ae1", AppendPort(nil, 6881), Message{ID: MsgPort, Port: 6881}},
		{"suggest", "00000005 0d 00000007", AppendSuggest(nil, 7), Message{ID: MsgSuggest, Block: Block{Piece: 7}}},
		{"have all", "00000001 0e", AppendHaveAll(nil), Message{ID: MsgHaveAll}},
		{"have none", "00000001 0f", AppendHaveNone(nil), Message{ID: MsgHaveNone}},
		{"reject", "0000000d 10 01020304 00004000 00004000", AppendReject(nil, block), Message{ID: MsgReject, Block: block}},
		{"allowed fast", "00000005 11 00000007", AppendAllowedFast(nil, 7), Message{ID: MsgAllowedFast, Block: Block{Piece: 7}}},
		{
			"lt_donthave", "00000006 14 07 00000009", AppendDontHave(nil, 7, 9),
			Message{ID: MsgExtended, Extension: 7, Payload: []byte{0, 0, 0, 9}},
		},
		{
			"hash request", "00000031 15" + hashBody, AppendHashRequest(nil, request),
			Message{ID: MsgHashRequest, Payload: unhex(t, hashBody)},
		},
		{
			"hashes", "00000051 16" + hashBody + root, AppendHashes(nil, Hashes{request, request.Root[:]}),
			Message{ID: MsgHashes, Payload: unhex(t, hashBody+root)},
		},
		{
			"hash reject", "00000031 17" + hashBody, AppendHashReject(nil, request),
			Message{ID: MsgHashReject, Payload: unhex(t, hashBody)},
		},
	}
}

func TestFramesGolden(t *testing.T) {
	for _, c := range goldenFrames(t) {
		t.Run(c.name, func(t *testing.T) {
			wire := unhex(t, c.wire)
			if !bytes.Equal(c.sent, wire) {
				t.Errorf("sent %x, want %x", c.sent, wire)
			}
			reader := NewReader(bytes.NewReader(wire), nil, ReaderOptions{Pieces: 12, MaxBlock: BlockSize})
			got, err := reader.Read()
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, c.read) {
				t.Errorf("read %+v, want %+v", got, c.read)
			}
		})
	}
}

func TestIDNames(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range goldenFrames(t) {
		if c.read.ID != MsgExtended && c.read.ID.String() != c.name {
			t.Errorf("id %d is named %q, want %q", c.read.ID, c.read.ID, c.name)
		}
		seen[c.read.ID.String()] = true
	}
	if len(seen) != 20 || MsgExtended.String() != "extended" || ID(99).String() != "message 99" {
		t.Errorf("got %d names: %v", len(seen), seen)
	}
}

func TestPieceHeaderLen(t *testing.T) {
	if got := len(AppendPieceHeader(nil, Block{Length: BlockSize})); got != PieceHeaderLen {
		t.Errorf("header of %d bytes, want %d", got, PieceHeaderLen)
	}
}

func TestBlockWithin(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		block       Block
		size, piece int64
		want        bool
	}{
		{Block{0, 0, BlockSize}, 10 * mib, mib, true},
		{Block{9, mib - BlockSize, BlockSize}, 10 * mib, mib, true},
		{Block{9, mib - BlockSize + 1, BlockSize}, 10 * mib, mib, false}, // over its piece
		{Block{10, 0, 1}, 10 * mib, mib, false},                          // no such piece
		{Block{10, 0, 1}, 10*mib + 1, mib, true},
		{Block{10, 0, 2}, 10*mib + 1, mib, false}, // over the end
		{Block{10, 1, 1}, 10*mib + 1, mib, false},
		{Block{0, 0, 0}, 10 * mib, mib, false},
		{Block{0, 0, MaxRequest}, 10 * mib, mib, true},
		{Block{0, 0, MaxRequest + 1}, 10 * mib, mib, false},
		{Block{1<<32 - 1, 1<<32 - 1, MaxRequest}, 1<<63 - 1, 1 << 40, false},
		{Block{1<<32 - 1, 0, 1}, 1<<63 - 1, 1 << 62, false},
		{Block{0, 0, 1}, 0, mib, false},
		{Block{0, 0, 1}, 1, 0, false},
	} {
		if got := c.block.Within(c.size, c.piece); got != c.want {
			t.Errorf("%+v in %d bytes of %d: got %v, want %v", c.block, c.size, c.piece, got, c.want)
		}
	}
}

func TestBitfield(t *testing.T) {
	b := NewBitfield(9)
	if !b.Set(8) || b.Set(8) || b.Set(9) || !b.Has(8) || b.Has(0) || b.Has(9) || b.Count() != 1 || b.Full() {
		t.Errorf("after Set(8): %x", b.Bytes())
	}
	b.SetAll()
	if want := []byte{0xff, 0x80}; !bytes.Equal(b.Bytes(), want) || !b.Full() || b.Count() != 9 {
		t.Errorf("after SetAll: %x, want %x", b.Bytes(), want)
	}
	if !b.Clear(0) || b.Clear(0) || b.Clear(9) || b.Full() || b.Bytes()[0] != 0x7f {
		t.Errorf("after Clear(0): %x", b.Bytes())
	}
	var none Bitfield
	if none.Has(0) || none.Set(0) || !none.Full() || none.Pieces() != 0 {
		t.Errorf("zero bitfield: %+v", none)
	}
}

func TestParseBitfield(t *testing.T) {
	for _, c := range []struct {
		payload []byte
		pieces  uint32
		count   uint32
		ok      bool
	}{
		{[]byte{0xff, 0x80}, 9, 9, true},
		{[]byte{0x01, 0x00}, 16, 1, true},
		{[]byte{}, 0, 0, true},
		{[]byte{0xff, 0xc0}, 9, 0, false},    // a spare bit
		{[]byte{0xff}, 9, 0, false},          // short
		{[]byte{0xff, 0x80, 0}, 9, 0, false}, // long
		{[]byte{0}, 0, 0, false},
	} {
		t.Run(fmt.Sprintf("%x of %d", c.payload, c.pieces), func(t *testing.T) {
			got, err := ParseBitfield(c.payload, c.pieces)
			if (err == nil) != c.ok {
				t.Fatalf("got error %v", err)
			}
			if got.Count() != c.count {
				t.Errorf("got %d pieces, want %d", got.Count(), c.count)
			}
			if c.ok && len(c.payload) > 0 {
				c.payload[0] ^= 0xff
				if got.Count() != c.count {
					t.Error("bitfield shares the payload's memory")
				}
			}
		})
	}
}

func TestAllowedFastSet(t *testing.T) {
	var hash [20]byte
	copy(hash[:], bytes.Repeat([]byte{0xaa}, 20))
	addr := netip.MustParseAddr("80.4.4.200")
	// The two vectors of BEP 6.
	nine := []uint32{1059, 431, 808, 1217, 287, 376, 1188, 353, 508}
	for _, c := range []struct {
		name          string
		addr          netip.Addr
		pieces, count uint32
		want          []uint32
	}{
		{"seven", addr, 1313, 7, nine[:7]},
		{"nine", addr, 1313, 9, nine},
		{"same network", netip.MustParseAddr("80.4.4.1"), 1313, 9, nine},
		{"mapped", netip.MustParseAddr("::ffff:80.4.4.200"), 1313, 7, nine[:7]},
		{"small torrent", addr, 3, 10, []uint32{0, 1, 2}},
		{"ipv6", netip.MustParseAddr("2001:db8::1"), 1313, 7, nil},
		{"no pieces", addr, 0, 7, nil},
		{"none wanted", addr, 1313, 0, nil},
		{"no address", netip.Addr{}, 1313, 7, nil},
	} {
		if got := AllowedFastSet(c.addr, hash, c.pieces, c.count); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}
