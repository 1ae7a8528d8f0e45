package sigv4

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

const (
	firstChunk  = "first chunk"
	secondChunk = "second chunk"
	checksum    = "x-amz-checksum-crc32:AAAAAA=="
)

func signedBody(v *Verified) *chunkEncoder {
	e := newEncoder(v.seed)
	e.chunk(firstChunk)
	e.chunk(secondChunk)
	return e
}

// versitygw 44967116, 3b1fcf2f and the trailer parsers: what a broken body must end in.
func TestSignedChunkFaults(t *testing.T) {
	const size = len(firstChunk + secondChunk)
	v := streamed(t, StreamingSignedPayload, size)
	e := signedBody(v)
	two := e.out.String()

	first := two[:strings.Index(two, firstChunk)+len(firstChunk)+2]
	second := two[len(first):]
	e.chunk("")
	good := e.out.String()
	final := good[len(two):]
	flip := func(s, old string) string { return strings.Replace(s, old, strings.ToUpper(old), 1) }
	zeros := "0;chunk-signature=" + strings.Repeat("0", 64) + "\r\n\r\n"

	tests := []struct {
		name, body string
		want       Reason
	}{
		{"good", good, 0},
		{"flipped first chunk", flip(good, firstChunk), SignatureMismatch},
		{"flipped last chunk", flip(good, secondChunk), SignatureMismatch},
		{"final chunk not signed", two + zeros, SignatureMismatch},
		{"final chunk without signature", two + "0\r\n\r\n", MalformedChunk},
		{"final chunk missing", two, IncompleteBody},
		{"final CRLF missing", good[:len(good)-2], IncompleteBody},
		{"last chunk dropped", first + final, IncompleteBody},
		{"first chunk dropped", second + final, SignatureMismatch},
		{"reordered", second + first + final, SignatureMismatch},
		{"repeated", first + first + final, SignatureMismatch},
		{"more than declared", two + second + final, IncompleteBody},
		{"bytes after the end", good + "x", MalformedChunk},
		{"unsigned framing", fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", size, firstChunk+secondChunk), MalformedChunk},
		{"empty body", "", IncompleteBody},
		{"endless header", strings.Repeat("0", 1<<20), MalformedChunk},
		{"negative size", "-1" + good[1:], MalformedChunk},
		{"huge size", "7fffffffffffffff" + good[1:], MalformedChunk},
		{"bare LF", strings.Replace(good, "\r\n", "\n", 1), MalformedChunk},
		{"trailer in a mode without", good[:len(good)-2] + checksum + "\r\n\r\n", MalformedChunk},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := decode(t, v, tt.body)
			wantReason(t, err, tt.want)
			if tt.want != 0 && len(got) >= size {
				t.Fatalf("the whole content was released before the fault %v", err)
			}
		})
	}
	for cut := range len(good) {
		_, _, err := decode(t, v, good[:cut])
		wantReason(t, err, IncompleteBody)
	}
}

func TestSignedTrailerFaults(t *testing.T) {
	const size = len(firstChunk + secondChunk)
	v := streamed(t, StreamingSignedPayloadTrailer, size, "x-amz-trailer", "x-amz-checksum-crc32")
	build := func(lines ...string) string {
		e := signedBody(v)
		e.trailer(lines...)
		return e.out.String()
	}
	good := build(checksum)
	unsignedTail := good[:strings.Index(good, trailerSignature)]
	tests := []struct {
		name, body string
		want       Reason
	}{
		{"good", good, 0},
		{"bare LF", strings.Replace(good, checksum+"\r\n", checksum+"\n\r\n", 1), 0},
		{"no last blank line", good[:len(good)-2], MalformedChunk},
		{"flipped", strings.Replace(good, "AAAA==", "AAAB==", 1), SignatureMismatch},
		{"not signed", unsignedTail + "\r\n", MalformedChunk},
		{"signature under another name", strings.Replace(good, trailerSignature, "x-amz-other", 1), MalformedChunk},
		{"signature too long", strings.Replace(good, trailerSignature+":", trailerSignature+":0", 1), MalformedChunk},
		{"lines run into each other", strings.Replace(good, checksum+"\r\n", checksum+"\r", 1), MalformedChunk},
		{"signature cut", good[:len(good)-6], IncompleteBody},
		{"missing", build(), MalformedTrailer},
		{"twice", build(checksum, checksum), MalformedTrailer},
		{"not announced", build(checksum, "x-amz-meta-a:b"), MalformedTrailer},
		{"after the signature", good[:len(good)-2] + checksum + "\r\n\r\n", MalformedTrailer},
		{"no colon", build("x-amz-checksum-crc32"), MalformedTrailer},
		{"control character", build("x-amz-checksum-crc32:A\x00"), MalformedTrailer},
		{"long line", build("x-amz-checksum-crc32:" + strings.Repeat("A", chunkBuffer)), MalformedTrailer},
		{"many lines", good + strings.Repeat("\r\n", maxTrailerLines), MalformedTrailer},
		{"final chunk not signed", strings.Replace(good, "\r\n0;chunk-signature=", "\r\n0;chunk-signature=x", 1), MalformedChunk},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, trailers, err := decode(t, v, tt.body)
			wantReason(t, err, tt.want)
			if tt.want == 0 {
				if trailers["x-amz-checksum-crc32"] != "AAAAAA==" {
					t.Fatalf("trailers = %v", trailers)
				}
			} else if trailers != nil || len(got) >= size {
				t.Fatalf("released %d bytes and %v before the fault", len(got), trailers)
			}
		})
	}
}

