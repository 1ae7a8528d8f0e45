package bencode

import "iter"

// Kind is the type of a Value.
type Kind uint8

// The kinds. None is that of the zero Value, which Get returns for an absent key.
const (
	None Kind = iota
	Int
	String
	List
	Dict
)

// Value is a view of one value that Parse has checked.
type Value struct {
	raw []byte // exactly one valid value, or empty
}

// Kind tells which accessor applies.
func (v Value) Kind() Kind {
	if len(v.raw) == 0 {
		return None
	}
	switch v.raw[0] {
	case 'i':
		return Int
	case 'l':
		return List
	case 'd':
		return Dict
	}
	return String
}

// Raw returns the encoded bytes of the value as they stood in the input; not a copy.
func (v Value) Raw() []byte { return v.raw }

// Int returns the integer; false if the value is something else.
func (v Value) Int() (int64, bool) {
	if v.Kind() != Int {
		return 0, false
	}
	digits := v.raw[1 : len(v.raw)-1]
	negative := digits[0] == '-'
	if negative {
		digits = digits[1:]
	}
	// Unsigned, so that the smallest int64 wraps into itself.
	n := uint64(0)
	for _, c := range digits {
		n = n*10 + uint64(c-'0')
	}
	if negative {
		n = -n
	}
	return int64(n), true
}

// Bytes returns the string, not copied; false if the value is something else.
func (v Value) Bytes() ([]byte, bool) {
	if v.Kind() != String {
		return nil, false
	}
	head, n := stringHead(v.raw)
	return v.raw[head : head+n : head+n], true
}

// Text returns a copy of the string; false if the value is something else. It need not be UTF-8.
func (v Value) Text() (string, bool) {
	b, ok := v.Bytes()
	return string(b), ok
}

// Items yields the values of a list in order, and nothing for other kinds.
func (v Value) Items() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Kind() != List {
			return
		}
		for b := v.raw[1:]; b[0] != 'e'; {
			n := span(b)
			if !yield(Value{raw: b[:n:n]}) {
				return
			}
			b = b[n:]
		}
	}
}

// Entries yields the keys (not copied) and values of a dictionary in the order of the input,
// and nothing for other kinds.
func (v Value) Entries() iter.Seq2[[]byte, Value] {
	return func(yield func([]byte, Value) bool) {
		if v.Kind() != Dict {
			return
		}
		for b := v.raw[1:]; b[0] != 'e'; {
			head, n := stringHead(b)
			key := b[head : head+n : head+n]
			b = b[head+n:]
			n = span(b)
			if !yield(key, Value{raw: b[:n:n]}) {
				return
			}
			b = b[n:]
		}
	}
}

// Get returns the value of the first entry with that key, or the zero Value if there is none
// or v is no dictionary.
func (v Value) Get(key string) Value {
	for k, val := range v.Entries() {
		if string(k) == key {
			return val
		}
	}
	return Value{}
}

// stringHead returns the length of the "<n>:" that b starts with, and n.
func stringHead(b []byte) (head, n int) {
	for ; b[head] != ':'; head++ {
		n = n*10 + int(b[head]-'0')
	}
	return head + 1, n
}

// span returns the length of the valid value that b starts with.
func span(b []byte) int {
	for pos, depth := 0, 0; ; {
		switch b[pos] {
		case 'i':
			for b[pos] != 'e' {
				pos++
			}
			pos++
		case 'l', 'd':
			depth++
			pos++
		case 'e':
			depth--
			pos++
		default:
			head, n := stringHead(b[pos:])
			pos += head + n
		}
		if depth == 0 {
			return pos
		}
	}
}
