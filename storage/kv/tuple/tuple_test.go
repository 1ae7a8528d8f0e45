package tuple_test

import (
	"bytes"
	"cmp"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"shoal/storage/kv/tuple"
)

// record is one tuple with a field of every kind.
type record struct {
	prefix byte
	name   string
	shard  uint16
	n      uint64
	desc   uint64
	id     [16]byte
	hash   [20]byte
	tail   []byte
}

func (r record) encode() []byte {
	b := tuple.AppendString([]byte{r.prefix}, r.name)
	b = tuple.AppendUint16(b, r.shard)
	b = tuple.AppendUint64(b, r.n)
	b = tuple.AppendUint64Desc(b, r.desc)
	b = tuple.AppendID16(b, r.id)
	b = tuple.AppendID20(b, r.hash)
	return tuple.AppendBytes(b, r.tail)
}

func decode(key []byte) (record, error) {
	d := tuple.NewDecoder(key)
	r := record{d.Byte(), d.Str(), d.Uint16(), d.Uint64(), d.Uint64Desc(), d.ID16(), d.ID20(), d.Bytes()}
	return r, d.Done()
}

func (r record) compare(o record) int {
	return cmp.Or(
		cmp.Compare(r.prefix, o.prefix),
		bytes.Compare([]byte(r.name), []byte(o.name)),
		cmp.Compare(r.shard, o.shard),
		cmp.Compare(r.n, o.n),
		cmp.Compare(o.desc, r.desc),
		bytes.Compare(r.id[:], o.id[:]),
		bytes.Compare(r.hash[:], o.hash[:]),
		bytes.Compare(r.tail, o.tail),
	)
}

// draw makes small alphabets and ranges, so that equal prefixes and zero bytes are frequent.
func draw(t *rapid.T) record {
	small := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 'a', 0xFE, 0xFF}), 0, 4)
	number := rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 2))
	r := record{
		prefix: rapid.SampledFrom([]byte{'a', 'b'}).Draw(t, "prefix"),
		name:   string(small.Draw(t, "name")),
		shard:  rapid.Uint16Range(0, 2).Draw(t, "shard"),
		n:      number.Draw(t, "n"),
		desc:   number.Draw(t, "desc"),
		tail:   small.Draw(t, "tail"),
	}
	r.id[0] = rapid.Byte().Draw(t, "id")
	r.hash[19] = rapid.Byte().Draw(t, "hash")
	return r
}

func TestOrderIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw(t), draw(t)
		if got, want := bytes.Compare(a.encode(), b.encode()), a.compare(b); got != want {
			t.Fatalf("order of %+v and %+v: got %d, want %d", a, b, got, want)
		}
	})
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := draw(t)
		got, err := decode(want.encode())
		if err != nil || got.compare(want) != 0 {
			t.Fatalf("decode: got %+v, %v, want %+v", got, err, want)
		}
	})
}

func TestStringPrefixBoundsExactlyItsStrings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		small := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 'a', 0xFF}), 0, 4)
		p, s := small.Draw(t, "prefix"), small.Draw(t, "string")
		from := tuple.AppendStringPrefix([]byte{'t'}, string(p))
		to := tuple.PrefixEnd(from)
		key := tuple.AppendBytes([]byte{'t'}, s)
		got := bytes.Compare(from, key) <= 0 && bytes.Compare(key, to) < 0
		if want := bytes.HasPrefix(s, p); got != want {
			t.Fatalf("%q in the range of prefix %q: got %v, want %v", s, p, got, want)
		}
	})
}

func TestPrefixEnd(t *testing.T) {
	for _, c := range []struct{ prefix, want string }{
		{"", ""},
		{"\xff\xff", ""},
		{"a", "b"},
		{"a\xff", "b"},
		{"a\x00", "a\x01"},
	} {
		if got := tuple.PrefixEnd([]byte(c.prefix)); string(got) != c.want {
			t.Errorf("PrefixEnd(%q): got %q, want %q", c.prefix, got, c.want)
		}
	}
}

func TestDecoderErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		key  string
		read func(*tuple.Decoder)
	}{
		{"no byte", "", func(d *tuple.Decoder) { d.Byte() }},
		{"short number", "1234567", func(d *tuple.Decoder) { d.Uint64() }},
		{"short id", "123", func(d *tuple.Decoder) { d.ID20() }},
		{"no end", "abc", func(d *tuple.Decoder) { d.Str() }},
		{"half an end", "abc\x00", func(d *tuple.Decoder) { d.Str() }},
		{"bad escape", "a\x00\x02\x00\x01", func(d *tuple.Decoder) { d.Str() }},
		{"left over", "ab", func(d *tuple.Decoder) { d.Byte() }},
	} {
		d := tuple.NewDecoder([]byte(c.key))
		c.read(d)
		if err := d.Done(); !errors.Is(err, tuple.ErrMalformed) {
			t.Errorf("%s: got %v, want ErrMalformed", c.name, err)
		}
	}
}

func FuzzDecoder(f *testing.F) {
	f.Add(record{prefix: 'x', name: "a\x00b", n: 7, tail: []byte{0xFF, 0}}.encode())
	f.Add([]byte("x\x00"))
	f.Fuzz(func(t *testing.T, key []byte) {
		r, err := decode(key)
		if err != nil {
			return
		}
		// The encoding is canonical: what decodes is what would have been encoded.
		if got := r.encode(); !bytes.Equal(got, key) {
			t.Fatalf("encode(decode(%x)): got %x", key, got)
		}
	})
}
