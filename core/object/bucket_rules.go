package object

import (
	"shoal/core/access"
	"shoal/core/fault"
)

// AsOwner returns the owner of b as its ACL names it.
func (b *Bucket) AsOwner() access.Owner {
	o := access.Owner{ID: access.CanonicalID(b.Owner)}
	if b.Config.ACL.Owner.ID == o.ID {
		o.DisplayName = b.Config.ACL.Owner.DisplayName
	}
	return o
}

// OwnerOfNew returns who owns what a requester puts into b: without ACLs the bucket's owner owns everything.
func (b *Bucket) OwnerOfNew(requester access.Owner) access.Owner {
	if b.Config.Ownership == access.BucketOwnerEnforced {
		return b.AsOwner()
	}
	return requester
}

// OwnerOf returns who owns v, a version in b.
func (b *Bucket) OwnerOf(v *Version) access.Owner { return b.OwnerOfNew(v.Owner) }

// ACLOf returns the ACL of v, a version in b. Where ACLs are off, it is the bucket owner's alone.
func (b *Bucket) ACLOf(v *Version) access.ACL {
	if b.Config.Ownership == access.BucketOwnerEnforced {
		return access.PrivateACL(b.AsOwner())
	}
	return v.ACL
}

// CheckACL holds an ACL that is to be put on something in a bucket of owner against what its configuration allows:
// AccessControlListNotSupported where ACLs are off, AccessDenied where public ones are blocked.
func (c *BucketConfig) CheckACL(owner access.CanonicalID, acl access.ACL) error {
	if c.Ownership == access.BucketOwnerEnforced && !acl.OwnerOnly(owner) {
		return fault.New("check acl", "", fault.AccessControlListNotSupported, nil)
	}
	if block := c.PublicAccessBlock; block != nil && block.BlockPublicAcls && acl.IsPublic() {
		return fault.New("check acl", "", fault.AccessDenied, nil)
	}
	return nil
}
