package iamapi

import (
	"net/url"
	"strings"
	"time"

	"shoal/core/account"
)

func roleActions() []action {
	role := ofIdentity(account.IAMRole, "RoleName")
	return []action{
		{name: "CreateRole", service: serviceIAM, resource: ofNew("role", "RoleName"), serve: (*Handler).createRole, tagging: "iam:TagRole", state: yes},
		{name: "GetRole", service: serviceIAM, resource: role, serve: (*Handler).getRole, state: partial, note: "no RoleLastUsed"},
		{name: "ListRoles", service: serviceIAM, serve: (*Handler).listRoles, state: yes},
		{name: "UpdateRole", service: serviceIAM, resource: role, serve: (*Handler).updateRole, state: yes},
		{name: "UpdateRoleDescription", service: serviceIAM, resource: role, serve: (*Handler).updateRoleDescription, state: yes},
		{name: "UpdateAssumeRolePolicy", service: serviceIAM, resource: role, serve: (*Handler).updateAssumeRolePolicy, state: yes},
		{name: "DeleteRole", service: serviceIAM, resource: role, serve: (*Handler).deleteRole, state: yes},
		{name: "TagRole", service: serviceIAM, resource: role, serve: tagIdentity(account.IAMRole, "RoleName"), state: yes},
		{name: "UntagRole", service: serviceIAM, resource: role, serve: untagIdentity(account.IAMRole, "RoleName"), state: yes},
		{name: "ListRoleTags", service: serviceIAM, resource: role, serve: identityTags(account.IAMRole, "RoleName"), state: yes},
		{name: "PutRolePermissionsBoundary", service: serviceIAM, resource: role, serve: putBoundary(account.IAMRole, "RoleName"), state: yes},
		{name: "DeleteRolePermissionsBoundary", service: serviceIAM, resource: role, serve: deleteBoundary(account.IAMRole, "RoleName"), state: yes},
	}
}

type roleXML struct {
	Path                     string
	RoleName                 string
	RoleID                   string `xml:"RoleId"`
	ARN                      string `xml:"Arn"`
	CreateDate               timestamp
	AssumeRolePolicyDocument string
	Description              string `xml:",omitempty"`
	MaxSessionDuration       int64
	PermissionsBoundary      *boundaryXML
	Tags                     *list[tagXML]
}

func toRole(i account.Identity) roleXML {
	return roleXML{
		i.Path, i.Name, i.ID, i.ARN(), timestamp(i.Created), escapeDocument(i.Trust), i.Description,
		int64(i.MaxSession / time.Second), toBoundary(i.Boundary), toTags(i.Tags),
	}
}

// escapeDocument returns a policy as answers have it: percent-encoded (RFC 3986).
func escapeDocument(document string) string {
	return strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
}

type roleResult struct{ Role roleXML }

func (h *Handler) createRole(c *call) (any, error) {
	name, tags, err := c.named("RoleName")
	if err != nil {
		return nil, err
	}
	trust, err := c.form.need("AssumeRolePolicyDocument")
	if err != nil {
		return nil, err
	}
	longest, err := c.maxSession()
	if err != nil {
		return nil, err
	}
	i, err := h.accounts.CreateIdentity(c.ctx, account.Identity{
		Kind: account.IAMRole, Account: c.account(), Name: name, Path: c.form.get("Path"), Trust: trust,
		Description: c.form.get("Description"), MaxSession: longest, Boundary: c.form.get("PermissionsBoundary"), Tags: tags,
	})
	if err != nil {
		return nil, err
	}
	return roleResult{toRole(i)}, nil
}

// maxSession is MaxSessionDuration, an hour when it is not given.
func (c *call) maxSession() (time.Duration, error) {
	shortest, longest := int(account.MinRoleSession/time.Second), int(account.MaxRoleSession/time.Second)
	n, err := c.form.number("MaxSessionDuration", shortest, shortest, longest)
	return time.Duration(n) * time.Second, err
}

func (h *Handler) getRole(c *call) (any, error) {
	name, err := c.form.need("RoleName")
	if err != nil {
		return nil, err
	}
	i, err := h.accounts.Identity(c.ctx, account.IAMRole, c.account(), name)
	if err != nil {
		return nil, err
	}
	return roleResult{toRole(i)}, nil
}

func (h *Handler) listRoles(c *call) (any, error) {
	all, err := h.accounts.Identities(c.ctx, account.IAMRole, c.account())
	if err != nil {
		return nil, err
	}
	roles, more, err := page(c, below(c, all, pathOf), nameOf)
	if err != nil {
		return nil, err
	}
	listed := func(i account.Identity) roleXML {
		x := toRole(i)
		x.Tags, x.PermissionsBoundary = nil, nil // as AWS: asked for one by one
		return x
	}
	return struct {
		Roles list[roleXML]
		pageXML
	}{convert(roles, listed), more}, nil
}

// changeRole changes the role that the request names.
func (h *Handler) changeRole(c *call, f func(*account.Identity) error) error {
	name, err := c.form.need("RoleName")
	if err != nil {
		return err
	}
	return h.accounts.ChangeIdentity(c.ctx, account.IAMRole, c.account(), name, f)
}

// updateRole changes what is given; its result is an empty element.
func (h *Handler) updateRole(c *call) (any, error) {
	longest, err := c.maxSession()
	if err != nil {
		return nil, err
	}
	err = h.changeRole(c, func(i *account.Identity) error {
		if c.form.has("MaxSessionDuration") {
			i.MaxSession = longest
		}
		if c.form.has("Description") {
			i.Description = c.form.get("Description")
		}
		return nil
	})
	return struct{}{}, err
}

func (h *Handler) updateRoleDescription(c *call) (any, error) {
	var changed account.Identity
	err := h.changeRole(c, func(i *account.Identity) error {
		i.Description = c.form.get("Description")
		changed = *i
		return nil
	})
	if err != nil {
		return nil, err
	}
	return roleResult{toRole(changed)}, nil
}

func (h *Handler) updateAssumeRolePolicy(c *call) (any, error) {
	trust, err := c.form.need("PolicyDocument")
	if err != nil {
		return nil, err
	}
	return nil, h.changeRole(c, func(i *account.Identity) error {
		i.Trust = trust
		return nil
	})
}

func (h *Handler) deleteRole(c *call) (any, error) {
	name, err := c.form.need("RoleName")
	if err != nil {
		return nil, err
	}
	return nil, h.accounts.DeleteIdentity(c.ctx, account.IAMRole, c.account(), name)
}
