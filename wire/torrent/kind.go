package torrent

import (
	"errors"
	"fmt"
)

// Kind says which protocols an info dictionary serves.
type Kind uint8

// The kinds. V1 is the zero value and the usual one.
const (
	V1     Kind = iota // BEP 3 only: every client reads it
	Hybrid             // BEP 52 with the v1 keys: clients of either, except those that fail on its file tree
	V2                 // BEP 52 only
)

// NumKinds is the number of kinds: Kind(0) to Kind(NumKinds-1).
const NumKinds = 3

// ErrKind: a text does not name a kind.
var ErrKind = errors.New("unknown torrent version")

// ParseKind is the inverse of String. The error wraps ErrKind.
func ParseKind(s string) (Kind, error) {
	for k := range Kind(NumKinds) {
		if k.String() == s {
			return k, nil
		}
	}
	return V1, fmt.Errorf("%w %q", ErrKind, s)
}

// String returns "1", "hybrid" or "2".
func (k Kind) String() string {
	switch k {
	case V1:
		return "1"
	case Hybrid:
		return "hybrid"
	case V2:
		return "2"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// HasV1 reports whether there are v1 pieces and a v1 infohash.
func (k Kind) HasV1() bool { return k != V2 }

// HasV2 reports whether there is a merkle root and a v2 infohash.
func (k Kind) HasV2() bool { return k != V1 }
