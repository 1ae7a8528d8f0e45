package soap

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// frameOf packs content and returns the media type and the bytes.
func frameOf(t testing.TB, f *Frame, content string) (string, []byte) {
	t.Helper()
	var b bytes.Buffer
	if err := f.WriteTo(&b, strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	if int64(b.Len()) != f.Length {
		t.Errorf("%d bytes, announced as %d", b.Len(), f.Length)
	}
	return f.ContentType, b.Bytes()
}

// TestFrames: what is packed is read as it was.
func TestFrames(t *testing.T) {
	envelope := Envelope([]byte("<a/>"))
	for size := range 40 {
		content := strings.Repeat("0123456789", 4)[:size]
		a := Attachment{ID: "data", Type: "text/plain", Size: int64(size)}
		for name, f := range map[string]*Frame{
			"DIME": NewFrame(DIME, envelope, a, ""), "SwA": NewFrame(SwA, envelope, a, "edge"), "MTOM": NewFrame(MTOM, envelope, a, "edge"),
			"DIME in chunks": newDIMEFrame(envelope, a, 8),
		} {
			kind, whole := frameOf(t, f, content)
			parts, err := readAll(kind, bytes.NewReader(whole))
			if err != nil || len(parts) != 2 {
				t.Fatalf("%s of %d bytes: %q, %v", name, size, parts, err)
			}
			if !strings.HasSuffix(parts[0], string(envelope)) || parts[1] != "data text/plain "+content {
				t.Errorf("%s of %d bytes: %q", name, size, parts)
			}
			want := map[string]Packaging{"SwA": SwA, "MTOM": MTOM}[name]
			if got, ok := PackagingOf(kind); !ok || strings.HasPrefix(name, "DIME") != (got == DIME) || got != DIME && got != want {
				t.Errorf("%s has the media type %q", name, kind)
			}
		}
	}
}

// TestFrameIsShort: content that ends early is no answer.
func TestFrameIsShort(t *testing.T) {
	a := Attachment{ID: "data", Type: "text/plain", Size: 20}
	for name, f := range map[string]*Frame{
		"DIME": NewFrame(DIME, nil, a, ""), "SwA": NewFrame(SwA, nil, a, "edge"), "first chunk": newDIMEFrame(nil, a, 16), "last chunk": newDIMEFrame(nil, a, 8),
	} {
		if err := f.WriteTo(io.Discard, strings.NewReader("0123456789")); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: got %v, want an unexpected end", name, err)
		}
	}
}

// TestLargeDIME: content beyond the length of a record goes in chunks of aligned lengths.
func TestLargeDIME(t *testing.T) {
	const size = 3*maxRecord + 5
	f := NewFrame(DIME, nil, Attachment{ID: "data", Size: size}, "")
	if f.size != maxRecord || len(f.chunks) != 3 || f.chunks[2] != 5 || len(f.after) != 3 || maxRecord%dimeAlign != 0 {
		t.Errorf("chunks of %d, %v, %d bytes behind the last", f.size, f.chunks, len(f.after))
	}
	if want := int64(len(f.before)) + size + 3*dimeHeader + 3; f.Length != want {
		t.Errorf("length %d, want %d", f.Length, want)
	}
}
