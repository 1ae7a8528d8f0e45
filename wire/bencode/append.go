package bencode

import (
	"fmt"
	"strconv"
)

// AppendInt appends an integer.
func AppendInt(b []byte, n int64) []byte {
	b = append(b, 'i')
	b = strconv.AppendInt(b, n, 10)
	return append(b, 'e')
}

// AppendString appends a string.
func AppendString(b []byte, s string) []byte {
	b = strconv.AppendInt(b, int64(len(s)), 10)
	b = append(b, ':')
	return append(b, s...)
}

// AppendBytes appends a string.
func AppendBytes(b, s []byte) []byte {
	b = strconv.AppendInt(b, int64(len(s)), 10)
	b = append(b, ':')
	return append(b, s...)
}

// AppendStrings appends a list of strings.
func AppendStrings(b []byte, list []string) []byte {
	b = append(b, 'l')
	for _, s := range list {
		b = AppendString(b, s)
	}
	return append(b, 'e')
}

// Builder appends one dictionary. Keys must come in strictly ascending byte order; a key out
// of order is a fault of the caller and panics. The zero Builder is not usable: see NewDict.
type Builder struct {
	buf  []byte
	last string
	open bool // a key was written
}

// NewDict starts a dictionary at the end of b, which the Builder owns until End returns it.
func NewDict(b []byte) Builder {
	return Builder{buf: append(b, 'd')}
}

// Int appends an entry with an integer.
func (d *Builder) Int(key string, n int64) {
	d.key(key)
	d.buf = AppendInt(d.buf, n)
}

// String appends an entry with a string.
func (d *Builder) String(key, s string) {
	d.key(key)
	d.buf = AppendString(d.buf, s)
}

// Bytes appends an entry with a string.
func (d *Builder) Bytes(key string, s []byte) {
	d.key(key)
	d.buf = AppendBytes(d.buf, s)
}

// Strings appends an entry with a list of strings.
func (d *Builder) Strings(key string, list []string) {
	d.key(key)
	d.buf = AppendStrings(d.buf, list)
}

// Raw appends an entry whose value is already encoded.
func (d *Builder) Raw(key string, value []byte) {
	d.key(key)
	d.buf = append(d.buf, value...)
}

// Value appends an entry whose value is what add appends: exactly one value.
func (d *Builder) Value(key string, add func([]byte) []byte) {
	d.key(key)
	d.buf = add(d.buf)
}

// End closes the dictionary and returns the slice that NewDict was given, extended.
func (d *Builder) End() []byte {
	return append(d.buf, 'e')
}

func (d *Builder) key(key string) {
	if d.open && key <= d.last {
		panic(fmt.Sprintf("bencode: key %q written after %q", key, d.last))
	}
	d.open, d.last = true, key
	d.buf = AppendString(d.buf, key)
}
