package account

import (
	"time"

	"shoal/core/access"
)

// RootName is the name of the user that EnsureRoot makes. It cannot be created or deleted otherwise.
const RootName = "root"

// User is one user, who is also an account of his own: he pays for what he owns.
type User struct {
	Name         string
	CanonicalID  access.CanonicalID
	DisplayName  string
	Email        string // empty when not given
	Role         access.Role
	Account      access.CanonicalID // who pays
	Created      time.Time          // UTC, to the millisecond
	AccessKeyIDs []string           // shared with the cache: not to be changed
}

// Principal returns u as core/access sees him.
func (u User) Principal() access.Principal {
	kind := access.User
	if u.Role == access.RoleAdmin {
		kind = access.Root
	}
	return access.Principal{
		Kind:        kind,
		CanonicalID: u.CanonicalID,
		AccountID:   u.CanonicalID.AccountID(),
		UserName:    u.Name,
		ARN:         access.UserARN(u.Name),
		Role:        u.Role,
	}
}

// AccessKey signs for one user.
type AccessKey struct {
	ID       string
	Secret   Secret
	UserName string
	Account  access.CanonicalID // of an IAM user, who has the name there; empty for the key of an account
	Created  time.Time          // UTC, to the millisecond
	Active   bool
}

// NewUser says what CreateUser makes. Only Name is required: what is empty is generated, DisplayName
// is then the name, and Email stays empty. AccessKey and Secret are given both or not at all.
type NewUser struct {
	Name        string
	CanonicalID access.CanonicalID // 64 lower-case hexadecimal digits
	DisplayName string
	Email       string
	Role        access.Role
	AccessKey   string
	Secret      Secret
}
