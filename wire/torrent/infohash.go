package torrent

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
)

// InfoHash names a torrent on the wire: the SHA-1 of a v1 info dictionary, or a v2 infohash
// truncated to its first 20 bytes.
type InfoHash [20]byte

// InfoHashV2 is the SHA-256 of a v2 info dictionary (BEP 52).
type InfoHashV2 [32]byte

// ErrInfoHash: a text is not an infohash.
var ErrInfoHash = errors.New("malformed infohash")

// HashInfo returns the v1 infohash of an encoded info dictionary.
func HashInfo(info []byte) InfoHash { return sha1.Sum(info) }

// HashInfoV2 returns the v2 infohash of an encoded info dictionary.
func HashInfoV2(info []byte) InfoHashV2 { return sha256.Sum256(info) }

// Truncate returns the form used in handshakes and announces (BEP 52).
func (h InfoHashV2) Truncate() InfoHash { return InfoHash(h[:len(InfoHash{})]) }

// String returns lower-case hexadecimal.
func (h InfoHash) String() string { return hex.EncodeToString(h[:]) }

// String returns lower-case hexadecimal.
func (h InfoHashV2) String() string { return hex.EncodeToString(h[:]) }

// IsZero reports whether h was never set.
func (h InfoHash) IsZero() bool { return h == InfoHash{} }

// IsZero reports whether h was never set.
func (h InfoHashV2) IsZero() bool { return h == InfoHashV2{} }

// ParseInfoHash reads 40 hexadecimal digits or, as old magnet links have it, 32 of base 32.
// The error wraps ErrInfoHash.
func ParseInfoHash(s string) (InfoHash, error) {
	var h InfoHash
	var b []byte
	var err error
	switch len(s) {
	case hex.EncodedLen(len(h)):
		b, err = hex.DecodeString(s)
	case base32.StdEncoding.EncodedLen(len(h)):
		b, err = base32.StdEncoding.DecodeString(upperASCII(s))
	default:
		return h, fmt.Errorf("%w of %d characters", ErrInfoHash, len(s))
	}
	if err != nil {
		return h, fmt.Errorf("%w %q", ErrInfoHash, s)
	}
	return InfoHash(b), nil
}

// ParseInfoHashV2 reads 64 hexadecimal digits. The error wraps ErrInfoHash.
func ParseInfoHashV2(s string) (InfoHashV2, error) {
	var h InfoHashV2
	if len(s) != hex.EncodedLen(len(h)) {
		return h, fmt.Errorf("%w of %d characters", ErrInfoHash, len(s))
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		return h, fmt.Errorf("%w %q", ErrInfoHash, s)
	}
	return InfoHashV2(b), nil
}

func upperASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}
