package access

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

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
