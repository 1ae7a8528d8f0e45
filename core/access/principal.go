package access

// CanonicalID names an account: 64 lower-case hexadecimal digits.
type CanonicalID string

// AnonymousID is the owner that S3 prints for what an anonymous principal wrote. It never owns
// anything here: such an object counts as its bucket owner's.
const AnonymousID CanonicalID = "65a011a29cdf8ec533ec3d1ccaae921c"

// Kind says how far a principal is known.
type Kind uint8

const (
	Anonymous Kind = iota // no credentials; the zero value, so that a forgotten Kind gives nothing
	User
	Root    // may do everything; bucket policies do not bind it
	Service // a service of AWS, that is, this server at work for itself: it has what policies and ACLs give it by name
)

// Role is what a user may do beyond its own and what others grant it.
type Role uint8

const (
	RoleUser     Role = iota // cannot create buckets
	RoleUserPlus             // creates buckets and owns them
	RoleAdmin                // everything: its Principal is Root
)

// Roles returns every role.
func Roles() []Role { return []Role{RoleUser, RoleUserPlus, RoleAdmin} }

// String returns the name of the role on the command line and in the control API.
func (r Role) String() string {
	switch r {
	case RoleUser:
		return "user"
	case RoleUserPlus:
		return "userplus"
	case RoleAdmin:
		return "admin"
	}
	return "unknown"
}

// ParseRole is the inverse of Role.String.
func ParseRole(name string) (Role, bool) {
	for _, r := range Roles() {
		if r.String() == name {
			return r, true
		}
	}
	return 0, false
}

// Principal is who asks. The zero Principal is the anonymous one.
type Principal struct {
	Kind        Kind
	CanonicalID CanonicalID // the account; the owner of what it creates
	AccountID   string      // 12 digits; empty when the account has none
	UserName    string
	ARN         string // "arn:aws:iam:::user/NAME" of an account; that of IAM or STS with an Identity
	Role        Role   // of the account

	Identity  *Identity // nil: the account itself
	UserID    string    // aws:userid, when it is not the canonical id
	RoleARN   string    // of the role that a session is of; names it in policies, too
	Federated string    // ARN of the identity provider, while a role is assumed by a token of it

	Service string // of the kind Service: its name in policies, "logging.s3.amazonaws.com"

	direct bool // what is given to the account as a whole does not count
}

// UserARN returns the ARN of a user, as policies name it.
func UserARN(userName string) string { return "arn:aws:iam:::user/" + userName }

// owns reports whether p is of the account id. An anonymous principal owns nothing, whatever it carries.
func (p Principal) owns(id CanonicalID) bool {
	return p.Kind != Anonymous && !p.direct && id != "" && p.CanonicalID == id
}
