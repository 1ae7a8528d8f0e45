package seeder

import (
	"bytes"
	"io"
	"maps"
	"net"
	"slices"
	"testing"

	"shoal/wire/peer"
)

func TestBlockQueueAgainstASlice(t *testing.T) {
	var q blockQueue
	var want []peer.Block
	for i := range uint32(2000) {
		k := peer.Block{Piece: i % 50, Length: 1 + i%3}
		q.push(k)
		want = append(want, k)
		if i%5 == 0 {
			at := slices.Index(want, peer.Block{Piece: i % 7, Length: 1 + i%3})
			if got := q.remove(peer.Block{Piece: i % 7, Length: 1 + i%3}); got != (at >= 0) {
				t.Fatalf("remove = %v, want %v", got, at >= 0)
			}
			if at >= 0 {
				want = slices.Delete(want, at, at+1)
			}
		}
		if i%3 == 0 {
			b := &batch{limit: 3, room: 3}
			var bytes int64
			n := q.popInto(b)
			for _, k := range b.blocks[:b.n] {
				bytes += int64(k.Length)
			}
			if got := b.blocks[:b.n]; !slices.Equal(got, want[:b.n]) || n != bytes || n > 3 || b.n == 0 && len(want) > 0 {
				t.Fatalf("popped %v of %d bytes, want the first of %v", got, n, want[:min(5, len(want))])
			}
			want = want[b.n:]
		}
	}
}

// countingReader counts the reads of a content.
type countingReader struct {
	*bytes.Reader
	reads int
}

func (r *countingReader) ReadAt(p []byte, off int64) (int, error) {
	r.reads++
	return r.Reader.ReadAt(p, off)
}

func TestBatchReadsRunsAtOnce(t *testing.T) {
	const pieceLength = 100
	data := random(1, 1000)
	at := func(piece, begin, length uint32) peer.Block {
		return peer.Block{Piece: piece, Begin: begin, Length: length}
	}
	for _, c := range []struct {
		name   string
		blocks []peer.Block
		reads  int
	}{
		{"one", []peer.Block{at(0, 5, 10)}, 1},
		{"neighbours", []peer.Block{at(0, 5, 10), at(0, 15, 20), at(0, 35, 65)}, 1},
		{"over the end of a piece", []peer.Block{at(3, 90, 10), at(4, 0, 50)}, 1},
		{"a gap", []peer.Block{at(0, 5, 10), at(0, 16, 20)}, 2},
		{"backwards", []peer.Block{at(0, 15, 20), at(0, 5, 10)}, 2},
		{"twice", []peer.Block{at(0, 5, 10), at(0, 5, 10)}, 2},
		{"the end", []peer.Block{at(9, 90, 10)}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &batch{limit: 1000, room: 1000, control: peer.AppendKeepAlive(nil)}
			var want bytes.Buffer
			want.Write(b.control)
			for _, k := range c.blocks {
				b.add(k)
				want.Write(peer.AppendPieceHeader(nil, k))
				want.Write(data[offset(k, pieceLength):][:k.Length])
			}
			src := &countingReader{Reader: bytes.NewReader(data)}
			memory := make([]byte, 1000)
			b.read(src, pieceLength, memory, func(k peer.Block, err error) { t.Errorf("%+v: %v", k, err) })
			b.assemble(memory)
			var got bytes.Buffer
			if _, err := b.vector.WriteTo(&got); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want.Bytes()) || src.reads != c.reads {
				t.Errorf("got %x in %d reads, want %x in %d", got.Bytes(), src.reads, want.Bytes(), c.reads)
			}
		})
	}
}

// What was written is counted to the byte, wherever it broke off.
func TestBatchSent(t *testing.T) {
	b := &batch{limit: 1000, room: 1000, control: make([]byte, 7)}
	b.add(peer.Block{Piece: 1, Length: 4})
	b.add(peer.Block{Piece: 1, Begin: 4, Length: 6})
	b.add(peer.Block{Piece: 2, Length: 5})
	type run struct{ blocks, payload int64 }
	for n := int64(0); n <= 7+3*peer.PieceHeaderLen+15; n++ {
		want, at := map[uint32]run{}, int64(7)
		for _, k := range b.blocks[:b.n] {
			at += peer.PieceHeaderLen
			if n > at {
				r := want[k.Piece]
				want[k.Piece] = run{r.blocks + 1, r.payload + min(n-at, int64(k.Length))}
			}
			at += int64(k.Length)
		}
		got := map[uint32]run{}
		b.sent(n, func(piece uint32, blocks, payload int64) {
			if _, twice := got[piece]; twice {
				t.Errorf("%d bytes written: piece %d twice", n, piece)
			}
			got[piece] = run{blocks, payload}
		})
		if !maps.Equal(got, want) {
			t.Errorf("%d bytes written: got %v, want %v", n, got, want)
		}
	}
}

func TestBatchShortRead(t *testing.T) {
	b := &batch{limit: 1000, room: 1000}
	b.add(peer.Block{Piece: 0, Begin: 95, Length: 10})
	failed := 0
	b.read(bytes.NewReader(make([]byte, 100)), 1000, make([]byte, 1000), func(peer.Block, error) { failed++ })
	if failed != 1 || b.n != 0 {
		t.Errorf("%d failed, %d left", failed, b.n)
	}
}

// A block costs no allocation on its way from the outbox to the socket.
func TestNoAllocationPerBlock(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	go io.Copy(io.Discard, far)
	src := bytes.NewReader(make([]byte, 1<<20))
	var o outbox
	o.init()
	b, memory := new(batch), make([]byte, classBytes[numClasses-1])
	allocations := testing.AllocsPerRun(100, func() {
		for i := range uint32(64) {
			o.addBlock(peer.Block{Piece: 0, Begin: i * peer.BlockSize, Length: peer.BlockSize})
		}
		for {
			b.reset(len(memory), len(memory))
			if !o.take(b, 0) {
				break
			}
			b.read(src, 1<<20, memory, func(peer.Block, error) {})
			b.assemble(memory)
			if _, err := b.vector.WriteTo(near); err != nil {
				t.Error(err)
			}
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations for 64 blocks, want 0", allocations)
	}
}
