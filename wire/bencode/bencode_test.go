package bencode

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestParseAccepts(t *testing.T) {
	for _, in := range []string{
		"i0e", "i-1e", "i9223372036854775807e", "i-9223372036854775808e",
		"0:", "3:abc", "le", "de", "li1e1:ae", "d1:ai1e1:bl1:cee", "d1:bi1e1:ai2ee", "d0:0:e",
		"llllllllee" + "eeeeee",
	} {
		v, err := Parse([]byte(in), Options{})
		if err != nil {
			t.Errorf("Parse(%q): %v", in, err)
			continue
		}
		if got := string(v.Raw()); got != in {
			t.Errorf("Parse(%q).Raw() = %q", in, got)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	strict := Options{Canonical: true}
	for _, tc := range []struct {
		in   string
		opts Options
		want error
	}{
		{"", Options{}, ErrSyntax},
		{"x", Options{}, ErrSyntax},
		{"e", Options{}, ErrSyntax},
		{"i", Options{}, ErrSyntax},
		{"ie", Options{}, ErrSyntax},
		{"i-e", Options{}, ErrSyntax},
		{"i-0e", Options{}, ErrSyntax},
		{"i03e", Options{}, ErrSyntax},
		{"i-03e", Options{}, ErrSyntax},
		{"i+3e", Options{}, ErrSyntax},
		{"i3", Options{}, ErrSyntax},
		{"i9223372036854775808e", Options{}, ErrLimit},
		{"i-9223372036854775809e", Options{}, ErrLimit},
		{"i18446744073709551616e", Options{}, ErrLimit},
		{"3:ab", Options{}, ErrSyntax},
		{"03:abc", Options{}, ErrSyntax},
		{"00:", Options{}, ErrSyntax},
		{"3", Options{}, ErrSyntax},
		{"-1:a", Options{}, ErrSyntax},
		{"99999999999999999999:a", Options{}, ErrLimit},
		{"l", Options{}, ErrSyntax},
		{"li1e", Options{}, ErrSyntax},
		{"d1:ae", Options{}, ErrSyntax},
		{"di1ei2ee", Options{}, ErrSyntax},
		{"i1ei2e", Options{}, ErrSyntax},
		{strings.Repeat("l", 9) + strings.Repeat("e", 9), Options{}, ErrLimit},
		{strings.Repeat("l", 1000), Options{MaxDepth: 1 << 20}, ErrLimit},
		{"l" + strings.Repeat("0:", 600) + "e", Options{}, ErrLimit},
		{"4:abcd", Options{MaxString: 3}, ErrLimit},
		{"4:abcd", Options{MaxBytes: 5}, ErrLimit},
		{"d1:bi1e1:ai2ee", strict, ErrOrder},
		{"d1:ai1e1:ai2ee", strict, ErrOrder},
		{"d0:i1e0:i2ee", strict, ErrOrder},
	} {
		if _, err := Parse([]byte(tc.in), tc.opts); !errors.Is(err, tc.want) {
			t.Errorf("Parse(%.40q): got error %v, want %v", tc.in, err, tc.want)
		}
	}
}

func TestAccessors(t *testing.T) {
	in := "d1:ad2:idi-5ee1:ll1:x0:e4:longi-9223372036854775808e1:s3:a\x00be"
	v, err := Parse([]byte(in), Options{Canonical: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := v.Get("a").Get("id").Int(); got != -5 || !ok {
		t.Errorf("a.id = %d, %v", got, ok)
	}
	if got, ok := v.Get("long").Int(); got != math.MinInt64 || !ok {
		t.Errorf("long = %d, %v", got, ok)
	}
	if got, ok := v.Get("s").Text(); got != "a\x00b" || !ok {
		t.Errorf("s = %q, %v", got, ok)
	}
	if got := string(v.Get("a").Raw()); got != "d2:idi-5ee" {
		t.Errorf("raw a = %q", got)
	}
	var items []string
	for item := range v.Get("l").Items() {
		s, _ := item.Text()
		items = append(items, s)
	}
	if want := []string{"x", ""}; !slices.Equal(items, want) {
		t.Errorf("l = %q, want %q", items, want)
	}
	if got := v.Get("nope"); got.Kind() != None || got.Raw() != nil {
		t.Errorf("absent key gives %v", got)
	}
	if _, ok := v.Get("s").Int(); ok {
		t.Error("Int of a string is ok")
	}
	if _, ok := v.Get("l").Bytes(); ok {
		t.Error("Bytes of a list is ok")
	}
}

func TestParsePrefix(t *testing.T) {
	v, rest, err := ParsePrefix([]byte("d1:ai1eeDATA"), Options{})
	if err != nil || string(v.Raw()) != "d1:ai1ee" || string(rest) != "DATA" {
		t.Errorf("got %q, %q, %v", v.Raw(), rest, err)
	}
}

func TestBuilder(t *testing.T) {
	d := NewDict([]byte(">"))
	d.Int("a", -7)
	d.String("b", "x")
	d.Bytes("c", []byte{0})
	d.Strings("d", []string{"p", "q"})
	d.Raw("e", []byte("le"))
	d.Value("f", func(b []byte) []byte { return AppendInt(b, 1) })
	if got, want := string(d.End()), ">d1:ai-7e1:b1:x1:c1:\x001:dl1:p1:qe1:ele1:fi1ee"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBuilderPanicsOnDisorder(t *testing.T) {
	for _, second := range []string{"a", "b"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("no panic when %q follows \"b\"", second)
				}
			}()
			d := NewDict(nil)
			d.Int("b", 1)
			d.Int(second, 2)
		}()
	}
}

// reencode writes v through the appending functions.
func reencode(b []byte, v Value) []byte {
	switch v.Kind() {
	case Int:
		n, _ := v.Int()
		return AppendInt(b, n)
	case String:
		s, _ := v.Bytes()
		return AppendBytes(b, s)
	case List:
		b = append(b, 'l')
		for item := range v.Items() {
			b = reencode(b, item)
		}
		return append(b, 'e')
	case Dict:
		d := NewDict(b)
		for k, val := range v.Entries() {
			d.Value(string(k), func(b []byte) []byte { return reencode(b, val) })
		}
		return d.End()
	}
	panic("no value")
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("d1:ad2:idi-5ee1:ll1:x0:e1:s3:abce"))
	f.Add([]byte("li0ei-1ei9223372036854775807ee"))
	f.Add([]byte("d1:md11:ut_metadatai1e6:ut_pexi2ee1:pi6881e4:reqqi512e1:v5:Shoale"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if v, err := Parse(data, Options{}); err == nil && string(v.Raw()) != string(data) {
			t.Fatalf("raw %q of %q", v.Raw(), data)
		}
		v, err := Parse(data, Options{Canonical: true})
		if err != nil {
			return
		}
		if got := reencode(nil, v); string(got) != string(data) {
			t.Fatalf("%q encodes to %q", data, got)
		}
	})
}

func BenchmarkExtensionHandshake(b *testing.B) {
	in := []byte("d1:md11:ut_metadatai1e6:ut_pexi2ee13:metadata_sizei1024e1:pi6881e4:reqqi512e1:v5:Shoale")
	b.ReportAllocs()
	for b.Loop() {
		v, err := Parse(in, Options{})
		if err != nil {
			b.Fatal(err)
		}
		if n, _ := v.Get("m").Get("ut_pex").Int(); n != 2 {
			b.Fatal(n)
		}
	}
}
