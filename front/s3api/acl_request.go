package s3api

import (
	"context"
	"errors"
	"maps"
	"slices"

	"shoal/core/access"
	"shoal/core/account"
	"shoal/core/fault"
	"shoal/core/object"
)

// headerACL reads x-amz-acl and the x-amz-grant-* headers as the ACL of a bucket, or of an object in a bucket
// of bucketOwner. given is false when there are none: the ACL is then private.
func (h *Handler) headerACL(c *call, bucket bool, owner, bucketOwner access.Owner) (acl access.ACL, given bool, err error) {
	canned := access.CannedACL(c.http.Header.Get("x-amz-acl"))
	grants, err := c.headerGrants()
	if err != nil {
		return acl, false, err
	}
	switch {
	case len(grants) > 0 && canned != "":
		return acl, false, errorOf(codeInvalidRequest, "Specifying both Canned ACLs and Header Grants is not allowed.")
	case len(grants) > 0:
		acl = access.ACL{Owner: owner, Grants: grants}
		err = h.resolveGrantees(c.ctx, acl.Grants)
	case bucket:
		acl, err = access.BucketACL(canned, owner)
	default:
		acl, err = access.ObjectACL(canned, owner, bucketOwner)
	}
	if fault.Is(err, fault.InvalidArgument) && canned != "" {
		err = invalidArgument("", "x-amz-acl", string(canned))
	}
	return acl, canned != "" || len(grants) > 0, err
}

// headerGrants reads the x-amz-grant-* headers.
func (c *call) headerGrants() ([]access.Grant, error) {
	var grants []access.Grant
	permissions := access.GrantHeaders()
	for _, name := range slices.Sorted(maps.Keys(permissions)) {
		for _, value := range c.http.Header.Values(name) {
			more, err := access.ParseGrants(permissions[name], value)
			if err != nil {
				return nil, err
			}
			grants = append(grants, more...)
		}
	}
	return grants, checkGrantCount(len(grants))
}

func checkGrantCount(n int) error {
	if n > access.MaxGrants {
		return errorOf(codeInvalidRequest, "An access control list has at most 100 grants.")
	}
	return nil
}

// resolveGrantees finds the accounts that grants name, and says which of them there is not.
func (h *Handler) resolveGrantees(ctx context.Context, grants []access.Grant) error {
	err := h.accounts.ResolveGrantees(ctx, grants)
	var unknown *account.UnknownGrantee
	switch {
	case !errors.As(err, &unknown):
		return err
	case unknown.Email != "":
		return errorOf(codeUnresolvableGrantByEmail, "", element{"EmailAddress", unknown.Email})
	}
	return invalidArgument("Invalid id", "CanonicalUser/ID", string(unknown.ID))
}

// checkACL holds an ACL that was asked for against what its bucket allows: AccessControlListNotSupported
// where ACLs are off, AccessDenied where public ones are blocked. An ACL that was not given passes.
func (h *Handler) checkACL(b *object.Bucket, acl access.ACL, given bool) error {
	if !given {
		return nil
	}
	return b.Config.CheckACL(b.AsOwner().ID, acl)
}
