package fileblob

import (
	"bytes"
	"testing"

	"shoal/storage/blob"
)

func sample() trailer {
	return trailer{info: blob.Info{Size: 40000, Root: blob.Leaf{1, 2, 3}}, leavesCRC: 7}
}

func TestTrailerSeesEveryBit(t *testing.T) {
	want := sample()
	good := want.append(nil)
	if got, err := parseTrailer(good, fileBytes(40000)); err != nil || got != want {
		t.Fatalf("got %+v, %v, want %+v", got, err, want)
	}
	for bit := range 8 * trailerBytes {
		bad := bytes.Clone(good)
		bad[bit/8] ^= 1 << (bit % 8)
		if _, err := parseTrailer(bad, fileBytes(40000)); err == nil {
			t.Errorf("bit %d changed: got nil, want an error", bit)
		}
	}
	for _, size := range []int64{0, trailerBytes, fileBytes(40000) - 1, fileBytes(40000) + 1} {
		if _, err := parseTrailer(good, size); err == nil {
			t.Errorf("file of %d bytes: got nil, want an error", size)
		}
	}
}

func FuzzParseTrailer(f *testing.F) {
	f.Add(sample().append(nil), fileBytes(40000))
	f.Add(trailer{}.append(nil), fileBytes(0))
	f.Fuzz(func(t *testing.T, b []byte, fileSize int64) {
		got, err := parseTrailer(b, fileSize)
		if err != nil {
			return
		}
		if again := got.append(nil); !bytes.Equal(again, b) {
			t.Fatalf("append(parse(%x)): got %x", b, again)
		}
	})
}
