package peer

import (
	"testing"
)

// endless repeats wire for ever, in reads as long as the caller's buffer.
type endless struct {
	wire []byte
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		c := copy(p[n:], e.wire[e.at:])
		n, e.at = n+c, (e.at+c)%len(e.wire)
	}
	return n, nil
}

// leecherStream is what a downloading peer sends: mostly requests.
func leecherStream() []byte {
	wire := AppendInterested(nil)
	for i := range uint32(64) {
		wire = AppendRequest(wire, Block{Piece: i / 16, Begin: i % 16 * BlockSize, Length: BlockSize})
		if i%16 == 0 {
			wire = AppendHave(wire, i)
			wire = AppendCancel(wire, Block{Piece: i, Length: BlockSize})
		}
	}
	return AppendKeepAlive(wire)
}

// oneBlock is the wire work of serving one block: read a message, append a piece header.
func oneBlock(t testing.TB, reader *Reader, header []byte) []byte {
	m, err := reader.Read()
	if err != nil {
		t.Fatal(err)
	}
	if m.ID == MsgRequest {
		return AppendPieceHeader(header[:0], m.Block)
	}
	return header
}

func TestHotPathDoesNotAllocate(t *testing.T) {
	reader := NewReader(&endless{wire: leecherStream()}, nil, ReaderOptions{})
	header := make([]byte, 0, PieceHeaderLen)
	if got := testing.AllocsPerRun(10_000, func() { header = oneBlock(t, reader, header) }); got != 0 {
		t.Errorf("%v allocations a message, want 0", got)
	}
	bits := NewBitfield(2048)
	frame := make([]byte, 0, 64)
	if got := testing.AllocsPerRun(1000, func() {
		frame = AppendReject(AppendHave(frame[:0], 7), Block{Piece: 1})
		bits.Set(7)
		bits.Clear(7)
	}); got != 0 {
		t.Errorf("%v allocations an answer, want 0", got)
	}
}

func BenchmarkReadRequests(b *testing.B) {
	reader := NewReader(&endless{wire: leecherStream()}, nil, ReaderOptions{})
	header := make([]byte, 0, PieceHeaderLen)
	b.ReportAllocs()
	for b.Loop() {
		header = oneBlock(b, reader, header)
	}
}

func BenchmarkReadPieces(b *testing.B) {
	wire := append(AppendPieceHeader(nil, Block{Length: BlockSize}), make([]byte, BlockSize)...)
	reader := NewReader(&endless{wire: wire}, make([]byte, 64<<10), ReaderOptions{MaxBlock: BlockSize})
	b.ReportAllocs()
	b.SetBytes(BlockSize)
	for b.Loop() {
		if _, err := reader.Read(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkExtendedHandshake(b *testing.B) {
	frame := AppendExtendedHandshake(nil, ExtendedHandshake{
		Extensions: Extensions{Metadata: 3, PEX: 1}, Client: "Shoal 1.0", Port: 6881, RequestQueue: 512, MetadataSize: 31235,
	})
	b.ReportAllocs()
	for b.Loop() {
		var h ExtendedHandshake
		if err := h.Update(frame[prefixLen+2:]); err != nil {
			b.Fatal(err)
		}
	}
}
