package soap

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

func FuzzParse(f *testing.F) {
	f.Add([]byte(messageStart + `<a xmlns:i="` + SchemaInstance + `" i:nil="1"><b i:type="c:d">e</b></a>` + messageEnd))
	f.Add([]byte(messageStart + `<a b='>'><![CDATA[<]]><!-- > --></a>` + messageEnd))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := Parse(data)
		var refused *Error
		if err != nil && !errors.As(err, &refused) {
			t.Fatalf("an error that is none of ours: %v", err)
		}
		if err == nil {
			check(t, e, maxDepth)
		}
	})
}

// check holds a tree against the bounds.
func check(t *testing.T, e *Element, depth int) {
	if depth < 0 || len(e.Attr) > maxAttributes {
		t.Fatalf("%s is beyond the bounds", e.Name.Local)
	}
	_, _, _ = e.IsNil(), e.Type(), e.ContentID()
	for _, child := range e.Children {
		check(t, child, depth-1)
	}
}

// FuzzReader: no message makes a Reader give more than it was given, or an error that tells nothing.
func FuzzReader(f *testing.F) {
	f.Add("application/dime", dimeBytes(f, dimeGolden))
	for _, p := range []Packaging{DIME, SwA, MTOM} {
		frame := NewFrame(p, Envelope([]byte("<a/>")), Attachment{ID: "data", Type: "text/plain", Size: 5}, "edge")
		kind, whole := frameOf(f, frame, "hello")
		f.Add(kind, whole)
	}
	f.Add("multipart/related; boundary=b", []byte("--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=\r\n--b--"))
	f.Fuzz(func(t *testing.T, contentType string, data []byte) {
		r, err := NewReader(contentType, bytes.NewReader(data))
		for n := int64(0); err == nil; {
			var p *Part
			if p, err = r.Next(); err != nil {
				break
			}
			var m int64
			m, err = io.Copy(io.Discard, p)
			if n += m; n > int64(len(data)) {
				t.Fatalf("%d bytes of %d", n, len(data))
			}
		}
		var refused *Error
		if err != nil && !errors.As(err, &refused) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("an error that is none of ours: %v", err)
		}
	})
}
