package soap

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// readAll returns the parts of a message, each as "id type content".
func readAll(contentType string, body io.Reader) (parts []string, err error) {
	r, err := NewReader(contentType, body)
	if err != nil {
		return nil, err
	}
	for {
		p, err := r.Next()
		if err == io.EOF {
			return parts, nil
		}
		if err != nil {
			return parts, err
		}
		data, err := io.ReadAll(p)
		if err != nil {
			return parts, err
		}
		parts = append(parts, p.ID+" "+p.Type+" "+string(data))
	}
}

func TestPackagingOf(t *testing.T) {
	for mediaType, want := range map[string]Packaging{
		"text/xml":                                       Plain,
		"TEXT/XML; charset=utf-8":                        Plain,
		"application/dime":                               DIME,
		"multipart/related; boundary=b":                  SwA,
		`multipart/related;type="text/xml";boundary="b"`: SwA,
		`multipart/related;type="Application/XOP+xml";boundary="b"`: MTOM,
		"application/xop+xml": MTOM,
	} {
		if got, ok := PackagingOf(mediaType); !ok || got != want {
			t.Errorf("%s: got %d %v, want %d", mediaType, got, ok, want)
		}
	}
	for _, mediaType := range []string{"", "text/plain", "multipart/form-data; boundary=b", "application/soap+xml", "application/x-www-form-urlencoded", "text/xml; a"} {
		if got, ok := PackagingOf(mediaType); ok {
			t.Errorf("%q: got %d", mediaType, got)
		}
	}
}

// dimeGolden is a message of an envelope "<e/>" and two chunks, as draft-nielsen-dime-02 has it: the fields of a record are
// its flags, TYPE_T, lengths of options, id, type and data, then these, each padded to four bytes.
const dimeGolden = "0c 20 0000 0000 0029 00000004" + // MB; absolute URI
	"687474703a2f2f736368656d61732e786d6c736f61702e6f72672f736f61702f656e76656c6f70652f 000000" + "3c652f3e" +
	"09 10 0004 0005 000a 00000008" + // CF; media type
	"01020304" + "6369643a31 000000" + "746578742f706c61696e 0000" + "3132333435363738" +
	"0a 00 0000 0000 0000 00000002" + "3930 0000" // ME; unchanged

