package bencode

import (
	"bytes"
	"errors"
	"fmt"
	"math"
)

// Bounds used where Options leaves a field zero. They fit what one peer may send in an
// extension message; a torrent file needs its own.
const (
	// DefaultMaxBytes is twice the largest extension message in use, a 16 KiB metadata block
	// with its header, rounded up generously for peer exchange.
	DefaultMaxBytes = 64 << 10
	// DefaultMaxDepth: the deepest deployed extension dictionary has three levels.
	DefaultMaxDepth = 8
	// DefaultMaxValues counts every value and key; an extension handshake has about 60.
	DefaultMaxValues = 512
)

// maxNesting bounds the recursion of Parse whatever Options say.
const maxNesting = 64

// maxIntDigits is the number of digits of the largest int64.
const maxIntDigits = 19

var (
	// ErrSyntax: the input is not bencode, or not its canonical spelling of a number.
	ErrSyntax = errors.New("malformed bencode")
	// ErrLimit: the input exceeds a bound of Options or an integer exceeds int64.
	ErrLimit = errors.New("bencode over its limit")
	// ErrOrder: dictionary keys are not strictly ascending (Options.Canonical).
	ErrOrder = errors.New("dictionary keys not sorted")
)

// Options bound what Parse accepts. The zero value is fit for messages from peers.
type Options struct {
	MaxBytes  int  // total input; default DefaultMaxBytes
	MaxDepth  int  // nested lists and dictionaries, at most 64; default DefaultMaxDepth
	MaxValues int  // values and keys together; default DefaultMaxValues
	MaxString int  // bytes in one string; default MaxBytes
	Canonical bool // require strictly ascending dictionary keys, so that one value has one encoding
}

func (o Options) withDefaults() Options {
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.MaxDepth <= 0 {
		o.MaxDepth = DefaultMaxDepth
	}
	o.MaxDepth = min(o.MaxDepth, maxNesting)
	if o.MaxValues <= 0 {
		o.MaxValues = DefaultMaxValues
	}
	if o.MaxString <= 0 {
		o.MaxString = o.MaxBytes
	}
	return o
}

// Parse checks that data is exactly one value within the bounds. The Value is a view of data,
// which must not change while it is used. Errors wrap ErrSyntax, ErrLimit or ErrOrder.
func Parse(data []byte, opts Options) (Value, error) {
	v, rest, err := ParsePrefix(data, opts)
	if err != nil {
		return Value{}, err
	}
	if len(rest) != 0 {
		return Value{}, fmt.Errorf("%w: %d bytes after the value", ErrSyntax, len(rest))
	}
	return v, nil
}

// ParsePrefix reads the value that data starts with and also returns what follows it, as in
// a BEP 9 data message. MaxBytes bounds data as a whole.
func ParsePrefix(data []byte, opts Options) (v Value, rest []byte, err error) {
	s := scanner{data: data, opts: opts.withDefaults()}
	if len(data) > s.opts.MaxBytes {
		return Value{}, nil, fmt.Errorf("%w: %d bytes, at most %d", ErrLimit, len(data), s.opts.MaxBytes)
	}
	if err := s.value(0); err != nil {
		return Value{}, nil, fmt.Errorf("%w at byte %d", err, s.pos)
	}
	return Value{raw: data[:s.pos:s.pos]}, data[s.pos:], nil
}

// scanner validates; it builds nothing. pos is where it stands, or stopped on an error.
type scanner struct {
	data   []byte
	pos    int
	values int
	opts   Options
}

func (s *scanner) value(depth int) error {
	if s.pos >= len(s.data) {
		return ErrSyntax
	}
	s.values++
	if s.values > s.opts.MaxValues {
		return ErrLimit
	}
	switch c := s.data[s.pos]; {
	case c == 'i':
		return s.integer()
	case c >= '0' && c <= '9':
		_, err := s.str()
		return err
	case c == 'l' || c == 'd':
		if depth >= s.opts.MaxDepth {
			return ErrLimit
		}
		s.pos++
		if c == 'l' {
			return s.list(depth + 1)
		}
		return s.dict(depth + 1)
	}
	return ErrSyntax
}

// closed consumes the end of a list or dictionary if the scanner stands at one.
func (s *scanner) closed() bool {
	if s.pos < len(s.data) && s.data[s.pos] == 'e' {
		s.pos++
		return true
	}
	return false
}

func (s *scanner) list(depth int) error {
	for !s.closed() {
		if err := s.value(depth); err != nil {
			return err
		}
	}
	return nil
}

func (s *scanner) dict(depth int) error {
	var last []byte
	for first := true; !s.closed(); first = false {
		s.values++
		if s.values > s.opts.MaxValues {
			return ErrLimit
		}
		start := s.pos
		key, err := s.str()
		if err != nil {
			return err
		}
		if s.opts.Canonical && !first && bytes.Compare(last, key) >= 0 {
			s.pos = start
			return ErrOrder
		}
		last = key
		if err := s.value(depth); err != nil {
			return err
		}
	}
	return nil
}

// integer reads i<digits>e. BEP 3: no leading zeros, no negative zero.
func (s *scanner) integer() error {
	i := s.pos + 1
	negative := i < len(s.data) && s.data[i] == '-'
	if negative {
		i++
	}
	n, digits := uint64(0), 0
	for ; i < len(s.data) && isDigit(s.data[i]); i++ {
		if digits++; digits > maxIntDigits {
			return ErrLimit
		}
		n = n*10 + uint64(s.data[i]-'0')
	}
	if digits == 0 || i >= len(s.data) || s.data[i] != 'e' {
		return ErrSyntax
	}
	if s.data[i-digits] == '0' && (digits > 1 || negative) {
		return ErrSyntax
	}
	if n > math.MaxInt64 && (!negative || n > -math.MinInt64) {
		return ErrLimit
	}
	s.pos = i + 1
	return nil
}

// str reads <length>:<bytes> and returns the bytes.
func (s *scanner) str() ([]byte, error) {
	i, n := s.pos, 0
	for ; i < len(s.data) && isDigit(s.data[i]); i++ {
		n = n*10 + int(s.data[i]-'0')
		if n > s.opts.MaxString {
			return nil, ErrLimit
		}
	}
	digits := i - s.pos
	if digits == 0 || i >= len(s.data) || s.data[i] != ':' {
		return nil, ErrSyntax
	}
	if s.data[s.pos] == '0' && digits > 1 {
		return nil, ErrSyntax
	}
	i++
	if n > len(s.data)-i {
		return nil, ErrSyntax
	}
	s.pos = i + n
	return s.data[i:s.pos], nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
