package s3api

import (
	"context"
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

// resolveGrantees finds the accounts that grants name and puts their ids and names in.
func (h *Handler) resolveGrantees(ctx context.Context, grants []access.Grant) error {
	found := make(map[access.Grantee]access.Grantee)
	for i := range grants {
		g := &grants[i].Grantee
		if g.Group != "" || g.ID == access.ExecReader {
			continue
		}
		to, ok := found[*g]
		if !ok {
			var err error
			if to, err = h.resolveGrantee(ctx, *g); err != nil {
				return err
			}
			found[*g] = to
		}
		*g = to
	}
	return nil
}

func (h *Handler) resolveGrantee(ctx context.Context, g access.Grantee) (access.Grantee, error) {
	find := h.accounts.ByEmail
	what := g.Email
	unknown := errorOf(codeUnresolvableGrantByEmail, "", element{"EmailAddress", g.Email})
	if g.Email == "" {
		find = func(ctx context.Context, id string) (account.User, error) {
			return h.accounts.ByCanonicalID(ctx, access.CanonicalID(id))
		}
		what = string(g.ID)
		unknown = invalidArgument("Invalid id", "CanonicalUser/ID", what)
	}
	u, err := find(ctx, what)
	if fault.Is(err, fault.NoSuchUser) {
		return g, unknown
	}
	if err != nil {
		return g, err
	}
	return access.Grantee{ID: u.CanonicalID, DisplayName: u.DisplayName}, nil
}

// checkACL holds an ACL that was asked for against what its bucket allows: AccessControlListNotSupported
// where ACLs are off, AccessDenied where public ones are blocked. An ACL that was not given passes.
func (h *Handler) checkACL(b *object.Bucket, acl access.ACL, given bool) error {
	if !given {
		return nil
	}
	return checkConfigACL(&b.Config, bucketOwner(b).ID, acl)
}

func checkConfigACL(cfg *object.BucketConfig, bucketOwner access.CanonicalID, acl access.ACL) error {
	if cfg.Ownership == access.BucketOwnerEnforced && !ownerOnly(acl, bucketOwner) {
		return fault.New("check acl", "", fault.AccessControlListNotSupported, nil)
	}
	if block := cfg.PublicAccessBlock; block != nil && block.BlockPublicAcls && acl.IsPublic() {
		return fault.New("check acl", "", fault.AccessDenied, nil)
	}
	return nil
}

// ownerOnly reports whether acl says what holds without ACLs: full control of the bucket's owner, and at
// most of the writer.
func ownerOnly(acl access.ACL, bucketOwner access.CanonicalID) bool {
	isOwner := func(g access.Grant) bool { return g.Grantee.ID == bucketOwner }
	foreign := func(g access.Grant) bool {
		return g.Permission != access.FullControl || g.Grantee.ID != bucketOwner && g.Grantee.ID != acl.Owner.ID
	}
	return slices.ContainsFunc(acl.Grants, isOwner) && !slices.ContainsFunc(acl.Grants, foreign)
}
