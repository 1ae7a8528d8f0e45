package encryption

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
)

// sizes are around the edges of chunks and of batches.
var sizes = []int64{0, 1, 100, ChunkSize - 1, ChunkSize, ChunkSize + 1, 2 * ChunkSize, 5*ChunkSize + 7, batchChunks * ChunkSize, batchChunks*ChunkSize + 1, 20 * ChunkSize}

func bodyOf(n int64) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(n)})
	r.Read(b)
	return b
}

func TestSealAndSealReaderAgree(t *testing.T) {
	s := NewKey().Stream([]byte("a"))
	for _, n := range sizes {
		body := bodyOf(n)
		want := s.Seal(body)
		if int64(len(want)) != SealedSize(n) {
			t.Errorf("%d bytes: sealed %d, SealedSize %d", n, len(want), SealedSize(n))
		}
		for name, r := range map[string]io.Reader{
			"plain": bytes.NewReader(body), "one byte": iotest.OneByteReader(bytes.NewReader(body)), "with EOF": iotest.DataErrReader(bytes.NewReader(body)),
		} {
			got, err := io.ReadAll(s.SealReader(r))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes, %s: %d bytes, %v", n, name, len(got), err)
			}
		}
		if got, err := s.Open(want, n); err != nil || !bytes.Equal(got, body) {
			t.Errorf("%d bytes: open: %v", n, err)
		}
	}
}

func TestSealReaderPassesErrorsOn(t *testing.T) {
	s := NewKey().Stream(nil)
	for _, want := range []error{io.ErrUnexpectedEOF, errors.New("broken")} {
		_, err := io.ReadAll(s.SealReader(io.MultiReader(bytes.NewReader(bodyOf(ChunkSize+5)), iotest.ErrReader(want))))
		if !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}

// openRange reads a range by both readers.
func openRange(s Stream, sealed []byte, off, n, size int64) (byReader, byReaderAt []byte, err error) {
	at, m := Covering(off, n, size)
	end := min(at+m, int64(len(sealed)))
	r := s.OpenReader(io.NopCloser(bytes.NewReader(sealed[min(at, end):end])), off, n, size)
	byReader, err = io.ReadAll(r)
	byReaderAt = make([]byte, n)
	k, errAt := s.ReaderAt(bytes.NewReader(sealed), size).ReadAt(byReaderAt, off)
	if errAt == io.EOF && int64(k) == n {
		errAt = nil
	}
	return byReader, byReaderAt[:k], errors.Join(err, errAt)
}

func TestRanges(t *testing.T) {
	s := NewKey().Stream(nil)
	r := rand.New(rand.NewPCG(1, 2))
	for _, size := range sizes[1:] {
		body := bodyOf(size)
		sealed := s.Seal(body)
		for range 50 {
			off := r.Int64N(size)
			n := 1 + r.Int64N(size-off)
			a, b, err := openRange(s, sealed, off, n, size)
			if want := body[off : off+n]; err != nil || !bytes.Equal(a, want) || !bytes.Equal(b, want) {
				t.Fatalf("%d bytes, %d from %d: %d and %d bytes, %v", size, n, off, len(a), len(b), err)
			}
		}
	}
}

func TestReaderAtEnd(t *testing.T) {
	s := NewKey().Stream(nil)
	body := bodyOf(ChunkSize + 3)
	r := s.ReaderAt(bytes.NewReader(s.Seal(body)), int64(len(body)))
	if err := iotest.TestReader(io.NewSectionReader(r, 0, int64(len(body))), body); err != nil {
		t.Error(err)
	}
}

// TestTampering: whatever is done to bytes at rest, a read fails and gives none that is wrong.
func TestTampering(t *testing.T) {
	key := NewKey()
	s := key.Stream([]byte("a"))
	const size = 4*ChunkSize + 100
	body := bodyOf(size)
	sealed := s.Seal(body)
	chunk := func(i int) []byte { return sealed[i*sealedChunk : min((i+1)*sealedChunk, len(sealed))] }
	flip := func(at int) []byte {
		out := bytes.Clone(sealed)
		out[at] ^= 1
		return out
	}
	other := key.Stream([]byte("b")).Seal(body)
	for name, c := range map[string]struct {
		sealed []byte
		size   int64
	}{
		"flipped bit":               {flip(2*sealedChunk + 5), size},
		"flipped bit of a tag":      {flip(sealedChunk - 1), size},
		"flipped bit of the last":   {flip(len(sealed) - 1), size},
		"truncated":                 {sealed[:len(sealed)-1], size},
		"truncated at a chunk":      {sealed[:4*sealedChunk], size},
		"truncated, and its length": {sealed[:4*sealedChunk], 4 * ChunkSize},
		"swapped":                   {bytes.Join([][]byte{chunk(1), chunk(0), chunk(2), chunk(3), chunk(4)}, nil), size},
		"repeated":                  {bytes.Join([][]byte{chunk(0), chunk(1), chunk(1), chunk(3), chunk(4)}, nil), size},
		"chunk left out":            {bytes.Join([][]byte{chunk(0), chunk(2), chunk(3), chunk(4)}, nil), size - ChunkSize},
		"of another body":           {other, size},
		"chunk of another body":     {bytes.Join([][]byte{chunk(0), other[sealedChunk : 2*sealedChunk], chunk(2), chunk(3), chunk(4)}, nil), size},
		"extended":                  {append(bytes.Clone(sealed), chunk(0)...), size + ChunkSize},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := s.Open(c.sealed, c.size); !errors.Is(err, ErrDamaged) {
				t.Errorf("open: %v", err)
			}
			a, b, err := openRange(s, c.sealed, 0, c.size, c.size)
			if err == nil || !errors.Is(err, ErrDamaged) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("read: %v", err)
			}
			if !bytes.HasPrefix(body, a) || !bytes.HasPrefix(body, b) {
				t.Error("a wrong byte was given out")
			}
		})
	}
}

func FuzzOpen(f *testing.F) {
	s := (&Key{1}).Stream(nil)
	f.Add(s.Seal(bodyOf(100)), int64(100))
	f.Add(s.Seal(bodyOf(ChunkSize+1)), int64(ChunkSize+1))
	f.Add([]byte{}, int64(-1))
	f.Fuzz(func(t *testing.T, sealed []byte, size int64) {
		body, err := s.Open(sealed, size)
		if err == nil && !bytes.Equal(s.Seal(body), sealed) {
			t.Errorf("%d bytes opened that were not sealed", size)
		}
	})
}
