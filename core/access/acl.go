package access

import "slices"

// MaxGrants is how many grants an ACL holds (S3 user guide, ACL overview).
const MaxGrants = 100

// Permission is what a grant gives.
type Permission string

const (
	Read        Permission = "READ"
	Write       Permission = "WRITE"
	ReadACP     Permission = "READ_ACP"
	WriteACP    Permission = "WRITE_ACP"
	FullControl Permission = "FULL_CONTROL"
)

// Permissions returns every permission.
func Permissions() []Permission { return []Permission{Read, Write, ReadACP, WriteACP, FullControl} }

// Valid reports whether p is one of Permissions.
func (p Permission) Valid() bool {
	switch p {
	case Read, Write, ReadACP, WriteACP, FullControl:
		return true
	}
	return false
}

// Group is the URI of a predefined group of grantees.
type Group string

const (
	AllUsers           Group = "http://acs.amazonaws.com/groups/global/AllUsers"
	AuthenticatedUsers Group = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
	LogDelivery        Group = "http://acs.amazonaws.com/groups/s3/LogDelivery"
)

// Valid reports whether g is a group that S3 has.
func (g Group) Valid() bool {
	return g == AllUsers || g == AuthenticatedUsers || g == LogDelivery
}

// public reports whether g is open to people whom the owner does not know.
func (g Group) public() bool { return g == AllUsers || g == AuthenticatedUsers }

// Owner is the owner that an ACL prints.
type Owner struct {
	ID          CanonicalID
	DisplayName string
}

// Grantee is who gets a grant: exactly one of ID, Group and Email is set. Email is only an input
// form: the caller resolves it to an ID before the ACL is stored, and Email grants nothing.
type Grantee struct {
	ID          CanonicalID
	DisplayName string
	Group       Group
	Email       string
}

// Grant gives one permission to one grantee.
type Grant struct {
	Grantee    Grantee
	Permission Permission
}

// ACL is the access control list of a bucket or an object. The owner has what the grants say, and
// always READ_ACP and WRITE_ACP.
type ACL struct {
	Owner  Owner
	Grants []Grant
}

// IsPublic reports whether a grants anything to everyone or to every authenticated user; a public
// access block refuses or ignores such grants.
func (a ACL) IsPublic() bool {
	for _, g := range a.Grants {
		if g.Grantee.Group.public() {
			return true
		}
	}
	return false
}

// OwnerOnly reports whether a says what holds without ACLs: full control of the bucket's owner, and at most of the
// writer.
func (a ACL) OwnerOnly(bucketOwner CanonicalID) bool {
	isOwner := func(g Grant) bool { return g.Grantee.ID == bucketOwner }
	foreign := func(g Grant) bool {
		return g.Permission != FullControl || g.Grantee.ID != bucketOwner && g.Grantee.ID != a.Owner.ID
	}
	return slices.ContainsFunc(a.Grants, isOwner) && !slices.ContainsFunc(a.Grants, foreign)
}

// grants reports whether a gives want to p. ignorePublic passes over grants to public groups.
func (a ACL) grants(p Principal, want Permission, ignorePublic bool) bool {
	if (want == ReadACP || want == WriteACP) && p.owns(a.Owner.ID) {
		return true
	}
	for _, g := range a.Grants {
		if g.Permission != want && g.Permission != FullControl {
			continue
		}
		if g.Grantee.Group.public() && ignorePublic {
			continue
		}
		if g.Grantee.covers(p) {
			return true
		}
	}
	return false
}

// covers reports whether p is the grantee or in the group. Nobody who asks is in LogDelivery.
func (g Grantee) covers(p Principal) bool {
	switch g.Group {
	case "":
		return p.owns(g.ID)
	case AllUsers:
		return true
	case AuthenticatedUsers:
		return p.Kind != Anonymous
	}
	return false
}

// objectPermission returns the permission on an object that stands for a; ok is false when no object
// grant gives a.
func objectPermission(a Action) (p Permission, ok bool) {
	switch a {
	case GetObject, GetObjectVersion, GetObjectTorrent, GetObjectVersionTorrent:
		return Read, true
	case GetObjectACL, GetObjectVersionACL:
		return ReadACP, true
	case PutObjectACL, PutObjectVersionACL:
		return WriteACP, true
	}
	return "", false
}

// bucketPermission returns the permission on a bucket that stands for a; ok is false when no bucket
// grant gives a. WRITE creates, overwrites and deletes objects, but no versions: those are the
// bucket owner's.
func bucketPermission(a Action) (p Permission, ok bool) {
	switch a {
	case ListBucket, ListBucketVersions, ListBucketMultipartUploads:
		return Read, true
	case PutObject, DeleteObject:
		return Write, true
	case GetBucketACL:
		return ReadACP, true
	case PutBucketACL:
		return WriteACP, true
	}
	return "", false
}
