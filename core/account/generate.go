package account

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"

	"shoal/core/access"
)

const (
	keyPrefix    = "AKIA"
	keyLen       = 20 // characters, as of all of AWS's access keys
	uniqueIDLen  = 21 // characters, as of AWS's unique ids
	secretRandom = 30 // bytes: 40 characters of base64
)

// random returns n bytes of crypto/rand, which never fails.
func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

func newCanonicalID() access.CanonicalID {
	return access.CanonicalID(hex.EncodeToString(random(access.CanonicalIDLen / 2)))
}

// Prefixes of ids ("IAM identifiers" in the IAM user guide).
const (
	temporaryPrefix = "ASIA" // access keys of sessions
	userIDPrefix    = "AIDA"
	groupIDPrefix   = "AGPA"
	roleIDPrefix    = "AROA"
	policyIDPrefix  = "ANPA"
)

// newUniqueID returns an id of an IAM entity that was never used.
func newUniqueID(prefix string) string { return newID(prefix, uniqueIDLen) }

// newID returns an id of that length: behind its prefix, 5 random bits a character.
func newID(prefix string, length int) string {
	return (prefix + base32.StdEncoding.EncodeToString(random(length)))[:length]
}

// newKeyPair returns an access key of 20 and a secret of 40 characters.
func newKeyPair() (id string, secret Secret) {
	return newID(keyPrefix, keyLen),
		Secret(base64.StdEncoding.EncodeToString(random(secretRandom)))
}
