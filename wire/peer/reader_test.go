package peer

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"reflect"
	"testing"
	"testing/iotest"
)

// readAll reads messages until an error, with their payloads copied.
func readAll(r *Reader) ([]Message, error) {
	var all []Message
	for {
		m, err := r.Read()
		if err != nil {
			return all, err
		}
		m.Payload = bytes.Clone(m.Payload)
		all = append(all, m)
	}
}

// goldenStream is every golden frame, with a frame longer than the buffers in the middle.
func goldenStream(t testing.TB) (wire []byte, want []Message) {
	long := bytes.Repeat([]byte("0123456789abcdef"), BlockSize/16)
	for _, c := range goldenFrames(t) {
		wire, want = append(wire, c.sent...), append(want, c.read)
		if c.read.ID == MsgPiece {
			block := Block{Piece: 3, Begin: 0, Length: uint32(len(long))}
			wire = append(AppendPieceHeader(wire, block), long...)
			want = append(want, Message{ID: MsgPiece, Block: block, Payload: long})
		}
	}
	return wire, want
}

// flaky fails every second Read with a deadline, as a connection does.
type flaky struct {
	src  io.Reader
	fail bool
}

func (f *flaky) Read(p []byte) (int, error) {
	if f.fail = !f.fail; f.fail {
		return 0, os.ErrDeadlineExceeded
	}
	return f.src.Read(p[:min(len(p), 7)])
}

func TestReaderStream(t *testing.T) {
	wire, want := goldenStream(t)
	opts := ReaderOptions{Pieces: 12, MaxBlock: BlockSize}
	for _, c := range []struct {
		name   string
		src    io.Reader
		buffer int
	}{
		{"whole", bytes.NewReader(wire), 1 << 20},
		{"default buffer", bytes.NewReader(wire), 0},
		{"small buffer", bytes.NewReader(wire), MinBuffer},
		{"one byte", iotest.OneByteReader(bytes.NewReader(wire)), MinBuffer},
		{"half", iotest.HalfReader(bytes.NewReader(wire)), 100},
		{"data with EOF", iotest.DataErrReader(bytes.NewReader(wire)), 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := readAll(NewReader(c.src, make([]byte, c.buffer), opts))
			if err != io.EOF {
				t.Fatalf("stream ended with %v", err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %d messages\n%+v\nwant %d\n%+v", len(got), got, len(want), want)
			}
		})
	}
}

func TestReaderGoesOnAfterDeadline(t *testing.T) {
	wire, want := goldenStream(t)
	reader := NewReader(&flaky{src: bytes.NewReader(wire)}, make([]byte, MinBuffer), ReaderOptions{MaxBlock: BlockSize})
	var got []Message
	for {
		m, err := reader.Read()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		m.Payload = bytes.Clone(m.Payload)
		got = append(got, m)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %d messages, want %d", len(got), len(want))
	}
}

func TestReaderCutAnywhere(t *testing.T) {
	for _, c := range goldenFrames(t) {
		for n := range c.sent {
			want := io.ErrUnexpectedEOF
			if n == 0 {
				want = io.EOF
			}
			_, err := NewReader(bytes.NewReader(c.sent[:n]), nil, ReaderOptions{MaxBlock: BlockSize}).Read()
			if err != want {
				t.Errorf("%s cut after %d bytes: got %v, want %v", c.name, n, err, want)
			}
		}
	}
}

