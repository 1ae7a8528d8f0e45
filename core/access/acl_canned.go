package access

import (
	"fmt"

	"shoal/core/fault"
)

// CannedACL is a value of x-amz-acl.
type CannedACL string

const (
	CannedPrivate                CannedACL = "private"
	CannedPublicRead             CannedACL = "public-read"
	CannedPublicReadWrite        CannedACL = "public-read-write"
	CannedAuthenticatedRead      CannedACL = "authenticated-read"
	CannedBucketOwnerRead        CannedACL = "bucket-owner-read"
	CannedBucketOwnerFullControl CannedACL = "bucket-owner-full-control"
	CannedLogDeliveryWrite       CannedACL = "log-delivery-write"
	CannedAWSExecRead            CannedACL = "aws-exec-read"
)

// ExecReader is the account that aws-exec-read grants READ to (the S3 user guide: EC2, to get an
// AMI bundle). No account may have this id here; the grant is kept so that the ACL reads back as on AWS.
const ExecReader CanonicalID = "6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c"

// BucketACL returns the ACL that name stands for on a bucket of owner. An empty name is private. The
// bucket-owner-* names mean private there. A name that S3 has not is InvalidArgument.
func BucketACL(name CannedACL, owner Owner) (ACL, error) {
	if name == CannedLogDeliveryWrite {
		log := Grantee{Group: LogDelivery}
		return ownedACL(owner, Grant{log, Write}, Grant{log, ReadACP}), nil
	}
	return cannedACL(name, owner, owner)
}

// ObjectACL returns the ACL that name stands for on an object of owner in a bucket of bucketOwner. An
// empty name is private. log-delivery-write, which is for buckets, and a name that S3 has not are
// InvalidArgument.
func ObjectACL(name CannedACL, owner, bucketOwner Owner) (ACL, error) {
	return cannedACL(name, owner, bucketOwner)
}

func cannedACL(name CannedACL, owner, bucketOwner Owner) (ACL, error) {
	everyone := Grantee{Group: AllUsers}
	switch name {
	case CannedPrivate, "":
		return ownedACL(owner), nil
	case CannedPublicRead:
		return ownedACL(owner, Grant{everyone, Read}), nil
	case CannedPublicReadWrite:
		return ownedACL(owner, Grant{everyone, Read}, Grant{everyone, Write}), nil
	case CannedAuthenticatedRead:
		return ownedACL(owner, Grant{Grantee{Group: AuthenticatedUsers}, Read}), nil
	case CannedAWSExecRead:
		return ownedACL(owner, Grant{Grantee{ID: ExecReader}, Read}), nil
	case CannedBucketOwnerRead:
		return withBucketOwner(owner, bucketOwner, Read), nil
	case CannedBucketOwnerFullControl:
		return withBucketOwner(owner, bucketOwner, FullControl), nil
	}
	return ACL{}, fault.New("read canned acl", string(name), fault.InvalidArgument,
		fmt.Errorf("unknown canned acl %q", name))
}

// PrivateACL returns the ACL that gives all to its owner, and nothing to others.
func PrivateACL(owner Owner) ACL { return ownedACL(owner) }

func withBucketOwner(owner, bucketOwner Owner, p Permission) ACL {
	if owner.ID == bucketOwner.ID {
		return ownedACL(owner)
	}
	return ownedACL(owner, Grant{Grantee{ID: bucketOwner.ID, DisplayName: bucketOwner.DisplayName}, p})
}

func ownedACL(owner Owner, more ...Grant) ACL {
	own := Grant{Grantee{ID: owner.ID, DisplayName: owner.DisplayName}, FullControl}
	return ACL{Owner: owner, Grants: append([]Grant{own}, more...)}
}
