package s3api

import (
	"slices"

	"shoal/core/access"
)

// accessControlPolicy is the body of PutBucketAcl and PutObjectAcl.
type accessControlPolicy struct {
	Owner *struct {
		ID string `xml:"ID"`
	} `xml:"Owner"`
	List *struct {
		Grants []grantXML `xml:"Grant"`
	} `xml:"AccessControlList"`
}

type grantXML struct {
	Grantee struct {
		Kind  string `xml:"http://www.w3.org/2001/XMLSchema-instance type,attr"`
		ID    string `xml:"ID"`
		Email string `xml:"EmailAddress"`
		URI   string `xml:"URI"`
	} `xml:"Grantee"`
	Permission string `xml:"Permission"`
}

// requestACL returns the ACL that a PUT of an ?acl sub-resource asks for: in its headers or in its body, one
// of the two. owner is who owns what the ACL is for, and stays so.
func (h *Handler) requestACL(c *call, bucket bool, owner, bucketOwner access.Owner) (access.ACL, error) {
	if !c.hasACLHeader() {
		return h.readACL(c, owner)
	}
	data, err := c.document(maxConfigXML)
	if err == nil && len(data) > 0 {
		err = errorOf(codeUnexpectedContent, "")
	}
	if err != nil {
		return access.ACL{}, err
	}
	acl, _, err := h.headerACL(c, bucket, owner, bucketOwner)
	return acl, err
}

// hasACLHeader reports whether the headers say an ACL.
func (c *call) hasACLHeader() bool {
	given := c.http.Header.Get("x-amz-acl") != ""
	for name := range access.GrantHeaders() {
		given = given || c.http.Header.Get(name) != ""
	}
	return given
}

// readACL reads an AccessControlPolicy. The owner in it must be owner (AWS answers AccessDenied).
func (h *Handler) readACL(c *call, owner access.Owner) (access.ACL, error) {
	var doc accessControlPolicy
	data, err := c.document(maxConfigXML)
	if err != nil {
		return access.ACL{}, err
	}
	if len(data) == 0 {
		return access.ACL{}, errorOf(codeMissingSecurityHeader, "",
			element{"MissingHeaderName", "x-amz-acl"})
	}
	if err := decodeXML(data, "AccessControlPolicy", &doc); err != nil || doc.Owner == nil || doc.Owner.ID == "" || doc.List == nil {
		return access.ACL{}, errorOf(codeMalformedACL, "")
	}
	if doc.Owner.ID != string(owner.ID) {
		return access.ACL{}, errAccessDenied()
	}
	if err := checkGrantCount(len(doc.List.Grants)); err != nil {
		return access.ACL{}, err
	}
	acl := access.ACL{Owner: owner}
	for i := range doc.List.Grants {
		g, err := doc.List.Grants[i].grant()
		if err != nil {
			return access.ACL{}, err
		}
		acl.Grants = append(acl.Grants, g)
	}
	return acl, h.resolveGrantees(c.ctx, acl.Grants)
}

// grant checks one Grant element. The kind of grantee is told by the element that names it: not all clients write
// xsi:type, but those that do write one that there is.
func (g *grantXML) grant() (access.Grant, error) {
	to := access.Grantee{
		ID: access.CanonicalID(g.Grantee.ID), Group: access.Group(g.Grantee.URI), Email: g.Grantee.Email,
	}
	named := 0
	for _, name := range []string{g.Grantee.ID, g.Grantee.URI, g.Grantee.Email} {
		if name != "" {
			named++
		}
	}
	switch p := access.Permission(g.Permission); {
	case named != 1, !p.Valid(), g.Grantee.Kind != "" && !slices.Contains(granteeKinds, g.Grantee.Kind):
		return access.Grant{}, errorOf(codeMalformedACL, "")
	case to.Group != "" && !to.Group.Valid():
		return access.Grant{}, invalidArgument("Invalid group uri", "Group/URI", g.Grantee.URI)
	default:
		return access.Grant{Grantee: to, Permission: p}, nil
	}
}

// granteeKinds are the values of xsi:type (S3 API reference, Grantee). Never written.
var granteeKinds = []string{"CanonicalUser", "AmazonCustomerByEmail", "Group"}

// aclResponse answers a GET of an ?acl sub-resource.
func aclResponse(acl access.ACL) *response {
	x := newXML("AccessControlPolicy")
	x.owner("Owner", acl.Owner)
	x.open("AccessControlList")
	x.grants(acl.Grants)
	x.close("AccessControlList")
	return x.response()
}

func (x *xmlWriter) grants(grants []access.Grant) {
	for _, g := range grants {
		x.open("Grant")
		x.grantee(g.Grantee)
		x.text("Permission", string(g.Permission))
		x.close("Grant")
	}
}

func (x *xmlWriter) grantee(g access.Grantee) {
	kind := "CanonicalUser"
	if g.Group != "" {
		kind = "Group"
	}
	x.openWith("Grantee", ` xmlns:xsi="`+xsiNamespace+`" xsi:type="`+kind+`"`)
	if g.Group != "" {
		x.text("URI", string(g.Group))
	} else {
		x.text("ID", string(g.ID))
		x.textIf("DisplayName", g.DisplayName)
	}
	x.close("Grantee")
}

// owner writes an Owner, or an element of that shape such as Initiator.
func (x *xmlWriter) owner(name string, o access.Owner) {
	x.open(name)
	x.text("ID", string(o.ID))
	x.textIf("DisplayName", o.DisplayName)
	x.close(name)
}