func TestReaderRefusesLengths(t *testing.T) {
	frame := func(length uint32, id byte) []byte {
		return append(binary.BigEndian.AppendUint32(nil, length), id)
	}
	for _, c := range []struct {
		name string
		wire []byte
		want FrameError
	}{
		{"any", frame(MaxMessage+1, 5), FrameError{MsgKeepAlive, MaxMessage + 1, MaxMessage}},
		{"largest number", frame(1<<32-1, 7), FrameError{MsgKeepAlive, 1<<32 - 1, MaxMessage}},
		{"choke", frame(2, 0), FrameError{MsgChoke, 2, 1}},
		{"have short", frame(4, 4), FrameError{MsgHave, 4, 5}},
		{"have long", frame(6, 4), FrameError{MsgHave, 6, 5}},
		{"bitfield", frame(1+2+1, 5), FrameError{MsgBitfield, 4, 3}},
		{"request", frame(12, 6), FrameError{MsgRequest, 12, 13}},
		{"piece", frame(9, 7), FrameError{MsgPiece, 9, 0}},
		{"port", frame(4, 9), FrameError{MsgPort, 4, 3}},
		{"extended without id", frame(1, 20), FrameError{MsgExtended, 1, 1000}},
		{"extended", frame(1001, 20), FrameError{MsgExtended, 1001, 1000}},
		{"hash request", frame(48, 21), FrameError{MsgHashRequest, 48, 49}},
		{"hashes", frame(49+33, 22), FrameError{MsgHashes, 82, 49 + 576*32}},
		{"hashes long", frame(49+577*32, 22), FrameError{MsgHashes, 49 + 577*32, 49 + 576*32}},
		{"unknown", frame(MaxUnknown+1, 99), FrameError{99, MaxUnknown + 1, MaxUnknown}},
		{"unknown 255", frame(MaxUnknown+1, 255), FrameError{255, MaxUnknown + 1, MaxUnknown}},
	} {
		t.Run(c.name, func(t *testing.T) {
			reader := NewReader(bytes.NewReader(c.wire), nil, ReaderOptions{Pieces: 8, MaxExtended: 1000})
			for range 2 { // the refusal stands
				_, err := reader.Read()
				var frameErr *FrameError
				if !errors.As(err, &frameErr) || *frameErr != c.want {
					t.Fatalf("got %v, want %v", err, &c.want)
				}
				if !reader.Ready() {
					t.Error("a refused frame is not ready")
				}
			}
		})
	}
}

func TestReaderUnknownID(t *testing.T) {
	wire := append([]byte{0, 0, 0, 3, 255, 'a', 'b'}, AppendChoke(nil)...)
	got, err := readAll(NewReader(bytes.NewReader(wire), nil, ReaderOptions{}))
	want := []Message{{ID: 255, Payload: []byte("ab")}, {ID: MsgChoke}}
	if err != io.EOF || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func TestReaderReady(t *testing.T) {
	wire := AppendRequest(AppendRequest(nil, Block{1, 2, 3}), Block{4, 5, 6})
	wire = append(wire, AppendHave(nil, 1)[:8]...)
	reader := NewReader(bytes.NewReader(wire), nil, ReaderOptions{})
	if reader.Ready() {
		t.Error("ready before the first read")
	}
	for i, want := range []bool{true, false} {
		if _, err := reader.Read(); err != nil {
			t.Fatal(err)
		}
		if got := reader.Ready(); got != want {
			t.Errorf("after message %d: ready %v, want %v", i, got, want)
		}
	}
}

// A peer that announces a long frame and sends little of it must not make us take the memory.
func TestReaderMemoryFollowsBytes(t *testing.T) {
	wire := append(binary.BigEndian.AppendUint32(nil, MaxMessage), byte(MsgBitfield))
	wire = append(wire, make([]byte, 20_000)...)
	reader := NewReader(bytes.NewReader(wire), nil, ReaderOptions{})
	if _, err := reader.Read(); err != io.ErrUnexpectedEOF {
		t.Fatalf("got %v", err)
	}
	if got, most := cap(reader.spill), 2*len(wire); got > most {
		t.Errorf("%d bytes taken after %d were sent", got, len(wire))
	}
}

func TestReaderDropsLongFrame(t *testing.T) {
	wire := append(AppendPieceHeader(nil, Block{Length: BlockSize}), make([]byte, BlockSize)...)
	wire = AppendChoke(wire)
	reader := NewReader(bytes.NewReader(wire), nil, ReaderOptions{MaxBlock: BlockSize})
	for range 2 {
		if _, err := reader.Read(); err != nil {
			t.Fatal(err)
		}
	}
	if reader.spill != nil {
		t.Error("memory of a long frame is kept")
	}
}

func TestReaderNoProgress(t *testing.T) {
	reader := NewReader(idle{}, nil, ReaderOptions{})
	if _, err := reader.Read(); err != io.ErrNoProgress {
		t.Errorf("got %v, want %v", err, io.ErrNoProgress)
	}
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }
