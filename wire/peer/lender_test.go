package peer

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"
)

// lender lends one buffer and counts who has it.
type lender struct {
	io.Reader
	memory [MinBuffer]byte
	out    int
}

func (l *lender) Lend() ([]byte, int, error) {
	n, err := l.Read(l.memory[:])
	if n == 0 {
		return nil, 0, err
	}
	l.out++
	return l.memory[:], n, nil
}

func (l *lender) Return([]byte) { l.out-- }

// A Reader with lent memory reads the same messages, and between two of them, with nothing read ahead, it holds none.
func TestLentReader(t *testing.T) {
	var stream []byte
	for i := range uint32(40) {
		stream = AppendHave(AppendKeepAlive(stream), i)
		stream = AppendRequest(stream, Block{Piece: i, Length: BlockSize})
	}
	stream = AppendExtendedHandshake(stream, ExtendedHandshake{Client: "longer than the buffer that is lent, so that it spills over"})
	stream = AppendInterested(stream)
	for name, source := range map[string]func(io.Reader) io.Reader{
		"all":        func(r io.Reader) io.Reader { return r },
		"half":       iotest.HalfReader,
		"bytes":      iotest.OneByteReader,
		"data error": iotest.DataErrReader,
	} {
		t.Run(name, func(t *testing.T) {
			l := &lender{Reader: source(bytes.NewReader(stream))}
			lent := NewLentReader(l, ReaderOptions{})
			plain := NewReader(bytes.NewReader(stream), nil, ReaderOptions{})
			for {
				want, wantErr := plain.Read()
				got, err := lent.Read()
				if err != wantErr || got.ID != want.ID || got.Block != want.Block || !bytes.Equal(got.Payload, want.Payload) {
					t.Fatalf("got %+v, %v, want %+v, %v", got, err, want, wantErr)
				}
				if l.out < 0 || l.out > 1 {
					t.Fatalf("%d buffers are out", l.out)
				}
				if err != nil {
					break
				}
			}
			if l.out != 0 {
				t.Error("a buffer is held at the end")
			}
		})
	}
}
