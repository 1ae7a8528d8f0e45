package access

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
)

// CanonicalIDLen is how many digits a canonical id has.
const CanonicalIDLen = 64

// Valid reports whether id is one of an account: 64 lower-case hexadecimal digits.
func (id CanonicalID) Valid() bool {
	return len(id) == CanonicalIDLen && strings.Trim(string(id), "0123456789abcdef") == ""
}

// accountIDs is how many account ids of 12 digits there are.
const accountIDs = 1_000_000_000_000

func (id CanonicalID) accountIDOrNone() string {
	if id == "" {
		return ""
	}
	return id.AccountID()
}

// AccountID returns the id of 12 digits by which ARNs name the account: a hash of its canonical id.
func (id CanonicalID) AccountID() string {
	sum := sha256.Sum256([]byte(id))
	return fmt.Sprintf("%012d", binary.BigEndian.Uint64(sum[:])%accountIDs)
}