func TestUnsignedTrailer(t *testing.T) {
	v := streamed(t, StreamingUnsignedTrailer, 5, "x-amz-trailer", "x-amz-checksum-crc32")
	tests := []struct {
		name, body string
		want       Reason
	}{
		{"good", "2\r\nhe\r\n3\r\nllo\r\n0\r\n" + checksum + "\r\n\r\n", 0},
		{"upper-case name and blanks", "5\r\nhello\r\n0\r\nX-Amz-Checksum-CRC32: AAAAAA== \r\n\r\n", 0},
		{"no trailer", "5\r\nhello\r\n0\r\n\r\n", MalformedTrailer},
		{"not announced", "5\r\nhello\r\n0\r\n" + checksum + "\r\nx-amz-acl:a\r\n\r\n", MalformedTrailer},
		{"signature in the unsigned mode", "5\r\nhello\r\n0\r\n" + checksum + "\r\n" + trailerSignature + ":00\r\n\r\n", MalformedTrailer},
		{"no trailer and no end", "5\r\nhello\r\n0\r\n", MalformedChunk},
		{"no end", "5\r\nhello\r\n0\r\n" + checksum + "\r\n", MalformedChunk},
		{"chunk size wrong", "6\r\nhello\r\n0\r\n" + checksum + "\r\n\r\n", MalformedChunk},
		{"too little", "4\r\nhell\r\n0\r\n" + checksum + "\r\n\r\n", IncompleteBody},
		{"too much", "6\r\nhello!\r\n0\r\n" + checksum + "\r\n\r\n", IncompleteBody},
		{"cut", "5\r\nhel", IncompleteBody},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := decode(t, v, tt.body)
			wantReason(t, err, tt.want)
			if (tt.want == 0) != (got == "hello") {
				t.Fatalf("content = %q with error %v", got, err)
			}
		})
	}
}

// A reader that takes the declared length and never asks for io.EOF must not get past a fault.
func TestFaultAtTheEndReachesReadFull(t *testing.T) {
	v := streamed(t, StreamingSignedPayload, len(firstChunk))
	e := newEncoder(v.seed)
	e.chunk(firstChunk)
	body := e.out.String() + "0;chunk-signature=" + strings.Repeat("0", 64) + "\r\n\r\n"
	c, err := v.ChunkedReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, len(firstChunk))
	_, err = io.ReadFull(c, buf)
	wantReason(t, err, SignatureMismatch)
	_, again := c.Read(buf)
	wantReason(t, again, SignatureMismatch)
}

func TestMinimumChunkSize(t *testing.T) {
	for _, enforce := range []bool{false, true} {
		ep := New(Options{EnforceMinSize: enforce})
		r := signed(t, "PUT", "http://h/b/k", "", StreamingUnsignedTrailer, "x-amz-decoded-content-length", "3")
		v, err := check(ep, r, exampleTime())
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = decode(t, v, "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
		want := Reason(0)
		if enforce {
			want = InvalidChunkSize
		}
		wantReason(t, err, want)
	}
}

func TestBodyErrorsAreKept(t *testing.T) {
	v := streamed(t, StreamingUnsignedTrailer, 100)
	cause := errors.New("connection lost")
	c, err := v.ChunkedReader(io.MultiReader(strings.NewReader("64\r\nabc"), iotest.ErrReader(cause)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = io.ReadAll(c); !errors.Is(err, cause) || ReasonOf(err) != 0 {
		t.Fatalf("error = %v, want the cause and no reason", err)
	}
}

func TestEmptyContent(t *testing.T) {
	v := streamed(t, StreamingSignedPayload, 0)
	e := newEncoder(v.seed)
	e.chunk("")
	got, _, err := decode(t, v, e.out.String())
	if err != nil || got != "" {
		t.Fatalf("decoded %q, %v", got, err)
	}
}

func TestReadSizesDoNotMatter(t *testing.T) {
	content := strings.Repeat("0123456789abcdef", 20<<10/16)
	v := streamed(t, StreamingSignedPayload, len(content))
	e := newEncoder(v.seed)
	e.chunk(content[:9000])
	e.chunk(content[9000:9001])
	e.chunk(content[9001:])
	e.chunk("")
	for _, wrap := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader} {
		c, err := v.ChunkedReader(wrap(bytes.NewReader(e.out.Bytes())))
		if err != nil {
			t.Fatal(err)
		}
		if err := iotest.TestReader(c, []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestChunksDoNotAllocate(t *testing.T) {
	const chunks = 200
	v := streamed(t, StreamingSignedPayload, chunks*100)
	e := newEncoder(v.seed)
	for range chunks {
		e.chunk(strings.Repeat("x", 100))
	}
	e.chunk("")
	buf := make([]byte, 8<<10)
	got := testing.AllocsPerRun(5, func() {
		c, err := v.ChunkedReader(bytes.NewReader(e.out.Bytes()))
		for err == nil {
			_, err = c.Read(buf)
		}
		if err != io.EOF {
			t.Fatal(err)
		}
	})
	// Opening the reader allocates; a chunk must not.
	if got > chunks/4 {
		t.Fatalf("%v allocations for %d chunks", got, chunks)
	}
}

func BenchmarkChunkedReader(b *testing.B) {
	const size = 1 << 20
	v := streamed(b, StreamingSignedPayload, 8*size)
	e := newEncoder(v.seed)
	for range 8 {
		e.chunk(strings.Repeat("x", size))
	}
	e.chunk("")
	buf := make([]byte, 256<<10)
	b.SetBytes(8 * size)
	b.ReportAllocs()
	for b.Loop() {
		c, err := v.ChunkedReader(bytes.NewReader(e.out.Bytes()))
		for err == nil {
			_, err = c.Read(buf)
		}
		if err != io.EOF {
			b.Fatal(err)
		}
	}
}
