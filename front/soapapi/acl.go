package soapapi

import (
	"errors"
	"strings"

	"shoal/core/access"
	"shoal/core/account"
	"shoal/core/object"
	"shoal/wire/soap"
)

// accessControlPolicy is the type AccessControlPolicy of the schema.
type accessControlPolicy struct {
	Owner             canonicalUser
	AccessControlList accessControlList
}

type accessControlList struct {
	Grant []grant
}

type grant struct {
	Grantee    grantee
	Permission access.Permission
}

// grantee is one of the types of the schema that stand for Grantee, told by its xsi:type.
type grantee struct {
	Kind        string `xml:"xsi:type,attr"`
	ID          string `xml:",omitempty"`
	DisplayName string `xml:",omitempty"`
	URI         string `xml:",omitempty"`
}

// Kinds of grantee.
const (
	kindUser  = "CanonicalUser"
	kindEmail = "AmazonCustomerByEmail"
	kindGroup = "Group"
)

func newPolicy(acl access.ACL) accessControlPolicy {
	return accessControlPolicy{Owner: newCanonicalUser(acl.Owner), AccessControlList: newGrants(acl.Grants)}
}

func newGrants(grants []access.Grant) (l accessControlList) {
	for _, g := range grants {
		to := grantee{Kind: kindUser, ID: string(g.Grantee.ID), DisplayName: g.Grantee.DisplayName}
		if g.Grantee.Group != "" {
			to = grantee{Kind: kindGroup, URI: string(g.Grantee.Group)}
		}
		l.Grant = append(l.Grant, grant{to, g.Permission})
	}
	return l
}

// acl returns the ACL that a request gives to something of owner; given is false when it gives none: the ACL is then
// private.
func (h *Handler) acl(c *call, owner access.Owner) (acl access.ACL, given bool, err error) {
	list := c.request.element("AccessControlList")
	if list == nil {
		return access.PrivateACL(owner), false, nil
	}
	acl = access.ACL{Owner: owner}
	acl.Grants, err = h.readGrants(c, list)
	return acl, true, err
}

// readGrants reads a list of Grant, and finds the accounts that they name.
func (h *Handler) readGrants(c *call, list *soap.Element) ([]access.Grant, error) {
	if len(list.Children) > access.MaxGrants {
		return nil, errorOf(codeMalformedACL, "An access control list has at most 100 grants.")
	}
	var grants []access.Grant
	for _, e := range list.Children {
		g, err := readGrant(e)
		if err != nil {
			return nil, err
		}
		grants = append(grants, g)
	}
	err := h.accounts.ResolveGrantees(c.ctx, grants)
	var unknown *account.UnknownGrantee
	switch {
	case !errors.As(err, &unknown):
		return grants, err
	case unknown.Email != "":
		return nil, errorOf(codeUnresolvableGrantByEmail, "", soap.Detail{Name: "EmailAddress", Value: unknown.Email})
	}
	return nil, invalidArgument("Invalid id", "CanonicalUser/ID", string(unknown.ID))
}

func readGrant(e *soap.Element) (g access.Grant, err error) {
	refused := errorOf(codeMalformedACL, "")
	if e.Name.Local != "Grant" || len(e.Children) != 2 {
		return g, refused
	}
	to, permission := e.Children[0], e.Children[1]
	if to.Name.Local != "Grantee" || permission.Name.Local != "Permission" {
		return g, refused
	}
	g.Permission = access.Permission(strings.TrimSpace(permission.Text))
	if !g.Permission.Valid() {
		return g, refused
	}
	named := make(map[string]string)
	for _, child := range to.Children {
		named[child.Name.Local] = strings.TrimSpace(child.Text)
	}
	switch kind := to.Type(); {
	case kind == kindUser && named["ID"] != "":
		g.Grantee.ID = access.CanonicalID(named["ID"])
	case kind == kindEmail && named["EmailAddress"] != "":
		g.Grantee.Email = named["EmailAddress"]
	case kind == kindGroup && named["URI"] != "":
		g.Grantee.Group = access.Group(named["URI"])
		if !g.Grantee.Group.Valid() {
			return g, invalidArgument("Invalid group uri", "Group/URI", named["URI"])
		}
	default:
		return g, refused
	}
	return g, nil
}

// getBucketACL serves GetBucketAccessControlPolicy.
func (h *Handler) getBucketACL(c *call) (*answer, error) {
	acl := c.bucket.Config.ACL
	acl.Owner = c.bucket.AsOwner()
	return &answer{result: newPolicy(acl)}, nil
}

// setBucketACL serves SetBucketAccessControlPolicy. Without a list the ACL becomes private.
func (h *Handler) setBucketACL(c *call) (*answer, error) {
	owner := c.bucket.AsOwner()
	acl, _, err := h.acl(c, owner)
	if err != nil {
		return nil, err
	}
	err = h.objects.UpdateBucket(c.ctx, c.bucket.Name, func(cfg *object.BucketConfig) error {
		if err := cfg.CheckACL(owner.ID, acl); err != nil {
			return err
		}
		cfg.ACL = acl
		return nil
	})
	return &answer{}, err
}

// getObjectACL serves GetObjectAccessControlPolicy.
func (h *Handler) getObjectACL(c *call) (*answer, error) {
	return &answer{result: newPolicy(c.bucket.ACLOf(c.version))}, nil
}

// setObjectACL serves SetObjectAccessControlPolicy.
func (h *Handler) setObjectACL(c *call) (*answer, error) {
	if c.bucket.Config.Ownership == access.BucketOwnerEnforced {
		return nil, errorOf(codeAccessControlListNotSupported, "")
	}
	acl, given, err := h.acl(c, c.version.Owner)
	if err != nil {
		return nil, err
	}
	if !given {
		return nil, malformed("There is no AccessControlList.")
	}
	if err := c.bucket.Config.CheckACL(c.bucket.AsOwner().ID, acl); err != nil {
		return nil, err
	}
	return &answer{}, h.objects.SetACL(c.ctx, c.bucket, c.key, object.VersionRef{}, acl, c.eventBy())
}
