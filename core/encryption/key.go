package encryption

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"log/slog"
)

// KeySize is the bytes of a key: all are of AES-256.
const KeySize = 32

// Key is a secret key: of an object, of the operator or of a customer. It does not show itself in logs.
type Key [KeySize]byte

// NewKey returns a fresh random key.
func NewKey() *Key {
	var k Key
	rand.Read(k[:]) // never fails (crypto/rand)
	return &k
}

// String returns a placeholder.
func (Key) String() string { return "[secret]" }

// GoString returns a placeholder.
func (Key) GoString() string { return "[secret]" }

// LogValue returns a placeholder.
func (Key) LogValue() slog.Value { return slog.StringValue("[secret]") }

// derive returns n bytes that are as secret as k, for one use (HKDF, RFC 5869).
func (k *Key) derive(salt []byte, use string, n int) []byte {
	out, err := hkdf.Key(sha256.New, k[:], salt, use, n)
	if err != nil {
		panic("encryption: " + err.Error()) // only of an n that is too large
	}
	return out
}
