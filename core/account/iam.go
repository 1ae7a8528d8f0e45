package account

import (
	"time"

	"shoal/core/access"
)

// IdentityKind is one of the three identities of IAM.
type IdentityKind uint8

// The kinds.
const (
	IAMUser IdentityKind = iota + 1
	IAMGroup
	IAMRole
)

// String returns the kind as ARNs have it.
func (k IdentityKind) String() string {
	switch k {
	case IAMUser:
		return "user"
	case IAMGroup:
		return "group"
	case IAMRole:
		return "role"
	}
	return "unknown"
}

// Identity is an IAM user, group or role within an account. Names are unique in it for each kind, without case.
type Identity struct {
	Kind     IdentityKind
	Account  access.CanonicalID
	Name     string
	Path     string // "/" or "/a/b/"
	ID       string // AIDA..., AGPA... or AROA...: never used again
	Created  time.Time
	Inline   []InlinePolicy // by name
	Attached []string       // ARNs of managed policies, in the order they were attached
	Boundary string         // ARN of the permissions boundary of a user or role; empty when there is none
	Tags     []access.Tag   // of a user or role, by key

	Groups       []string // of a user
	AccessKeyIDs []string // of a user

	Members int // of a group: how many users are in it

	Trust       string        // of a role: the policy that says who may assume it
	Description string        // of a role
	MaxSession  time.Duration // of a role
}

// InlinePolicy is a policy that belongs to one identity.
type InlinePolicy struct{ Name, Document string }

// ARN returns the Amazon Resource Name of i.
func (i Identity) ARN() string { return entityARN(i.Account, i.Kind.String(), i.Path, i.Name) }

func entityARN(a access.CanonicalID, kind, path, name string) string {
	return "arn:aws:iam::" + a.AccountID() + ":" + kind + path + name
}

// ManagedPolicy is a policy of an account that identities can have attached.
type ManagedPolicy struct {
	Account     access.CanonicalID // empty for those of AWS that are built in
	Name        string
	Path        string
	ID          string // ANPA...
	Description string
	Created     time.Time
	Updated     time.Time
	Attachments int             // identities that have it attached
	Boundaries  int             // identities that have it as their boundary
	LastVersion int             // the number of the newest version there ever was
	Default     int             // the number of the version that counts
	Versions    []PolicyVersion // by rising number
	Tags        []access.Tag
}

// PolicyVersion is one version of a managed policy: v1, v2 and so on.
type PolicyVersion struct {
	Number   int
	Document string
	Created  time.Time
}

// ARN returns the Amazon Resource Name of p.
func (p ManagedPolicy) ARN() string {
	if p.Account == "" {
		return builtinPrefix + p.Name
	}
	return entityARN(p.Account, "policy", p.Path, p.Name)
}

// Version returns the version with that number.
func (p ManagedPolicy) Version(number int) (PolicyVersion, bool) {
	for _, v := range p.Versions {
		if v.Number == number {
			return v, true
		}
	}
	return PolicyVersion{}, false
}

// Document returns the text of the version that counts.
func (p ManagedPolicy) Document() string {
	v, _ := p.Version(p.Default)
	return v.Document
}