func dimeBytes(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDIME(t *testing.T) {
	want := []string{" " + EnvelopeNamespace + " <e/>", "1 text/plain 1234567890"}
	whole := dimeBytes(t, dimeGolden)
	for name, body := range map[string]io.Reader{
		"at once": bytes.NewReader(whole), "by bytes": iotest.OneByteReader(bytes.NewReader(whole)), "with the end": iotest.DataErrReader(bytes.NewReader(whole)),
	} {
		got, err := readAll("application/dime", body)
		if err != nil || strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
	for n := range len(whole) {
		if _, err := readAll("application/dime", bytes.NewReader(whole[:n])); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the first %d bytes: %v, want an unexpected end", n, err)
		}
	}
}

func TestDIMERefuses(t *testing.T) {
	const envelope = "0c 20 0000 0000 0000 00000004 3c652f3e"
	for name, tt := range map[string]struct {
		message string
		want    Reason
	}{
		"another version":        {"14" + envelope[2:], Malformed},
		"a reserved bit":         {"0c 21" + envelope[5:], Malformed},
		"no beginning":           {"08" + envelope[2:], Malformed},
		"two beginnings":         {envelope + envelope, Malformed},
		"begins with a chunk":    {"0c 00" + envelope[5:], Malformed},
		"a chunk that is last":   {"0f" + envelope[2:], Malformed},
		"an empty chunk":         {"0d 20 0000 0000 0000 00000000", Malformed},
		"a chunk with a type":    {"0d" + envelope[2:] + "0a 10 0000 0000 0000 00000000", Malformed},
		"a chunk with an id":     {"0d" + envelope[2:] + "0a 00 0000 0001 0000 00000000 61000000", Malformed},
		"too long an option":     {"0c 20 0401" + envelope[10:], TooLarge},
		"too long an id":         {"0c 20 0000 ffff 0000 00000000", TooLarge},
		"a chunk from the start": {"0d" + envelope[2:] + "0e 00 0000 0000 0000 00000000", Malformed},
	} {
		_, err := readAll("application/dime", bytes.NewReader(dimeBytes(t, tt.message)))
		var refused *Error
		if !errors.As(err, &refused) || refused.Reason != tt.want {
			t.Errorf("%s: got %v, want reason %d", name, err, tt.want)
		}
	}
}

func TestMIME(t *testing.T) {
	const kind = `multipart/related; type="text/xml"; start="<root>"; boundary=b`
	message := strings.ReplaceAll(`preamble
--b
Content-Type: text/xml
Content-ID: <root>

<e/>
--b
content-type: text/plain
content-id: <cid:1>
Content-Transfer-Encoding: BASE64

aGVs
bG8=
--b
Content-Transfer-Encoding: quoted-printable

a=3Db
--b--
epilogue`, "\n", "\r\n")
	want := []string{"root text/xml <e/>", "1 text/plain hello", "  a=b"}
	got, err := readAll(kind, iotest.OneByteReader(strings.NewReader(message)))
	if err != nil || strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func TestMIMERefuses(t *testing.T) {
	const kind = `multipart/related; boundary=b`
	for name, tt := range map[string]struct {
		kind, message string
		want          Reason
	}{
		"no boundary":          {"multipart/related", "--b\r\n\r\nx\r\n--b--", Malformed},
		"a long boundary":      {"multipart/related; boundary=" + strings.Repeat("b", maxBoundary+1), "", Malformed},
		"no part":              {kind, "--b--\r\n", Malformed},
		"nothing":              {kind, "", Malformed},
		"another root":         {kind + `; start="<root>"`, "--b\r\nContent-ID: <other>\r\n\r\nx\r\n--b--", Malformed},
		"unknown encoding":     {kind, "--b\r\nContent-Transfer-Encoding: x-zip\r\n\r\nx\r\n--b--", Malformed},
		"no base64":            {kind, "--b\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!\r\n--b--", Malformed},
		"a broken header":      {kind, "--b\r\nno colon\r\n\r\nx\r\n--b--", Malformed},
		"long headers":         {kind, "--b\r\nA: " + strings.Repeat("a", maxMIMEHeaders) + "\r\n\r\nx\r\n--b--", TooLarge},
		"many headers":         {kind, "--b\r\n" + strings.Repeat("A: b\r\n", maxMIMEHeaders/6) + "\r\nx\r\n--b--", TooLarge},
		"a long preamble":      {kind, strings.Repeat("x\r\n", maxMIMEHeaders) + "--b\r\n\r\nx\r\n--b--", TooLarge},
		"long headers, second": {kind, "--b\r\n\r\nx\r\n--b\r\nA: " + strings.Repeat("a", 2*maxMIMEHeaders) + "\r\n\r\nx\r\n--b--", TooLarge},
	} {
		_, err := readAll(tt.kind, strings.NewReader(tt.message))
		var refused *Error
		if !errors.As(err, &refused) || refused.Reason != tt.want {
			t.Errorf("%s: got %v, want reason %d", name, err, tt.want)
		}
	}
	if _, err := readAll(kind, strings.NewReader("--b\r\n\r\nhello")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a part without an end: %v, want an unexpected end", err)
	}
}

// TestSourceErrors: what the source fails with is told as that.
func TestSourceErrors(t *testing.T) {
	broken := errors.New("the network is gone")
	for kind, start := range map[string]string{
		"text/xml": "<e", "application/dime": "\x0c\x20", "multipart/related; boundary=b": "--b\r\nA: b", "multipart/related; boundary=\"b\"": "--b\r\n\r\nhello",
	} {
		if _, err := readAll(kind, io.MultiReader(strings.NewReader(start), iotest.ErrReader(broken))); !errors.Is(err, broken) {
			t.Errorf("%s: got %v, want the error of the source", kind, err)
		}
	}
}
